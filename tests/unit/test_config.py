"""The configuration: what it takes, and the one line that says what is wrong and where."""

from __future__ import annotations

import re
import tomllib
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from publisher.config import (
    RESERVED_SLUGS,
    DirectoryEndpoint,
    MaildirProvider,
    Provider,
    Settings,
    SmtpProvider,
    load,
    parse,
)
from publisher.errors import ConfigError

ROOT = Path("instance")
SITE = {"title": "The Example", "url": "https://news.example.org"}
LETTER = {"slug": "daily", "title": "The Daily", "from": "The Daily <daily@example.org>"}
DAV = {"kind": "webdav", "url": "https://dav.example.org/site"}
S3 = {"kind": "s3", "url": "s3://gazette-site"}
HUB = {"url": "https://hub.example.org/?a=b"}
SMTP = {"kind": "smtp", "host": "smtp.example.org"}


def read(**tables: Any) -> Settings:
    """Settings of a small configuration with some tables replaced."""
    return parse({"site": SITE, "newsletter": [LETTER]} | tables, root=ROOT)


def complaint(**tables: Any) -> str:
    """What is said about a configuration with some tables replaced, without the name of the file."""
    with pytest.raises(ConfigError) as caught:
        read(**tables)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix("config.toml: ")


# --- defaults --------------------------------------------------------------------------------------------------


def test_a_site_and_one_newsletter_are_enough() -> None:
    found = read()
    assert found.site.url == "https://news.example.org/"
    assert found.site.links_url == found.site.url
    assert found.provider == (MaildirProvider(path=Path("var/outbox")),)
    assert found.endpoint == (DirectoryEndpoint(name="site", path=Path("var/site")),)
    assert found.storage.url == "sqlite:///var/publisher.db"
    assert (found.inbox.directory, found.inbox.settle) == (Path("digests"), timedelta(seconds=2))
    letter = found.newsletter_named("daily")
    assert (letter.schedule, letter.stale_after, letter.zone.key) == ("on finalize", timedelta(hours=6), "UTC")


def test_the_shipped_configuration_is_right() -> None:
    load(Path(__file__).parents[2] / "config.toml")


def test_dynamic_pages_may_live_elsewhere() -> None:
    assert (
        read(site=SITE | {"app_url": "https://app.example.org/x"}).site.links_url == "https://app.example.org/x/"
    )


def test_relative_paths_start_at_the_folder_of_the_file() -> None:
    assert read().path(Path("var/site")) == ROOT / "var/site"
    assert read().path(Path("/srv/site")) == Path("/srv/site")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read().site.title = "Another"


def test_an_unknown_newsletter_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r'there is no newsletter "weekly". Configured: daily'):
        read().newsletter_named("weekly")


# --- wrong keys and values -------------------------------------------------------------------------------------

WRONG = [
    ({"sight": {}}, "sight: unknown key"),
    ({"root": "/"}, "root: unknown key"),
    ({"site": SITE | {"tilte": "x"}}, "site.tilte: unknown key"),
    ({"site": {"title": "x"}}, "site.url: is required"),
    ({"site": [SITE]}, "site: is a table; write it as [site]"),
    ({"newsletter": LETTER}, "newsletter: is a table that may come several times; write it as [[newsletter]]"),
    ({"newsletter": []}, "newsletter: is too short: at least 1 table"),
    ({"newsletter": [LETTER, LETTER | {"slug": "b", "form": "x"}]}, "newsletter[2].form: unknown key"),
    ({"newsletter": [LETTER | {"sender": "a@example.org"}]}, "newsletter[1].sender: unknown key"),
    ({"newsletter": [{"slug": "daily", "title": "x"}]}, "newsletter[1].from: is required"),
    ({"newsletter": [LETTER, LETTER]}, 'newsletter.slug: "daily" is there twice'),
    ({"newsletter": [LETTER | {"timezone": "Mars/Base"}]}, 'newsletter[1].timezone: "Mars/Base" is no time zone'),
    ({"newsletter": [LETTER | {"timezone": "../UTC"}]}, 'newsletter[1].timezone: "../UTC" is no time zone'),
    ({"newsletter": [LETTER | {"language": "english please"}]}, "newsletter[1].language: "),
    ({"endpoint": []}, "endpoint: is too short: at least 1 table"),
    ({"endpoint": [{"name": "a"}, {"name": "a"}]}, 'endpoint.name: "a" is there twice'),
    ({"endpoint": [{"kind": "ftp"}]}, 'endpoint[1].kind: "ftp" is unknown; choose one of'),
    ({"endpoint": [DAV | {"user": "u"}]}, "endpoint[1]: user and password are given together"),
    ({"endpoint": [DAV | {"user": "u:v", "password": "x"}]}, "endpoint[1].user: a user's name has no colon"),
    ({"endpoint": [DAV | {"url": "https://u:p@dav.example.org/"}]}, "endpoint[1].url: a web address stands here"),
    ({"endpoint": [DAV | {"url": "file:///srv"}]}, 'endpoint[1].url: begins with "https://"'),
    ({"endpoint": [DAV | {"path": "x"}]}, "endpoint[1].path: unknown key"),
    (
        {"endpoint": [S3 | {"url": "https://bucket.example.org/"}]},
        'endpoint[1].url: a bucket is written "s3://bucket"',
    ),
    ({"endpoint": [S3 | {"url": "s3://bucket/../up"}]}, "endpoint[1].url: a prefix has no empty part"),
    ({"endpoint": [S3 | {"access_key": "x"}]}, "endpoint[1]: access_key and secret_key are given together"),
    ({"hub": [{}]}, "hub[1].url: is required"),
    ({"hub": [{"url": "https://u:p@hub.example.org/"}]}, "hub[1].url: a hub is an address"),
    ({"hub": [{"url": "ftp://hub.example.org/"}]}, "hub[1].url: a hub is an address"),
    ({"hub": [HUB, HUB]}, 'hub.url: "https://hub.example.org/?a=b" is there twice'),
    ({"provider": {"path": "x"}}, "provider.kind: is required"),
    ({"provider": {"kind": "pigeon"}}, "provider.kind: \"pigeon\" is unknown; choose one of 'maildir', 'smtp'"),
    ({"provider": {"kind": "maildir", "host": "x"}}, "provider.host: unknown key"),
    ({"provider": {"kind": "maildir", "smtp": {}}}, "provider.smtp: unknown key"),
    ({"provider": {"kind": "smtp"}}, "provider.host: is required"),
    ({"provider": SMTP | {"port": 0}}, "provider.port: "),
    ({"provider": SMTP | {"security": "ssl"}}, "provider.security: "),
    ({"provider": SMTP | {"user": "daily"}}, "provider: user and password are given together"),
    ({"provider": SMTP | {"password": "pass word"}}, "provider: user and password are given together"),
    ({"provider": SMTP | {"host": "smtp\nexample"}}, "provider.host: is one line"),
    ({"provider": []}, "provider: is too short: at least 1 table"),
    ({"provider": "smtp"}, "provider: is a table; write it as [provider], or several as [[provider]]"),
    ({"provider": ["smtp"]}, "provider[1]: is a table; write it as [[provider]]"),
    ({"provider": [SMTP, {"kind": "smtp"}]}, "provider[2].host: is required"),
    ({"provider": [SMTP, SMTP]}, 'provider.name: "smtp" is there twice'),
    (
        {"provider": {"kind": "postmark", "key": "k", "stream": "news", "notice_stream": "news"}},
        "provider.notice_stream: is the stream of digests, too",
    ),
    ({"newsletter": ["daily"]}, "newsletter[1]: is a table; write it as [[newsletter]]"),
    ({"bounces": {"imap_host": "imap.example.org"}}, "bounces: imap_host, user and password are given together"),
    ({"bounces": {"imap_host": "h", "user": "u"}}, "bounces: imap_host, user and password are given together"),
    ({"bounces": {"user": "u", "password": "x"}}, "bounces: imap_host, user and password are given together"),
    ({"bounces": {"folder": "Rückläufer"}}, "bounces.folder: "),
    ({"bounces": {"every": "1 s"}}, "bounces.every: "),
    ({"bounces": {"after": "burn"}}, "bounces.after: "),
    ({"inbox": {"directory": 5}}, "inbox.directory: should be a path"),  # "directory" is a kind of endpoint, too
    ({"web": {"port": 70_000}}, "web.port: "),
    ({"sending": {"window": 65}}, "sending.window: "),
    ({"sending": {"window": 0}}, "sending.window: "),
    ({"storage": "sqlite://"}, "storage: is a table; write it as [storage]"),
]


@pytest.mark.parametrize(("tables", "expected"), WRONG)
def test_what_is_wrong_is_said_with_its_dotted_path(tables: dict[str, Any], expected: str) -> None:
    assert complaint(**tables).startswith(expected)


@pytest.mark.parametrize("slug", ["daily", "a", "0", "daily-news-2", "a" * 63])
def test_slugs(slug: str) -> None:
    assert read(newsletter=[LETTER | {"slug": slug}]).newsletter[0].slug == slug


@pytest.mark.parametrize("slug", ["", "Daily", "-a", "a b", "a/b", "ä", "a.b", "..", "daily\n", "a" * 64])
def test_what_is_no_slug(slug: str) -> None:
    assert complaint(newsletter=[LETTER | {"slug": slug}]).startswith("newsletter[1].slug: has 1 to 63 lower-case")


@pytest.mark.parametrize("slug", sorted(RESERVED_SLUGS))
def test_reserved_slugs_are_refused_for_newsletters_alone(slug: str) -> None:
    expected = f'newsletter[1].slug: "{slug}" is reserved; choose another'
    assert complaint(newsletter=[LETTER | {"slug": slug}]) == expected
    assert read(endpoint=[{"name": slug}]).endpoint[0].name == slug


DURATIONS = [
    ("2 s", 2),
    ("10min", 600),
    (" 6 h ", 21_600),
    ("3 d", 259_200),
    ("0 s", 0),
    ("999999 d", 999_999 * 86_400),
]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_durations(text: str, seconds: int) -> None:
    assert read(inbox={"settle": text}).inbox.settle == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value", ["", "2", 2, 2.5, True, "2 m", "-1 s", "1.5 h", "1 h 30 min", "٣ h", "9999999999999 d"]
)
def test_what_is_no_duration(value: object) -> None:
    assert complaint(inbox={"settle": value}).startswith("inbox.settle: a duration is a number and a unit")


ADDRESSES = [
    "news@example.org",
    "The Daily <news@example.org>",
    "<news@example.org>",
    '"Gazette, The" <news@example.org>',
    "Grüße <grüße@bücher.example>",
    "A <b> C <news@example.org>",
    "نشرة\u200c الأخبار <news@example.org>",
    "ops@mail.test",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses(address: str) -> None:
    assert read(newsletter=[LETTER | {"from": f" {address} "}]).newsletter[0].sender == address


NO_ADDRESSES = [
    "",
    "news",
    "news@",
    "@example.org",
    "a@b@example.org",
    "The Daily news@example.org",
    "The Daily <news@example.org",
    "The Daily <news@example.org> (press)",
    "news@example.org>",
    "The Daily <>",
    "news@example.org, b@example.org",
    "The Daily\r\nBcc: b@example.org <news@example.org>",
    "The\u2028Daily <news@example.org>",
    "The\x00Daily <news@example.org>",
]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address(address: str) -> None:
    assert complaint(newsletter=[LETTER | {"from": address}]).startswith("newsletter[1].from: ")


def test_bounces_go_to_an_address_without_a_name() -> None:
    bounces = "bounces@example.org"
    assert read(newsletter=[LETTER | {"envelope_from": bounces}]).newsletter[0].envelope_from == bounces
    told = complaint(newsletter=[LETTER | {"envelope_from": f"Bounces <{bounces}>"}])
    assert told.startswith("newsletter[1].envelope_from: ")


@pytest.mark.parametrize("key", ["envelope_from", "from"])
@pytest.mark.parametrize("local", ["b" * 40, "b" * 38 + "é"])
def test_bounces_with_tokens_need_room_before_the_at(key: str, local: str) -> None:
    letter = LETTER | {key: f"{local}@example.org"}
    assert not read(newsletter=[letter]).newsletter[0].verp
    told = complaint(newsletter=[letter | {"verp": True}])
    assert told.startswith("newsletter[1]: with verp, 39 letters at most")
    assert read(newsletter=[LETTER | {key: "b" * 39 + "@example.org", "verp": True}]).newsletter[0].verp


def test_bounces_go_to_the_sender_unless_another_address_is_given() -> None:
    letters = [LETTER | {"from": "The Daily <news@example.org>"}, LETTER | {"from": "news@example.org"}]
    assert {read(newsletter=[letter]).newsletter[0].bounces_to for letter in letters} == {"news@example.org"}
    given = letters[0] | {"envelope_from": "bounces@example.org"}
    assert read(newsletter=[given]).newsletter[0].bounces_to == "bounces@example.org"


WEB = {
    "https://example.org": "https://example.org/",
    "http://127.0.0.1:8000": "http://127.0.0.1:8000/",
    "https://example.org/news/": "https://example.org/news/",
    "https://bücher.example/x": "https://bücher.example/x/",
    "file:///srv/site": "file:///srv/site/",
}


@pytest.mark.parametrize("address", WEB)
def test_web_addresses_end_with_a_slash(address: str) -> None:
    assert read(site=SITE | {"url": address}).site.url == WEB[address]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "//example.org",
        "ftp://example.org",
        "javascript:alert(1)",
        "https://",
        "https://example.org/?a",
        "https://example.org/?",
        "https://example.org/#a",
        "https://user:secret@example.org",
        "https://example.org:99999",
        "https://example.org:port",
        "https://[::1",
        "https://exa mple.org",
        "https://exa\nmple.org",
    ],
)
def test_what_is_no_web_address(address: str) -> None:
    told = complaint(site=SITE | {"url": address})
    assert told.startswith("site.url: ")
    assert "secret" not in told


@pytest.mark.parametrize("title", ["", "  ", "The\nDaily", "The\u2028Daily"])
def test_titles_are_one_line(title: str) -> None:
    assert complaint(site=SITE | {"title": title}) == "site.title: is one line of text"
    assert complaint(newsletter=[LETTER | {"title": title}]) == "newsletter[1].title: is one line of text"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TABLES = st.sampled_from([*Settings.model_fields, "hub"])


@given(st.dictionaries(TABLES, JSON, max_size=3))
@settings(max_examples=120, deadline=None, derandomize=True)
def test_any_rubbish_is_one_line_that_begins_with_a_known_place(tables: dict[str, Any]) -> None:
    told = ""
    try:
        read(**tables)
    except ConfigError as error:
        told = str(error)
        assert told.startswith("config.toml: ")
    assert "\n" not in told


# --- references and secrets ------------------------------------------------------------------------------------

SECRET = "correct-horse-battery"


def test_any_value_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_URL", "https://other.example")
    monkeypatch.setenv("EXAMPLE_PORT", "8080")
    found = read(site=SITE | {"url": {"env": "EXAMPLE_URL"}}, web={"port": {"env": "EXAMPLE_PORT"}})
    assert (found.site.url, found.web.port) == ("https://other.example/", 8080)


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXAMPLE_FROM", raising=False)
    told = complaint(newsletter=[LETTER, LETTER | {"from": {"env": "EXAMPLE_FROM"}}])
    assert told.startswith("newsletter[2].from: the environment variable EXAMPLE_FROM is not set")


def test_any_value_may_come_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{SECRET}\n")
    provider = SMTP | {"user": "daily", "password": {"file": "password"}}
    found = parse({"site": SITE, "newsletter": [LETTER], "provider": provider}, root=tmp_path).provider[0]
    assert isinstance(found, SmtpProvider)
    assert found.password
    assert found.password.get_secret_value() == SECRET


@pytest.mark.parametrize("name", ["absent", ".", "null\0byte", "latin"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    raw = {"site": SITE | {"secret": {"file": name}}, "newsletter": [LETTER]}
    with pytest.raises(ConfigError, match=r"^config\.toml: site\.secret: .* cannot be read$"):
        parse(raw, root=tmp_path)


def test_a_reference_is_nothing_but_a_reference() -> None:
    assert (
        complaint(site=SITE | {"secret": {"env": "A", "default": "b"}}) == "site.secret: should be a valid string"
    )


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    assert complaint(site=SITE | {"secret": "short"}) == "site.secret: is too short: at least 16 characters"


def test_no_secret_is_shown() -> None:
    found = read(
        site=SITE | {"secret": SECRET},
        storage={"url": f"postgresql://publisher:{SECRET}@db.example.org/publisher"},
        provider=SMTP | {"user": "daily", "password": SECRET},
    )
    assert SECRET not in f"{found!r} {found} {found.provider!r} {found.storage!r} {found.site!r}"


@pytest.mark.parametrize(
    "tables",
    [
        {"site": SITE | {"secret": [SECRET]}},
        {"site": SITE | {"secret": SECRET[:12]}},
        {"provider": SMTP | {"password": SECRET}},
        {"provider": SMTP | {"user": "daily", "password": {"plain": SECRET}}},
        {"provider": SMTP | {"user": "daily", "passwort": SECRET}},
        {"storage": {"url": [SECRET]}},
    ],
)
def test_no_complaint_shows_a_secret_not_even_to_who_asks_for_its_cause(tables: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**tables)
    assert SECRET[:12] not in "".join(traceback.format_exception(caught.value))


# --- the file --------------------------------------------------------------------------------------------------


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '\ufeff[site]\ntitle = "A"\nurl = "https://example.org"\n'
        '[[newsletter]]\nslug = "daily"\ntitle = "B"\nfrom = "a@example.org"\n',
        encoding="utf-8",
    )
    assert load(path).root == tmp_path


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no configuration here\. Make one with `publisher init`"):
        load(tmp_path / "config.toml")


@pytest.mark.parametrize("data", [b"[site", b"\xff\xfe", b"site = {", b"a = 1\na = 2"])
def test_what_is_no_toml_is_one_line_with_the_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="not readable as TOML") as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


SAMPLE = (Path(__file__).parents[2] / "config.toml").read_text(encoding="utf-8")
BEFORE, _, AFTER = SAMPLE.partition("\n[[endpoint]]")
BLOCK = re.compile(r'^# kind = "([a-z0-9]+)".*\n((?:# .*\n)+)', re.M)
BLOCKS, PLACES = BLOCK.findall(BEFORE), BLOCK.findall(AFTER)
"""The commented tables of the sample configuration, by the kind of provider, and by that of the endpoint."""


@pytest.mark.parametrize(("kind", "lines"), BLOCKS, ids=[kind for kind, _ in BLOCKS])
def test_a_commented_provider_of_the_sample_works_when_it_is_uncommented(kind: str, lines: str) -> None:
    said = tomllib.loads("".join(line.removeprefix("# ") for line in lines.splitlines(keepends=True)))
    said = {key: "a secret" if isinstance(value, dict) else value for key, value in said.items()}
    if kind == "smtp":
        del said["token"]  # it stands in place of the password
    found = parse({"site": SITE, "newsletter": [LETTER], "provider": {"kind": kind, **said}}, root=Path("/"))
    assert found.provider[0].kind == kind


def test_the_sample_has_a_table_of_every_kind_of_provider() -> None:
    kinds = {get_args(model.model_fields["kind"].annotation)[0] for model in get_args(get_args(Provider)[0])}
    assert {kind for kind, _ in BLOCKS} == kinds - {"maildir"}


@pytest.mark.parametrize(("kind", "lines"), PLACES, ids=[kind for kind, _ in PLACES])
def test_a_commented_endpoint_of_the_sample_works_when_it_is_uncommented(kind: str, lines: str) -> None:
    said = tomllib.loads("".join(line.removeprefix("# ") for line in lines.splitlines(keepends=True)))
    said = {key: "a secret" if isinstance(value, dict) else value for key, value in said.items()}
    assert read(endpoint=[{"kind": kind, **said}]).endpoint[0].kind == kind


def test_the_sample_has_a_table_of_every_kind_of_endpoint() -> None:
    assert [kind for kind, _ in PLACES] == ["s3", "webdav"]
