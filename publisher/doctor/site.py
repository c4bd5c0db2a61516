"""The public address: it answers, and shows what is at the first endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from publisher.doctor.addresses import is_local
from publisher.doctor.model import Check, Finding, Ground, UncheckedError, broken, fine, unchecked, warning
from publisher.http import Answer, Failure, HttpError
from publisher.probes.targets import is_reserved

SKEW = timedelta(minutes=2)

_NO_WAY = frozenset({Failure.UNRESOLVED, Failure.UNREACHABLE})


def _look(ground: Ground) -> Iterator[Finding]:
    url = ground.settings.site.url
    answer = ask(ground, "GET", url)
    if answer.status != 200:
        yield broken(
            f"{url} says {answer.said}{f' and sends readers to {answer.redirect}' if answer.redirect else ''}",
            "Let the web server show the first endpoint's folder there, or mend [site] url",
        )
        return
    yield _shows(ground, url, answer)
    yield from _clock(ground, answer)


def _shows(ground: Ground, url: str, answer: Answer) -> Finding:
    first = ground.settings.endpoint[0]
    stored = ground.try_endpoint.first_page(first)
    if stored is None:
        return unchecked(f"{url} answers; nothing is at the endpoint {first.name} yet to compare with")
    if stored != answer.body:
        return broken(
            f"{url} shows something else than what is at the endpoint {first.name}",
            "Let the web server show that endpoint's folder there; a cache in between may need to be emptied",
        )
    return fine(f"{url} shows what is at the endpoint {first.name}")


def _clock(ground: Ground, answer: Answer) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return
    if theirs.tzinfo is not None and abs(theirs - ground.now) > SKEW:
        yield warning(
            f"the web server's clock says {theirs:%Y-%m-%d %H:%M} UTC, this machine's {ground.now:%Y-%m-%d %H:%M}",
            "Look at the clocks of both (timedatectl)",
        )


def ask(ground: Ground, method: str, address: str, data: bytes | None = None) -> Answer:
    """Ask an address of ours.

    Raises:
        UncheckedError: it is none that can be asked, or this machine is offline.
        HttpError: nobody answers there.
    """
    host = urlsplit(address).hostname or ""
    if address.startswith("file:"):
        raise UncheckedError(f"{address} is a folder: nobody is asked")
    if is_reserved(host):
        raise UncheckedError(f"{host} is a domain for examples", "Write your own address into [site] url")
    try:
        return ground.web.ask(method, address, data=data)
    except HttpError as error:
        if error.failure in _NO_WAY and not is_local(host) and not ground.dns.answers():
            raise UncheckedError(
                f"{error.message}: this machine is offline", "Look again when it is online"
            ) from error
        raise


CHECK = Check("site", "[site] url answers, and shows what is at the first endpoint", _look)
