"""Which provider a mail goes by."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from publisher.mailings.routing import Route, order

FIRST, SECOND, THIRD = Route("first"), Route("second"), Route("third")
names = st.sampled_from(["example.org", "example.com", "mail.example.net"])
route = st.builds(Route, st.uuids().map(str), st.frozensets(names, max_size=2), st.integers(0, 100))
routes = st.lists(route, min_size=1, max_size=5)


def test_the_first_takes_everything_when_nothing_else_is_said() -> None:
    assert order([FIRST, SECOND, THIRD], 7, "a@example.org") == ("first", "second", "third")


def test_a_domain_goes_by_whoever_names_it() -> None:
    special = Route("special", frozenset({"example.com"}))
    assert order([FIRST, special], 7, "a@EXAMPLE.com") == ("special", "first")
    assert order([special, FIRST], 7, "a@example.org") == ("first", "special")


def test_when_everybody_names_domains_others_go_by_the_first() -> None:
    one, other = Route("one", frozenset({"example.com"})), Route("other", frozenset({"example.net"}))
    assert order([one, other], 7, "a@example.org") == ("one", "other")


def test_shares_are_kept_and_who_has_none_stands_by() -> None:
    shared = [Route("most", share=75), Route("rest", share=25), Route("spare")]
    firsts = Counter(order(shared, number, "a@example.org")[0] for number in range(1, 20_001))
    assert firsts["spare"] == 0
    assert abs(firsts["most"] / 20_000 - 0.75) < 0.01


@given(routes, st.integers(1, 2**48), names)
def test_everybody_is_in_the_order_once_and_it_is_always_the_same(
    found: list[Route], delivery_id: int, domain: str
) -> None:
    said = order(found, delivery_id, f"a@{domain}")
    assert sorted(said) == sorted(route.provider for route in found)
    assert said == order(found, delivery_id, f"a@{domain}")
