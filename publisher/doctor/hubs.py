"""Hubs: something answers at each address. Nothing is published to find that out."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.doctor.model import Check, Finding, Ground, broken, fine, unchecked
from publisher.doctor.site import ask

_NOT_THERE = frozenset({404, 410})


def _look(ground: Ground) -> Iterator[Finding]:
    if not ground.settings.hub:
        yield fine("no [[hub]] is configured: feeds are fetched, not pushed")
    elif ground.settings.site.url.startswith("file:"):
        yield unchecked("hubs are told nothing: [site] url is a folder, and nobody could fetch it")
        return
    for hub in ground.settings.hub:
        answer = ask(ground, "GET", hub.url)
        # A hub is asked by POST; what it says to GET is up to it (a page, 400, 405).
        if answer.redirect:
            yield broken(f"{hub.url} sends us to {answer.redirect}", "Write that address into [[hub]] url")
        elif answer.status in _NOT_THERE or answer.status >= 500:
            yield broken(f"{hub.url} says {answer.said}", "Look whether it is the address of a hub")
        else:
            yield fine(f"{hub.url} answers")


CHECK = Check("hubs", "something answers at the address of each [[hub]]", _look)
