"""Asking an API whether it would take our mail, by questions that change nothing: what each kind's file has.

A kind's file has the questions and judges the answers, both as pure functions; `api_trying` asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from publisher.http import Answer
from publisher.providers.calls import Call


class Grade(StrEnum):
    """What becomes of a look. UNKNOWN: the key may send, and not see that."""

    FINE = "fine"
    WARNING = "warning"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Seen(NamedTuple):
    """One thing that was seen, each text one line. What is not fine has a remedy."""

    grade: Grade
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """How one kind is tried.

    Args:
        name: what the provider is called where it is told about.
        questions: the calls, from its settings; none changes anything.
        judge: what the answers say, from its settings, the answers in the order of the questions, and the domains
            that mail is sent from. Raises MalformedError for what it cannot read.
        words: where a refusal has its reason, in JSON.
        own: what one answer means at this kind alone, whatever its status; None: it is judged as usual.
        may_lack: whether 404 is an answer, and the judge's.
    """

    name: Callable[[Any], str]
    questions: Callable[[Any], Sequence[Call]]
    judge: Callable[[Any, Sequence[Answer], frozenset[str]], Iterator[Seen]]
    words: Sequence[Sequence[str | int]]
    own: Callable[[Any, Answer], Seen | None] = lambda _provider, _answer: None
    may_lack: bool = False


def get(address: str, headers: Mapping[str, str]) -> Call:
    """A question."""
    return Call(address, headers, b"", method="GET")


def unanswered(answer: Answer, name: str, words: str) -> Seen | None:
    """What an answer means that is none to the question; None when it is one."""
    if 200 <= answer.status < 300:
        return None
    if answer.status in (401, 403):
        return Seen(
            Grade.BROKEN,
            f"{name} refuses the key: {words}",
            "Look at the key and the region in [provider], and whether the key is still valid there",
        )
    if answer.status == 429:
        return Seen(Grade.UNKNOWN, f"{name} wants to be asked less often: {words}", "Look again in a minute")
    return Seen(Grade.BROKEN, f"{name} does not answer as it should: {words}", "Look again later")
