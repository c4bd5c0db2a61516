"""What a bucket adds to the contract: headers, packing, and errors in our words."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publisher.config import S3Endpoint
from publisher.editions import Document
from publisher.endpoints.registry import REMOTE, RemoteEndpoint
from publisher.endpoints.trying import try_remote
from publisher.errors import EndpointDownError, EndpointError
from tests.fakes import bucket as buckets
from tests.fakes.bucket import ACCESS_KEY, BUCKET, SECRET_KEY, Bucket
from tests.fakes.web import FakeWeb, hang_up, reply

FEED = Document("daily/rss.xml", "application/rss+xml; charset=utf-8", b"<rss>gr\xc3\xbc\xc3\x9fe</rss>" * 20)
PAGE = Document("daily/index.html", "text/html; charset=utf-8", b"<p>words</p>" * 20)
PICTURE = Document("assets/0123.png", "image/png", b"\x89PNG" * 20)


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    with buckets.serving() as found:
        yield found


@pytest.fixture
def bucket(server: Bucket, tmp_path: Path) -> Bucket:
    """The bucket, and a prefix in it for this test alone."""
    return Bucket(server.server, tmp_path.name)


def made(bucket: Bucket, **changes: Any) -> RemoteEndpoint:
    return REMOTE["s3"](S3Endpoint(**bucket.settings(**changes)), Path())


def test_readers_are_told_type_and_age_of_every_kind_of_document(bucket: Bucket) -> None:
    endpoint = made(bucket)
    for document in (FEED, PAGE, PICTURE):
        endpoint.put(document)
    told = {each.path: bucket.read(each.path).headers for each in (FEED, PAGE, PICTURE)}
    assert {path: headers["Content-Type"] for path, headers in told.items()} == {
        FEED.path: "application/rss+xml; charset=utf-8",
        PAGE.path: "text/html; charset=utf-8",
        PICTURE.path: "image/png",
    }
    assert {path: headers["Cache-Control"] for path, headers in told.items()} == {
        FEED.path: "public, max-age=900, stale-if-error=86400",
        PAGE.path: "public, max-age=300, stale-if-error=86400",
        PICTURE.path: "public, max-age=31536000, immutable",
    }
    assert not any("Content-Encoding" in headers for headers in told.values())


def test_texts_can_be_stored_packed_and_say_so_and_pictures_are_not(bucket: Bucket) -> None:
    endpoint = made(bucket, gzip=True)
    for document in (FEED, PICTURE):
        endpoint.put(document)
    feed, picture = bucket.read(FEED.path), bucket.read(PICTURE.path)
    assert feed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(feed.raw.read(decode_content=False)) == FEED.data
    assert endpoint.get(FEED.path) == FEED.data
    assert "Content-Encoding" not in picture.headers
    assert picture.content == PICTURE.data


def test_what_was_stored_plain_is_stored_anew_when_it_is_to_be_packed(bucket: Bucket) -> None:
    made(bucket).put(FEED)
    assert made(bucket, gzip=True).put(FEED) is True
    assert made(bucket, gzip=True).put(FEED) is False
    assert made(bucket).put(FEED) is True
    assert "Content-Encoding" not in bucket.read(FEED.path).headers


def test_keys_begin_with_the_prefix_alone(bucket: Bucket) -> None:
    made(bucket).put(FEED)
    made(bucket, url=f"s3://{BUCKET}").put(Document("top.html", "text/html", b"x"))
    assert {f"{bucket.prefix}/{FEED.path}", "top.html"} <= bucket.listing()


def test_a_trial_leaves_nothing_behind(bucket: Bucket) -> None:
    before = bucket.listing()
    try_remote(made(bucket))
    assert bucket.listing() == before


def test_a_bucket_that_is_not_there_is_said_so(bucket: Bucket) -> None:
    endpoint = made(bucket, url="s3://another-bucket/site")
    for act in (lambda: endpoint.put(FEED), lambda: endpoint.get(FEED.path)):
        with pytest.raises(EndpointDownError, match="there is no bucket another-bucket"):
            act()


def answer(status: str, code: str) -> bytes:
    said = f"{SECRET_KEY} {ACCESS_KEY}"
    return reply(status, f"<Error><Code>{code}</Code><Message>{said}</Message></Error>".encode())


@pytest.mark.parametrize(
    ("said", "words", "kind"),
    [
        (answer("403 Forbidden", "SignatureDoesNotMatch"), "the store refuses: SignatureDoesNotMatch", True),
        (answer("403 Forbidden", "AccessDenied"), "the store refuses: AccessDenied", True),
        (answer("503 Slow Down", "SlowDown"), "the store says 503 Service Unavailable (SlowDown)", True),
        (answer("400 Bad Request", "InvalidRequest"), "the store says 400 Bad Request (InvalidRequest)", False),
        (hang_up, "the store does not answer", True),
    ],
    ids=["signature", "denied", "slow down", "bad", "gone"],
)
def test_errors_are_one_line_of_our_own_without_the_stores_words(said: Any, words: str, kind: bool) -> None:
    with FakeWeb({f"/{BUCKET}/site/{FEED.path}": said}) as web:
        endpoint = made(Bucket(web.url("")))
        with pytest.raises(EndpointError) as failure:
            endpoint.put(FEED)
    error = failure.value
    assert words in str(error)
    assert str(error).startswith(f"s3: {FEED.path}: ")
    assert isinstance(error, EndpointDownError) is kind
    assert not error.permanent
    assert "\n" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__
    for secret in (SECRET_KEY, ACCESS_KEY):
        assert secret not in str(error)


def test_nobody_prints_a_key(bucket: Bucket) -> None:
    settings = S3Endpoint(**bucket.settings())
    for text in (repr(settings), str(settings), repr(made(bucket)), str(vars(made(bucket)))):
        assert SECRET_KEY not in text
        assert ACCESS_KEY not in text
