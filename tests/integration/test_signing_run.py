"""From a new key to signed mail, as an operator does it."""

from __future__ import annotations

import json
from pathlib import Path

import dkim as verifier
import pytest

from tests.instance import Instance

pytestmark = pytest.mark.slow

KEY = """
[[dkim]]
domain = "news.example.org"
selector = "{selector}"
key = {{ file = "{file}" }}
"""


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(tmp_path / "instance")
    made.subscribe("one@example.org", "two@example.org")
    made.digest("2024-11-21")
    return made


def test_mail_is_signed_from_the_first_key_to_the_last_mail(instance: Instance) -> None:
    records: dict[str, bytes] = {}
    for kind in ("rsa", "ed25519"):
        ended = instance("dkim", "new", "news.example.org", "--kind", kind, "--json")
        made = json.loads(ended.out)
        records[f"{made['name']}."] = made["value"].encode()
        instance.config.write_text(
            instance.config.read_text() + KEY.format(selector=made["name"].partition(".")[0], file=made["file"])
        )
    assert instance("run").code == 0
    mails = list((instance.outbox / "new").iterdir())
    assert len(mails) == 2
    for mail in mails:
        found = verifier.DKIM(mail.read_bytes().replace(b"\n", b"\r\n").replace(b"\r\r\n", b"\r\n"))
        for number in range(2):
            assert found.verify(idx=number, dnsfunc=lambda name, timeout=5: records.get(name.decode(), b""))


def test_a_key_file_that_holds_none_is_one_line_without_its_content(instance: Instance) -> None:
    (instance.root / "key.pem").write_text("-----BEGIN hush-----\n")
    text = instance.config.read_text()
    instance.config.write_text(text + KEY.format(selector="s1", file="key.pem"))
    digest = str(instance.root / "digests" / "news-2024-11-21.txt")
    for command in (("run",), ("check",), ("--debug", "preview", digest)):
        ended = instance(*command)
        assert ended.code != 0
        assert "hush" not in ended.out + ended.err
        assert "s1._domainkey.news.example.org holds no private key" in ended.out + ended.err
    assert not (instance.outbox / "new").is_dir()
