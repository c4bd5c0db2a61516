"""Sign-up: whoever is asked confirms by a click, and no answer tells a stranger who is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from publisher.storage.database import Database
from subscribers import acts, listing, preferences, rates, suppression
from subscribers.acts import LIFETIMES, Act, Purpose
from subscribers.consents import of_person
from subscribers.model import SubscriptionState, SuppressionReason
from tests.unit.publishing.desk_of_readers import NETWORK, SECRET, Bureau, body
from tests.unit.subscribers.people import add, person_id

SLOW_ON_POSTGRES = True

ANNA = "anna@example.org"


@pytest.fixture
def bureau(database: Database, now: datetime, tmp_path: Path) -> Bureau:
    return Bureau(database, now, tmp_path)


@pytest.fixture
def quick(sqlite_database: Database, now: datetime, tmp_path: Path) -> Bureau:
    """The same on SQLite alone, for what is no matter of the database."""
    return Bureau(sqlite_database, now, tmp_path)


def state(bureau: Bureau, email: str = ANNA, newsletter: str = "daily") -> SubscriptionState | None:
    with bureau.database.read() as connection:
        person = listing.by_key(connection, email)
        found = listing.subscription(connection, person.id, newsletter) if person else None
    return found.state if found else None


def test_nobody_is_subscribed_before_their_own_click(bureau: Bureau) -> None:
    assert b"check your email" in bureau.ask(ANNA).data
    assert (state(bureau), bureau.mails) == (None, [])
    bureau.post()
    assert state(bureau) is SubscriptionState.UNCONFIRMED
    token = bureau.link("c")
    before = bureau.rows()
    page = bureau.signups.confirm_page(token)
    assert page is not None
    assert b"Yes, confirm" in page
    assert bureau.rows() == before
    pages = {bureau.signups.confirm(token, NETWORK) for _ in range(3)}
    assert len(pages) == 1
    assert state(bureau) is SubscriptionState.ACTIVE
    with bureau.database.read() as connection:
        person = listing.by_key(connection, ANNA)
        assert person is not None
        log = [(each.act.value, each.how, each.text, each.network) for each in of_person(connection, person.id)]
    sentence = "By subscribing I ask for The Daily by email. I can leave at any time with one click."
    assert log == [
        ("subscribed", "sign-up form", sentence, NETWORK),
        ("confirmed", "link in mail", sentence, NETWORK),
    ]
    assert sentence.encode() in page


def test_the_answer_is_the_same_bytes_whoever_is_known(bureau: Bureau, now: datetime) -> None:
    asked = {}
    for who in ("unknown", "active", "unconfirmed", "left", "suppressed"):
        email = f"{who}@example.org"
        if who != "unknown":
            add(bureau.database, email, now, confirmed=who != "unconfirmed")
        if who == "left":
            with bureau.database.write() as connection:
                person = listing.by_key(connection, email)
                assert person is not None
                preferences.unsubscribe(connection, person.id, "daily", how="x", now=now)
        if who == "suppressed":
            with bureau.database.write() as connection:
                suppression.suppress(
                    connection,
                    email,
                    newsletter=None,
                    reason=SuppressionReason.BOUNCED,
                    detail="",
                    now=now,
                )
        before = bureau.rows()
        answer = bureau.ask(email)
        after = bureau.rows()
        changed = {name for name in after if after[name] != before[name]}
        asked[answer.status, answer.data.replace(email.encode(), b"@")] = who
        assert changed == {"notices", "tries"}, who  # and the same is done for each
    assert len(asked) == 1
    bureau.post()
    subjects = {mail["To"].partition("@")[0]: str(mail["Subject"]) for mail in bureau.mails}
    assert subjects == {
        "unknown": "Please confirm: The Daily",
        "unconfirmed": "Please confirm: The Daily",
        "left": "Please confirm: The Daily",
        "active": "You are subscribed: The Daily",
    }
    assert state(bureau, "left@example.org") is SubscriptionState.LEFT


def test_who_left_comes_back_by_a_new_link_and_not_by_an_old_one(bureau: Bureau) -> None:
    bureau.ask(ANNA)
    bureau.post()
    old = bureau.link("c")
    bureau.signups.confirm(old, NETWORK)
    bureau.pass_time(hours=2)
    with bureau.database.write() as connection:
        who = person_id(bureau.database, ANNA)
        preferences.unsubscribe(connection, who, "daily", how="one-click", now=bureau.now)
    assert bureau.signups.confirm_page(old) is None
    assert bureau.signups.confirm(old, NETWORK) is None
    assert state(bureau) is SubscriptionState.LEFT
    bureau.pass_time(hours=1)
    bureau.ask(ANNA)
    bureau.post()
    assert state(bureau) is SubscriptionState.LEFT
    assert bureau.signups.confirm(bureau.link("c"), NETWORK) is not None
    assert state(bureau) is SubscriptionState.ACTIVE


def test_a_stranger_who_names_somebody_changes_nothing_about_them(bureau: Bureau, now: datetime) -> None:
    add(bureau.database, ANNA, now, name="Anna", language="fr")
    before = bureau.rows()
    bureau.ask(ANNA.upper(), language="de", name="Silly")
    bureau.post()
    after = bureau.rows()
    assert {name for name in after if after[name] != before[name]} == {"tries"}
    assert "Anna" not in str(bureau.mails[0]["To"])
    assert bureau.mails[0]["Content-Language"] == "fr"


def test_mail_speaks_the_readers_language(quick: Bureau) -> None:
    quick.ask(ANNA, "abend")
    quick.ask("olena@example.org", "abend", language="uk")
    quick.ask("x@example.org", "abend", language="xx")
    quick.post()
    assert [mail["Content-Language"] for mail in quick.mails] == ["de", "uk", "de"]
    assert str(quick.mails[0]["Subject"]) == "Bitte bestätigen: Am Abend"


def test_a_confirmation_is_a_whole_mail_and_belongs_to_no_list(quick: Bureau) -> None:
    quick.ask(ANNA)
    quick.post()
    (mail,) = quick.mails
    assert mail["From"] == "The Daily <daily@news.example.org>"
    assert mail["To"] == ANNA
    assert "List-Unsubscribe" not in mail
    assert mail["Auto-Submitted"] == "auto-generated"
    link = f"https://news.example.org/c/{quick.link('c')}"
    assert body(mail, "html").count(link) == 3  # the button, and the address for who cannot press it
    assert body(mail, "plain").count(link) == 1
    assert mail["Message-ID"].endswith("@news.example.org>")


# --- limits ----------------------------------------------------------------------------------------------------


def test_an_address_is_written_to_once_an_hour_and_three_times_a_day(bureau: Bureau) -> None:
    answers = set()
    for _ in range(48):
        answers.add(bureau.ask(ANNA).data)
        bureau.post()
        bureau.pass_time(minutes=30)
    assert len(bureau.mails) == 3
    assert len(answers) == 1
    bureau.pass_time(hours=1)
    bureau.ask(ANNA)
    bureau.post()
    assert len(bureau.mails) == 4


@pytest.mark.parametrize("flood", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_ten_thousand_from_one_network_do_not_send_ten_thousand_mails(quick: Bureau, flood: int) -> None:
    statuses = [quick.readers_sign_up(f"a{number}@example.org") for number in range(flood)]
    assert sum(statuses) == rates.NETWORK[0].number == 30
    rows = quick.rows()
    assert (len(rows["notices"]), len(rows["tries"]), len(rows["subscribers"])) == (30, 60, 0)
    assert NETWORK not in str(rows["tries"])
    assert "example.org" not in str(rows["tries"])
    assert quick.ask("b@example.org").status == 429
    assert quick.ask("b@example.org", network="198.51.100.0/24").status == 200


def test_a_network_may_ask_again_later_and_no_try_is_kept_longer_than_a_day(quick: Bureau) -> None:
    asked = 0
    for hour in range(30):
        for number in range(31 if hour < 8 else 2):
            asked += quick.readers_sign_up(f"a{hour}-{number}@example.org")
        if hour == 7:
            assert asked == 200
        quick.pass_time(hours=1)
    assert asked == 200 + 6 * 2
    oldest = min(at for *_, at in quick.rows()["tries"])
    assert oldest >= quick.now - timedelta(days=1, hours=2)


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [([], True), ([0], False), ([59], False), ([60], True), ([61, 120], True), ([61, 120, 180], False),
     ([61, 120, 60 * 24], True), ([-30], False)],
)  # fmt: skip
def test_the_decision_looks_at_every_limit(now: datetime, earlier: list[int], expected: bool) -> None:
    moments = [now - timedelta(minutes=minutes) for minutes in earlier]
    assert rates.allowed(rates.CONFIRMATIONS, moments, now) is expected


# --- what is sent to us ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "email",
    ["", "x", "a@b", "a b@example.org", "anna@example.org\r\nBcc: all@example.org", "anna@example.org\0",
     "anna@example.org, otto@example.org", "<anna@example.org>", "Anna <anna@example.org>", "a" * 400 + "@x.org",
     '"a\r\nb"@example.org', "anna@exa\nmple.org"],
)  # fmt: skip
def test_what_is_no_address_is_told_beside_the_field_and_nothing_is_kept(quick: Bureau, email: str) -> None:
    before = quick.rows()
    answer = quick.ask(email)
    assert b'aria-invalid="true"' in answer.data
    assert quick.rows() == before


@pytest.mark.parametrize(
    ("written", "to"),
    [
        ("  Anna+News@EXAMPLE.org ", "Anna+News@example.org"),
        ("a@bücher.example.org", "a@xn--bcher-kva.example.org"),
    ],
)
def test_addresses_are_normalised_and_tags_are_kept(quick: Bureau, written: str, to: str) -> None:
    quick.ask(written)
    quick.post()
    assert str(quick.mails[0]["To"]) == to


def test_a_program_that_fills_in_everything_hears_the_same_and_does_nothing(quick: Bureau) -> None:
    before = quick.rows()
    trapped = quick.ask(ANNA, website="https://spam.example.com")
    assert quick.rows() == before
    assert trapped.data == quick.ask(ANNA).data


def test_a_domain_that_takes_no_mail_is_hinted_at_and_taken_when_somebody_insists(quick: Bureau) -> None:
    quick.no_mail = {"exampel.org"}
    before = quick.rows()
    hint = quick.ask("anna@exampel.org")
    assert b"does not seem to take mail" in hint.data
    assert b'name="sure" value="exampel.org"' in hint.data
    assert quick.rows() == before
    assert b"does not seem" in quick.ask("anna@exampel.org", sure="example.org").data
    assert b"check your email" in quick.ask("anna@exampel.org", sure="exampel.org").data


# --- tokens ----------------------------------------------------------------------------------------------------


def test_every_link_that_is_no_longer_good_is_the_same_nothing(bureau: Bureau, now: datetime) -> None:
    add(bureau.database, ANNA, now)
    add(bureau.database, "otto@example.org", now)
    anna = person_id(bureau.database, ANNA)

    def token(
        purpose: Purpose, version: int = 1, who: int = anna, made: datetime = now, key: bytes = SECRET
    ) -> str:
        return acts.mint(key, Act(purpose, who, "daily", version, made, "new@example.org"))

    before = bureau.rows()
    for purpose in Purpose:
        good = token(purpose)
        other = token(Purpose.MANAGE if purpose is not Purpose.MANAGE else Purpose.CONFIRM)
        bad = [
            *(good[:length] for length in (0, 10, len(good) - 1)),
            good + "A",
            f"{good}=",
            good.swapcase(),
            token(purpose, version=2),
            token(purpose, who=4711),
            token(purpose, made=now - LIFETIMES[purpose]),
            token(purpose, key=b"the secret of another one"),
        ]
        for each in [*bad, other]:
            if purpose is Purpose.MANAGE:
                assert bureau.signups.manage_page(each) is None, each
                assert bureau.signups.manage(each, {"act": ["erase"], "sure": ["yes"]}) is None
            else:
                assert bureau.signups.confirm_page(each) is None, each
                assert bureau.signups.confirm(each, NETWORK) is None
    assert bureau.rows() == before
    assert bureau.erased == []


def test_a_token_ends_to_the_moment(now: datetime) -> None:
    for purpose, lifetime in LIFETIMES.items():
        token = acts.mint(SECRET, Act(purpose, 1, "daily", 1, now))
        assert acts.read(SECRET, token, purpose, now + lifetime - timedelta(milliseconds=1)) is not None
        assert acts.read(SECRET, token, purpose, now + lifetime) is None
