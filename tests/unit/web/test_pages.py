"""The site over HTTP: the files as they stand, cheap to ask for again, and nothing beside them."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp

from publisher.errors import EndpointError
from publisher.web import Folder
from publisher.web.paths import file_of, media_type, with_slash
from tests.unit.web.conftest import FILES, PICTURE, Client


@pytest.mark.parametrize(
    ("path", "file", "media"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html", "index.html", "text/html; charset=utf-8"),
        ("/daily/", "daily/index.html", "text/html; charset=utf-8"),
        ("/daily/2024-11-21-harbour/", "daily/2024-11-21-harbour/index.html", "text/html; charset=utf-8"),
        ("/daily/rss.xml", "daily/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/daily/atom.xml", "daily/atom.xml", "application/atom+xml; charset=utf-8"),
        ("/daily/feed.json", "daily/feed.json", "application/feed+json; charset=utf-8"),
        ("/daily/archive/2024-11.xml", "daily/archive/2024-11.xml", "application/atom+xml; charset=utf-8"),
        ("/feeds.opml", "feeds.opml", "text/x-opml; charset=utf-8"),
        (
            f"/{PICTURE}",
            "assets/0123456789abcdef0123456789abcdef.png",
            "image/png",
        ),
        ("/notes", "notes", "application/octet-stream"),
        ("/daily/rss.xml?utm_source=x", "daily/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/d%61ily/rss%2Exml", "daily/rss.xml", "application/rss+xml; charset=utf-8"),
    ],
)
def test_files_are_served_with_their_kind(client: Client, path: str, file: str, media: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.content == FILES[file].encode()
    assert answer.headers["content-type"] == media
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/daily/rss.xml", "/nothing", "/daily", "/healthz"])
def test_head_is_get_without_the_body(client: Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.headers, head.content) == (got.status_code, got.headers, b"")
    assert int(head.headers["content-length"]) == len(got.content)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/daily", "/daily/"),
        ("/daily/2024-11-21-harbour", "/daily/2024-11-21-harbour/"),
        ("/daily/a:b", "/daily/a:b/"),
    ],
)
def test_a_folder_without_its_slash_is_moved_to_it(client: Client, path: str, target: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 301
    assert "//" not in answer.headers["location"]
    assert httpx.URL("https://example.org").join(path).join(answer.headers["location"]).path == target


def test_a_redirect_is_right_behind_a_proxy_with_a_path_of_its_own() -> None:
    assert httpx.URL("https://example.org/news/daily").join(with_slash("/daily")).path == "/news/daily/"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/nothing/",
        "/openapi.json",
        "/docs",
        "/redoc",
        "/daily/rss.xml/",
        "/notes/",
        "//daily/rss.xml",
        "//example.com/",
        "/daily//rss.xml",
        "/./index.html",
        "/daily/../index.html",
        "/../outside.txt",
        "/..%2foutside.txt",
        "/%2e%2e/outside.txt",
        "/daily/%2e%2e/%2e%2e/outside.txt",
        "/..%5coutside.txt",
        "/%2fetc/passwd",
        "//etc/passwd",
        "/.hidden",
        "/daily/.git/config",
        "/index.html%00",
        "/index.html%0a",
        "/%ff",
        "/" + "a" * 5000,
        "/" + "a/" * 3000,
    ],
)
def test_nothing_but_the_site_is_served(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


PATHS = st.text(st.sampled_from("/.\\%2eab\0é") | st.characters(codec=None), max_size=20)


@pytest.mark.parametrize(
    "path", ["", "daily", "/a\\b", "/a\0b", "/a\nb", "/a\ud800", "//", "/a//b", "/a/./b", "/a/..", "/.a"]
)
def test_odd_paths_name_no_file_on_any_system(path: str) -> None:
    assert file_of(path) is None


@given(PATHS)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_path_names_a_file_above_the_root(path: str) -> None:
    name = file_of(path)
    if name is not None:
        assert (Path("/root") / name).parts[:2] == ("/", "root")
        assert os.path.normpath(f"/root/{name}") == f"/root/{name}"


def test_a_link_that_leads_out_of_the_folder_is_not_followed(client: Client, root: Path) -> None:
    (root / "way-out.txt").symlink_to(root.parent / "outside.txt")
    (root / "up").symlink_to(root.parent)
    (root / "circle").symlink_to(root / "circle")
    (root / "inside.html").symlink_to(root / "index.html")
    for path in ("/way-out.txt", "/up/outside.txt", "/up/", "/circle"):
        assert client.get(path).status_code == 404
    assert client.get("/inside.html").text == FILES["index.html"]


def test_a_folder_and_a_pipe_are_no_files(client: Client, root: Path) -> None:
    (root / "empty").mkdir()
    os.mkfifo(root / "pipe.html")
    assert client.get("/empty").status_code == client.get("/empty/").status_code == 404
    assert client.get("/pipe.html").status_code == 404


def test_a_file_that_may_not_be_read_is_our_trouble(
    client: Client, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("publisher.web.folder.os.open", refuse)
    with pytest.raises(EndpointError, match="cannot be read: Permission denied"):
        Folder(root).open("index.html")
    assert client.get("/").status_code == 503


def test_the_sites_own_page_for_what_is_missing(client: Client, root: Path) -> None:
    assert client.get("/nothing").text == "<p>Nothing here</p>"
    (root / "404.html").write_text("<h1>Lost</h1>")
    answer = client.get("/nothing")
    assert (answer.status_code, answer.text) == (404, "<h1>Lost</h1>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/daily/rss.xml", "/nothing", "/healthz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_the_site_takes_nothing(client: Client, root: Path, path: str, method: str) -> None:
    answer = client.request(method, path, content=b"x")
    assert answer.status_code == 405
    assert {file: (root / file).read_text() for file in FILES} == FILES


def test_healthz_says_that_it_lives(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, "ok\n", "no-store")


# --- asking again ----------------------------------------------------------------------------------------------


def test_what_has_not_changed_is_304_with_its_headers_and_no_body(client: Client) -> None:
    first = client.get("/daily/rss.xml")
    assert first.headers["last-modified"] == "Thu, 21 Nov 2024 07:00:00 GMT"
    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-Modified-Since": first.headers["last-modified"]},
        {"If-None-Match": first.headers["etag"], "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ):
        again = client.get("/daily/rss.xml", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "last-modified", "cache-control", "access-control-allow-origin"):
            assert again.headers[name] == first.headers[name]
        assert "content-length" not in again.headers
        assert client.head("/daily/rss.xml", headers=headers).status_code == 304


def test_what_has_changed_is_sent_anew(client: Client, root: Path) -> None:
    tag = client.get("/daily/rss.xml").headers["etag"]
    (root / "daily/rss.xml").write_text("<rss>new</rss>")
    again = client.get("/daily/rss.xml", headers={"If-None-Match": tag})
    assert (again.status_code, again.text) == (200, "<rss>new</rss>")
    assert again.headers["etag"] != tag


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/daily/rss.xml", "public, max-age=900"),
        ("/daily/archive/2024-11.xml", "public, max-age=86400"),
        ("/daily/", "public, max-age=300"),
        (f"/{PICTURE}", "public, max-age=31536000, immutable"),
        ("/nothing", "no-store"),
        ("/daily", "no-store"),
    ],
)
def test_how_long_things_may_be_kept(client: Client, path: str, expected: str) -> None:
    assert client.get(path).headers["cache-control"].startswith(expected)


@pytest.mark.parametrize("path", ["/daily/rss.xml", "/daily/atom.xml", "/daily/feed.json", "/feeds.opml", "/"])
def test_documents_may_be_read_by_readers_in_browsers(client: Client, path: str) -> None:
    assert client.get(path).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in client.get("/nothing").headers
    asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    allowed = client.request("OPTIONS", path, headers=asks)
    assert (allowed.status_code, allowed.content) == (204, b"")
    assert "If-None-Match" in allowed.headers["access-control-allow-headers"]
    assert client.request("OPTIONS", "/nothing", headers=asks).status_code == 405


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("daily/sections/news/rss.xml", "application/rss+xml; charset=utf-8"),
        ("daily/headlines.xml", "application/rss+xml; charset=utf-8"),
        ("daily/corrections.xml", "application/rss+xml; charset=utf-8"),
        ("sitemap.xml", "application/xml; charset=utf-8"),
        ("daily/sitemap-2024.xml", "application/xml; charset=utf-8"),
        ("daily/archive/2024-11/index.html", "text/html; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
        ("a.JPG", "image/jpeg"),
        ("a.b/c", "application/octet-stream"),
    ],
)
def test_media_types(file: str, expected: str) -> None:
    assert media_type(file) == expected


def test_every_answer_has_the_safe_headers(client: Client, app: ASGIApp) -> None:
    for method, path in (("GET", "/"), ("GET", "/nothing"), ("GET", "/daily"), ("POST", "/"), ("GET", "/healthz")):
        headers = client.request(method, path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "form-action 'self'" in policy
        assert "set-cookie" not in headers
