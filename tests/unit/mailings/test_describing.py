"""What people are told of each provider."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.capabilities import Capabilities, Form
from publisher.config import Limits
from publisher.mailings.describing import abilities, gets, limits_in_words
from publisher.mailings.routing import Route, order

GOES: dict[str, tuple[list[Route], dict[str, str]]] = {
    "one alone": ([Route("a", frozenset({"example.com"}))], {"a": "everything"}),
    "nobody has a share": ([Route("a"), Route("b")], {"a": "the rest", "b": "spare"}),
    "domains, and the rest by the other": (
        [Route("a", frozenset({"example.com", "b.example"})), Route("b")],
        {"a": "mail to b.example, example.com", "b": "the rest"},
    ),
    "everybody has domains": (
        [Route("a", frozenset({"a.example"})), Route("b", frozenset({"b.example"}))],
        {"a": "mail to a.example and the rest", "b": "mail to b.example"},
    ),
    "shares": (
        [Route("a", share=2), Route("b", frozenset({"b.example"}), 1), Route("c")],
        {"a": "2 of 3 of the rest", "b": "mail to b.example and 1 of 3 of the rest", "c": "spare"},
    ),
    "one share": ([Route("a"), Route("b", share=5)], {"a": "spare", "b": "the rest"}),
}


@pytest.mark.parametrize("case", GOES)
def test_what_goes_by_a_provider_is_said(case: str) -> None:
    routes, words = GOES[case]
    assert gets(routes) == words


@pytest.mark.parametrize("case", GOES)
def test_a_spare_is_nobodys_first_and_whoever_gets_the_rest_is_somebodys(case: str) -> None:
    """The words and the routes that mails take are made of different code: here they are compared."""
    routes, _ = GOES[case]
    words = gets(routes)
    first = {order(routes, number, "reader@elsewhere.example")[0] for number in range(200)}
    assert first == {name for name, said in words.items() if "rest" in said or said == "everything"}
    for route in routes:
        for domain in route.domains:
            assert order(routes, 1, f"reader@{domain}")[0] == route.provider


def test_limits_are_said_as_far_as_there_are_any() -> None:
    assert limits_in_words(Limits()) == ""
    assert limits_in_words(Limits(per_second=2.5, per_hour=1_000_000)) == "2.5 a second, 1000000 an hour"
    assert limits_in_words(Limits(per_second=0.5, per_day=200)) == "0.5 a second, 200 a day"


def test_what_a_provider_can_is_said_in_few_words() -> None:
    assert abilities(Capabilities()) == ["one by one", "as we make it"]
    can = Capabilities(
        form=Form.PARTS,
        recipients=100,
        return_path=False,
        signs=True,
        lookup=True,
        repeats_for=timedelta(hours=24),
    )
    assert abilities(can) == [
        "100 a call",
        "puts it together",
        "signs by itself",
        "takes bounces",
        "can be asked",
        "repeats within 24 h",
    ]
    assert "repeats within 30 min" in abilities(Capabilities(repeats_for=timedelta(minutes=30)))
    assert "repeats at any time" in abilities(Capabilities(repeats_for=timedelta.max))
