"""What becomes of each file, and of digests whose file is gone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from publisher.digests.findings import Finding, Scan
from publisher.digests.intake import (
    LEFT,
    PREFLIGHT,
    ChangedAfterPublication,
    Conflict,
    Ignore,
    Intent,
    Replace,
    Restore,
    Take,
    Vanished,
    decide,
)
from publisher.digests.model import Digest, DigestState
from publisher.digests.record import DigestRecord

NOW = datetime(2024, 11, 21, 7, tzinfo=UTC)
DAY = date(2024, 11, 21)
DRAFT, FINALIZED, HELD, PUBLISHED, WITHDRAWN = DigestState
STATES = list(DigestState)


def found(
    path: str = "a.md", slug: str = "a", content: str = "1", *, draft: bool = False, newsletter: str = "daily"
) -> Finding:
    digest = Digest(newsletter, slug, "T", DAY, "en", "ltr", (), ())
    return Finding(path, digest, draft, (), content)


def record(
    state: DigestState = FINALIZED,
    source: str = "a.md",
    slug: str = "a",
    content: str = "1",
    *,
    because: str = "",
    number: int = 1,
) -> DigestRecord:
    return DigestRecord(number, "daily", slug, "T", DAY, state, source, content, NOW, held_because=because)


def decided(
    *findings: Finding, known: tuple[DigestRecord, ...] = (), present: tuple[str, ...] = ()
) -> list[Intent]:
    intents = decide(Scan(findings, present=frozenset({*present, *(f.path for f in findings)})), known)
    assert all("\n" not in intent.message for intent in intents)
    return intents


def test_new_files_are_taken() -> None:
    final, draft = found(), found("b.md", "b", "2", draft=True)
    assert decided(final, draft) == [Take(final, FINALIZED), Take(draft, DRAFT)]


@pytest.mark.parametrize("state", STATES)
def test_the_same_bytes_are_ignored_under_any_name(state: DigestState) -> None:
    known = record(state)
    for finding in (found(), found("other.md", "other")):
        assert decided(finding, known=(known,)) == [Ignore(finding, known)]


def test_the_same_bytes_in_another_newsletter_are_another_digest() -> None:
    finding = found("weekly/a.md", newsletter="weekly")
    assert decided(finding, known=(record(PUBLISHED),)) == [Take(finding, FINALIZED)]


def test_two_files_with_the_same_bytes_are_one_digest() -> None:
    one, two = found("a.md", "a"), found("b.md", "b")
    assert decided(one, two) == [Take(one, FINALIZED), Ignore(two, None, "b.md: the same as a.md, ignored")]


@pytest.mark.parametrize(
    ("before", "draft", "after"),
    [(DRAFT, True, DRAFT), (DRAFT, False, FINALIZED), (FINALIZED, False, FINALIZED), (FINALIZED, True, DRAFT)],
)
def test_changed_before_publication_replaces(before: DigestState, draft: bool, after: DigestState) -> None:
    finding = found(content="2", draft=draft)
    known = record(before)
    assert decided(finding, known=(known,)) == [Replace(known, finding, after)]


@pytest.mark.parametrize("draft", [True, False])
def test_what_an_editor_holds_stays_held_when_its_file_changes(draft: bool) -> None:
    known = record(HELD, because="an editor said so")
    finding = found(content="2", draft=draft)
    (intent,) = decided(finding, known=(known,))
    assert intent == Replace(known, finding, HELD, "an editor said so")
    assert intent.message == "a.md: daily/a replaced, still held: an editor said so"


@pytest.mark.parametrize("path", ["a.md", "renamed.md"])
def test_changed_after_publication_is_told_and_not_published(path: str) -> None:
    known = record(PUBLISHED)
    finding = found(path, content="2")
    (intent,) = decided(finding, known=(known,))
    assert intent == ChangedAfterPublication(known, finding)
    assert f"publisher digest correct {path}" in intent.message


def test_changes_of_a_withdrawn_digest_are_told_and_ignored() -> None:
    (intent,) = decided(found(content="2"), known=(record(WITHDRAWN),))
    assert isinstance(intent, Ignore)
    assert "is withdrawn" in intent.message


def test_two_files_of_one_slug_are_a_conflict_and_the_first_goes() -> None:
    one, two = found("a.md"), found("a.txt", content="2")
    taken, conflict = decided(two, one)
    assert taken == Take(one, FINALIZED)
    assert isinstance(conflict, Conflict)
    assert str(conflict.error).startswith("a.txt: daily/a is already the digest of a.md")


@pytest.mark.parametrize("state", STATES)
def test_a_slug_whose_file_is_still_there_is_taken(state: DigestState) -> None:
    known = record(state, "b.md", content="3")
    kept, intruder = found("b.md", content="3"), found("a.md", content="2")
    conflict, ignored = decided(intruder, kept, known=(known,))
    assert isinstance(conflict, Conflict)
    assert ignored == Ignore(kept, known)
    (conflict,) = decided(intruder, known=(known,), present=("b.md",))
    assert isinstance(conflict, Conflict), "its file is broken or unsettled, but there"


def test_a_file_keeps_its_slug_when_both_change_at_once() -> None:
    known = record(FINALIZED, "b.md", content="3")
    intruder, changed = found("a.md", content="2"), found("b.md", content="4")
    conflict, replaced = decided(intruder, changed, known=(known,))
    assert isinstance(conflict, Conflict)
    assert replaced == Replace(known, changed, FINALIZED)


@pytest.mark.parametrize("state", [DRAFT, FINALIZED])
def test_a_renamed_and_edited_file_replaces_its_own_digest(state: DigestState) -> None:
    known = record(state, "old.md")
    finding = found("new.md", content="2")
    assert decided(finding, known=(known,)) == [Replace(known, finding, FINALIZED)]


def test_a_file_that_claims_another_slug_before_publication_renames_its_digest() -> None:
    known = record()
    finding = found(slug="b", content="2")
    (intent,) = decided(finding, known=(known,))
    assert intent == Replace(known, finding, FINALIZED)
    assert "daily/b replaced (it was daily/a)" in intent.message


def test_a_file_name_used_again_after_publication_is_a_new_digest() -> None:
    finding = found(slug="b", content="2")
    assert decided(finding, known=(record(PUBLISHED),)) == [Take(finding, FINALIZED)]


def test_a_finalized_digest_whose_file_left_is_held() -> None:
    known = record()
    (intent,) = decided(known=(known,))
    assert intent == Vanished(known)
    assert intent.message == f"a.md: daily/a is held, as {LEFT}"


@pytest.mark.parametrize("state", [DRAFT, HELD, PUBLISHED, WITHDRAWN])
def test_other_digests_may_lose_their_file(state: DigestState) -> None:
    assert decided(known=(record(state),)) == []


def test_digests_that_came_without_a_file_do_not_vanish() -> None:
    assert decided(known=(record(source=""),)) == []


def test_a_file_that_is_there_but_broken_or_unsettled_does_not_vanish() -> None:
    assert decided(known=(record(),), present=("a.md",)) == []


def test_a_renamed_file_does_not_vanish() -> None:
    known = record()
    finding = found("renamed.md", "renamed")
    assert decided(finding, known=(known,)) == [Ignore(finding, known)]


def test_a_digest_whose_file_holds_another_by_now_has_vanished() -> None:
    """Else its old text would be published beside the new one."""
    first, second = record(number=1), record(source="b.md", slug="b", content="2", number=2)
    same, copy = found("a.md", "a", "1"), found("b.md", "b", "1")
    assert decided(same, copy, known=(first, second)) == [
        Ignore(same, first),
        Ignore(copy, first),
        Vanished(second),
    ]


@pytest.mark.parametrize("path", ["a.md", "moved.md"])
def test_the_same_file_coming_back_releases_exactly_this_hold(path: str) -> None:
    left, held = record(HELD, because=LEFT), record(HELD, because="stale")
    finding = found(path)
    assert decided(finding, known=(left,)) == [Restore(left, finding)]
    assert decided(finding, known=(held,)) == [Ignore(finding, held)]


def test_a_changed_file_coming_back_is_finalized_too() -> None:
    left = record(HELD, because=LEFT)
    finding = found(content="2")
    assert decided(finding, known=(left,)) == [Replace(left, finding, FINALIZED)]


def test_a_changed_file_is_finalized_anew_when_preflight_held_it_and_a_draft_when_it_says_so() -> None:
    held = record(HELD, because=f"{PREFLIGHT}something")
    assert decided(found(), known=(held,)) == [Ignore(found(), held)]
    for draft, state in ((False, FINALIZED), (True, DRAFT)):
        finding = found(content="2", draft=draft)
        assert decided(finding, known=(held,)) == [Replace(held, finding, state)]


def test_deciding_twice_changes_nothing() -> None:
    """What was taken is known at the next look, which then has nothing to do."""
    one, two = found("a.md"), found("b.md", "b", "2", draft=True)
    known = (record(FINALIZED), record(DRAFT, "b.md", "b", "2", number=2))
    assert decided(one, two, known=known) == [Ignore(one, known[0]), Ignore(two, known[1])]
