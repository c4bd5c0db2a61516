"""Traces: every spelling of an address and a name is taken out, and nobody else's."""

from __future__ import annotations

import pytest

from subscribers.hashing import is_keyed, is_ours, keyed
from subscribers.traces import Traces, traces_of

ANNA = traces_of("Anna@Example.org", email="Anna@example.org", name="Anna Berg")


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("anna@example.org asked", "[erased] asked"),
        ("to <ANNA@EXAMPLE.ORG>, twice: anna@example.org.", "to <[erased]>, twice: [erased]."),
        ("Anna Berg, or anna berg, called", "[erased], or [erased], called"),
        ("joanna@example.org and anna@example.org.uk", "joanna@example.org and anna@example.org.uk"),
        ("x+anna@example.org", "x+anna@example.org"),
        ("Anna Bergman and Joanna Berg", "Anna Bergman and Joanna Berg"),
        ("Anna", "Anna"),
    ],
)
def test_only_this_person_is_taken_out(text: str, without: str) -> None:
    assert ANNA.removed(text) == without


def test_json_is_searched_through() -> None:
    data = {"to": ["anna@example.org", 3, None], "anna@example.org": {"reason": "Anna Berg called"}}
    assert ANNA.removed_from(data) == {
        "to": ["[erased]", 3, None],
        "[erased]": {"reason": "[erased] called"},
    }


def test_a_domain_is_found_in_both_its_spellings() -> None:
    jürgen = traces_of("Jürgen@bücher.example.org")
    for spelled in ("jürgen@bücher.example.org", "Jürgen@xn--bcher-kva.example.org"):
        assert jürgen.removed(f"to {spelled}: no") == "to [erased]: no"
    assert "jürgen@bücher.example.org".encode() in jürgen.needles
    assert b"j\\u00fcrgen@b\\u00fccher.example.org" in jürgen.needles


@pytest.mark.parametrize(
    ("name", "told"), [("Li", False), ("Rose", False), ("Li Wu", True), ("Annabel", True), ("", False)]
)
def test_a_name_that_is_any_word_is_left(name: str, told: bool) -> None:
    assert (traces_of("a@example.org", name=name).removed(f"so said {name} x") != f"so said {name} x") is told


def test_traces_do_not_show_themselves_where_they_are_printed() -> None:
    assert "Anna Berg" not in repr(ANNA)
    assert isinstance(ANNA, Traces)


def test_a_keyed_form_is_made_by_one_secret() -> None:
    form = keyed(b"one secret", "anna@example.org")
    assert form == keyed(b"one secret", "anna@example.org")
    assert len({form, keyed(b"another", "anna@example.org"), keyed(b"one secret", "bert@example.org")}) == 3
    assert is_keyed(form)
    assert not is_keyed("anna@example.org")
    assert is_ours(b"one secret", form)
    assert not is_ours(b"another", form)
    assert not is_ours(b"one secret", form[:-1])
    assert not is_ours(b"one secret", f"{form[:-1]}G")
    assert "anna" not in form
