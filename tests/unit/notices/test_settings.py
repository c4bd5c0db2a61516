"""`[alerts]` as it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from publisher.config import Alerts, parse
from publisher.errors import ConfigError


def read(**alerts: Any) -> Alerts:
    newsletter = {"slug": "daily", "title": "D", "from": "d@news.example.org"}
    site = {"title": "T", "url": "https://news.example.org/"}
    return parse({"site": site, "newsletter": [newsletter], "alerts": alerts}, root=Path()).alerts


def test_nobody_is_told_unless_somebody_is_named() -> None:
    assert (read().mail, read().webhook, read().disk) == ((), None, 10**9)


def test_sizes_have_a_unit() -> None:
    assert [read(disk=size).disk for size in ("500 MB", "2GB", "1 TB")] == [500 * 10**6, 2 * 10**9, 10**12]


WRONG = [
    ({"disk": "plenty"}, "alerts.disk: a size is a whole number and a unit"),
    ({"disk": 5}, "alerts.disk: a size is"),
    ({"mail": ["desk"]}, "alerts.mail[1]: "),
    ({"failures": 0}, "alerts.failures: "),
    ({"failures": 5}, "alerts.failures: "),
    ({"hourly": 0}, "alerts.hourly: "),
    ({"webhook": "ftp://planted"}, "alerts.webhook: is no address"),
    ({"webhook": "https://host/planted\nX: y"}, "alerts.webhook: is no address"),
    ({"pager": "x"}, "alerts.pager: unknown key"),
]


@pytest.mark.parametrize(("alerts", "words"), WRONG)
def test_what_is_wrong_is_named_by_its_path_and_not_repeated(alerts: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(**alerts)
    assert words in str(raised.value)
    assert "planted" not in str(raised.value)


def test_the_webhook_is_in_no_repr() -> None:
    assert "planted" not in repr(read(webhook="https://host/planted"))
