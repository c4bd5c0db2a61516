"""The instance's secret: made once, private, and never silently replaced."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from publisher.app import open_app
from publisher.errors import ConfigError
from publisher.secrets import FILE

CONFIG = """
[site]
title = "The Example Gazette"
url = "https://news.example.org/"
{secret}
[[newsletter]]
slug = "daily"
title = "The Example Daily"
from = "daily@news.example.org"
"""


def secret(root: Path, configured: str = "") -> bytes:
    (root / "config.toml").write_text(CONFIG.format(secret=configured), encoding="utf-8")
    app = open_app(root / "config.toml")
    try:
        return app.secret
    finally:
        app.close()


def test_it_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    made = secret(tmp_path)
    assert secret(tmp_path) == made
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_one_that_is_gone_is_told_and_not_made_again(tmp_path: Path) -> None:
    secret(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(ConfigError, match="Restore it from the backup"):
        secret(tmp_path)
    assert not (tmp_path / FILE).exists()
    assert secret(tmp_path, 'secret = "another one, chosen by a person"') == b"another one, chosen by a person"


def test_a_file_that_holds_none_is_an_error(tmp_path: Path) -> None:
    secret(tmp_path)
    (tmp_path / FILE).write_bytes(b"\n")
    with pytest.raises(ConfigError, match="holds no secret"):
        secret(tmp_path)


def test_the_secret_shows_nothing_of_itself(tmp_path: Path) -> None:
    """Whatever holds it may be shown."""
    for configured in ("", 'secret = "planted-secret-of-the-site"'):
        found = secret(tmp_path, configured)
        assert f"{found!r} {[found]}" == "<secret> [<secret>]"
        assert str(found) == "<secret>"
        assert len(found) > 16
