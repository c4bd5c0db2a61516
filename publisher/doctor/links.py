"""Links in mails: the one-click unsubscribe of RFC 8058 reaches us, with a token that is nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from publisher.doctor.addresses import is_local
from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.doctor.site import ask

_FORM = b"List-Unsubscribe=One-Click"
_NOBODY = b"Not subscribed"
"""What we answer to a token that is none."""


def _look(ground: Ground) -> Iterator[Finding]:
    url = ground.settings.site.links_url
    if not url.startswith("https://"):
        yield warning(
            f"{url} is not https, so no large provider offers one-click unsubscribe (RFC 8058)",
            "Serve it over https, and write that into [site] url (or app_url)",
        )
    if is_local(urlsplit(url).hostname or ""):
        yield warning(f"{url} leads every reader to their own machine", "Write the public address into [site] url")
    answer = ask(ground, "POST", f"{url}u/check", _FORM)
    if answer.redirect:
        yield broken(
            f"links in mails: {url} sends on to {answer.redirect}, and one-click unsubscribe follows nobody",
            "Write the address that answers itself into [site] url (or app_url)",
        )
    elif answer.status != 200 or answer.body.strip() != _NOBODY:
        yield broken(
            f"links in mails: {url}u/… is not answered by the publisher ({answer.said})",
            "Run `publisher serve`, and let the web server pass /u/ and /s/ on to it; or set [site] app_url",
        )
    else:
        yield fine(f"{url}u/… unsubscribes by one click (asked with a token that is nobody's)")


CHECK = Check("links", "links in mails reach the publisher, over https, without a detour", _look)
