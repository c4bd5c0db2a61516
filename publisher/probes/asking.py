"""Asking one address, as a reader's browser would: through its redirects, to a status."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from publisher.facts import LinkFact, Reach
from publisher.http import Answer, Client, Failure, HttpError, Limits
from publisher.probes.targets import Target, target

_HOPS = 12
"""Questions for one address, its redirects and second tries included."""

_HEADERS = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

_UNWELCOME = frozenset({401, 402, 403, 405, 406, 407, 418, 429, 451, 999})
"""Statuses by which servers keep robots (or people from elsewhere) out: the page may well be there."""

_ENOUGH_SAID = frozenset({401, 407, 429})
"""After these HEAD is not followed by GET: the answer would be the same, or the question a nuisance."""

_NOT_OF_HEAD = frozenset({Failure.BROKEN, Failure.TIMEOUT})
"""Failures after which GET may do better: some servers know no HEAD, and hang up or say nothing."""

_TOO_MANY = 429

_REACHES: Mapping[Failure, Reach] = {
    Failure.ADDRESS: Reach.REFUSED,
    Failure.PRIVATE: Reach.PRIVATE,
}
"""Every other failure is silence."""

_OF_THE_HOST = frozenset({Failure.UNRESOLVED, Failure.PRIVATE, Failure.UNREACHABLE, Failure.CLOSED, Failure.TLS})
"""Failures that every address of the same origin would meet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a target.

    `failure` is why its own host did not answer, when that is so. `rest` is what is said of other addresses of the
    same origin without asking them.
    """

    fact: LinkFact
    failure: Failure | None = None
    rest: LinkFact | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks targets.

    Args:
        client: what asks; its lookup refuses private networks but for the hosts in `inside`.
        outside: the same without exceptions: for whatever a foreign server redirects to.
        inside: hosts of a private network that links may lead to; a foreign server may not send us there.
        limits: of one link.
        ends: the moment of the monotonic clock at which nobody listens any more.
    """

    client: Client
    outside: Client
    inside: Collection[str]
    limits: Limits
    ends: float

    def ask(self, first: Target) -> Outcome:
        """Ask, with HEAD and where that does not do with GET, and follow redirects; all in `limits.total`."""
        ends = min(monotonic() + self.limits.total.total_seconds(), self.ends)
        method, at, seen, cookies = "HEAD", first, {first.address}, False
        trusted = first.host in self.inside
        for _ in range(_HOPS):
            left = max(ends - monotonic(), 0.001)
            limits = self.limits.within(timedelta(seconds=left / 2 if method == "HEAD" else left))
            try:
                answer = (self.client if trusted else self.outside).ask(
                    method, at.address, headers=_HEADERS, limits=limits
                )
            except HttpError as error:
                if method == "GET" or error.failure not in _NOT_OF_HEAD:
                    return _failed(error, at, first)
                method = "GET"
                continue
            if method == "HEAD" and answer.status >= 400 and answer.status not in _ENOUGH_SAID:
                method = "GET"
                continue
            if not answer.redirect:
                return _judged(answer, at, first)
            cookies = cookies or "set-cookie" in answer.headers
            onward = target(answer.redirect, inside=self.inside)
            if isinstance(onward, LinkFact):
                return Outcome(_via(onward, "after a redirect"))
            if onward.address in seen:
                return _circle(cookies)
            seen.add(onward.address)
            at, trusted = onward, trusted and onward.host in self.inside
        return _circle(cookies)


def _circle(cookies: bool) -> Outcome:
    if cookies:  # a browser would bring them, and get on
        return Outcome(LinkFact(Reach.ANSWERED, "wants cookies"))
    return Outcome(LinkFact(Reach.REFUSED, "redirects without end"))


def _judged(answer: Answer, at: Target, first: Target) -> Outcome:
    if answer.status < 400:
        return Outcome(LinkFact(Reach.ANSWERED))
    reach = Reach.ANSWERED if answer.status in _UNWELCOME else Reach.REFUSED
    fact = _via(LinkFact(reach, answer.said), "" if at.host == first.host else f"at {at.host}")
    slower = LinkFact(Reach.UNASKED, f"{first.host} wants fewer questions")
    return Outcome(fact, rest=slower if answer.status == _TOO_MANY and at.host == first.host else None)


def _failed(error: HttpError, at: Target, first: Target) -> Outcome:
    fact = LinkFact(_REACHES.get(error.failure, Reach.SILENT), error.words)
    if at.host != first.host:
        return Outcome(_via(fact, f"after a redirect to {at.host}"))
    return Outcome(fact, error.failure, fact if error.failure in _OF_THE_HOST else None)


def _via(fact: LinkFact, way: str) -> LinkFact:
    return LinkFact(fact.reach, f"{fact.detail}, {way}") if fact.detail and way else fact
