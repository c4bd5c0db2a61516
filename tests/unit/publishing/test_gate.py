"""The gate: nothing is mailed that was not looked at, what blocks stays here, and only a person overrules it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.app import App, open_app
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord, MailChoice
from publisher.errors import UsageError
from publisher.facts import LinkFact, Reach
from publisher.mailings.verdicts import Act, Wish
from publisher.preflight import registry
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.publishing.inspecting import LINKS_RULE, SENDER_RULE
from publisher.publishing.passes import PassReport
from publisher.publishing.preflighting import BlockedError, stored_findings
from tests.fakes.world import FakeWorld
from tests.instance import Instance

HOUR = timedelta(hours=1)
MORNING = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)


def word(name: str, level: Level) -> Rule:
    """A rule that finds its own name in the title."""

    def check(candidate: Candidate) -> Iterator[Problem]:
        if name in candidate.digest.title:
            yield Problem(f"the title says {name}", "Say something else", "title")

    return Rule(name, level, "a rule of a test", check)


def answers(candidate: Candidate) -> Iterator[Problem]:
    for address, fact in candidate.facts.links.items():
        if fact.reach is not Reach.ANSWERED:
            yield Problem(f"{address}: {fact.detail}", "Mend the link")


def sender(candidate: Candidate) -> Iterator[Problem]:
    if candidate.facts.sender is None:
        yield Problem("nobody asked the DNS", "")


RULES = (
    word("stop", Level.BLOCK),
    word("halt", Level.BLOCK),
    word("hmm", Level.WARN),
    Rule(LINKS_RULE, Level.WARN, "links", answers),
    Rule(SENDER_RULE, Level.WARN, "sender", sender),
)


class Desk:
    """An instance whose time, world and rules are a test's."""

    def __init__(self, root: Path) -> None:
        self.instance = Instance(root)
        self.instance.subscribe("reader@example.org")
        self.world = FakeWorld()
        self.now = MORNING
        self.opened: list[App] = []
        self.configure()

    def configure(self, change: Callable[[str], str] = str) -> None:
        """Begin a new process, as `run` does, with the configuration changed so."""
        self.instance.configure()
        self.instance.config.write_text(change(self.instance.config.read_text()))
        self.app = open_app(self.instance.config, clock=lambda: self.now)
        self.app.world = self.world
        self.opened.append(self.app)

    def rules(self, **levels: str) -> None:
        """Begin a new process with these levels in the configuration."""
        lines = ", ".join(f'{name.replace("_", "-")} = "{level}"' for name, level in levels.items())
        self.configure(lambda text: f"{text}\n[preflight]\nrules = {{ {lines} }}\n")

    def run(self) -> PassReport:
        """One pass."""
        return self.app.run_pass(sleep=lambda _: None)

    def put(self, title: str, day: str = "2024-11-21") -> None:
        """A digest of a day, its file named after the day alone."""
        self.instance.digest(day, title)

    def record(self, day: str = "2024-11-21") -> DigestRecord:
        return self.app.editorial.find(f"daily/{day}-news")

    def release(
        self,
        day: str = "2024-11-21",
        *,
        reason: str = "",
        mail: bool = False,
        despite: tuple[str, ...] = (),
    ) -> str:
        return self.app.editorial.release(
            self.record(day), self.now, actor="an editor", reason=reason, mail=mail, despite=despite
        )

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The data of each event of a kind."""
        story = self.app.histories.of(self.record())
        return [dict(event.data) for event in story.events if event.kind == kind]

    def mailings(self) -> int:
        return len(self.app.mailroom.all())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(registry, "RULES", RULES)
    made = Desk(tmp_path / "instance")
    yield made
    for app in made.opened:
        app.close()


def test_what_nothing_blocks_leaves_and_what_was_found_is_kept_with_its_edition(desk: Desk) -> None:
    desk.put("hmm")
    (published,) = desk.run().published
    assert [finding.rule for finding in published.findings] == ["hmm"]
    story = desk.app.histories.of(desk.record())
    assert story.preflight is not None
    assert story.preflight.edition_id is not None
    assert stored_findings(story.preflight) == published.findings
    assert desk.mailings() == 1


def test_what_blocks_is_neither_published_nor_mailed_and_says_why_in_one_line(desk: Desk) -> None:
    desk.put("stop halt hmm")
    report = desk.run()
    assert report.published == ()
    ((record, reason),) = report.held
    assert (
        reason
        == "preflight: title: the title says stop (stop) and 1 more; `publisher check daily/2024-11-21-news`"
    )
    assert desk.record().state is DigestState.HELD
    assert desk.record().held_because == reason
    assert desk.events("digest.held") == [{"reason": reason, "rules": ["stop", "halt"]}]
    assert desk.mailings() == 0
    assert "daily/2024-11-21-news/index.html" not in desk.instance.public_bytes()
    story = desk.app.histories.of(record)
    assert story.preflight is not None
    assert story.preflight.edition_id is None
    assert [finding.rule for finding in stored_findings(story.preflight)] == ["stop", "halt", "hmm"]


def test_what_is_held_is_not_asked_again_until_something_changed(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    for _ in range(3):
        desk.now += HOUR / 60
        assert desk.run().held == ()
    desk.configure()
    desk.run()
    assert len(desk.world.asked) == 1
    assert len(desk.events("digest.held")) == 1


def test_a_corrected_file_lets_it_go_by_itself(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    desk.now += HOUR
    desk.put("go")
    (published,) = desk.run().published
    assert published.findings == ()
    assert desk.mailings() == 1


def test_a_file_that_was_corrected_in_vain_is_held_again_for_the_new_reason(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    desk.put("halt now")
    desk.run()
    assert "(halt)" in desk.record().held_because
    assert len(desk.world.asked) == 2


def test_a_corrected_file_does_not_undo_an_editors_hold(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    desk.app.editorial.hold(desk.record(), desk.now, actor="an editor", reason="the lawyer reads it")
    desk.put("go")
    assert desk.run().published == ()
    assert desk.record().held_because == "the lawyer reads it"


def test_nobody_but_preflight_holds_for_preflights_reasons(desk: Desk) -> None:
    desk.put("go", "2024-11-22")
    desk.run()
    with pytest.raises(UsageError, match="preflight's own"):
        desk.app.editorial.hold(
            desk.record("2024-11-22"), desk.now, actor="an editor", reason="preflight: because"
        )


def test_a_plain_release_does_not_go_round_the_gate(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    before = desk.record()
    with pytest.raises(BlockedError) as caught:
        desk.release(reason="it is late")
    assert [finding.rule for finding in caught.value.findings] == ["stop"]
    assert caught.value.exit_code == 1
    assert desk.record() == before
    assert desk.mailings() == 0


def test_a_finalized_digest_released_by_hand_is_looked_at_too(desk: Desk) -> None:
    tomorrow = "2024-11-22"
    desk.put("stop", tomorrow)
    desk.run()
    with pytest.raises(BlockedError):
        desk.release(tomorrow)
    assert desk.record(tomorrow).state is DigestState.FINALIZED
    story = desk.app.histories.of(desk.record(tomorrow))
    assert story.preflight is not None
    assert story.preflight.edition_id is None


def test_overruling_lets_it_go_and_is_recorded_with_rules_reason_and_actor(desk: Desk) -> None:
    desk.put("stop halt")
    desk.run()
    desk.release(reason="it is a quotation", despite=("halt", "stop", "hmm"))
    desk.run()
    assert desk.record().state is DigestState.PUBLISHED
    assert desk.mailings() == 1
    story = desk.app.histories.of(desk.record())
    assert story.preflight is not None
    assert list(story.preflight.despite) == ["halt", "stop"]
    (published,) = [event for event in story.events if event.kind == "digest.published"]
    assert published.actor == "an editor"
    assert published.data["despite"] == ["halt", "stop"]
    assert published.data["reason"] == "it is a quotation"


def test_overruling_one_rule_does_not_overrule_another(desk: Desk) -> None:
    desk.put("stop halt")
    desk.run()
    with pytest.raises(BlockedError) as caught:
        desk.release(reason="it is a quotation", despite=("stop",))
    assert caught.value.rules == ["halt"]
    assert desk.record().state is DigestState.HELD


@pytest.mark.parametrize(
    ("despite", "reason", "told"),
    [
        (("stop",), "", "wants a reason"),
        (("stop",), "  ", "wants a reason"),
        (("stpo",), "x", 'no rule "stpo"'),
    ],
)
def test_overruling_wrongly_is_wrong_use(desk: Desk, despite: tuple[str, ...], reason: str, told: str) -> None:
    desk.put("stop")
    desk.run()
    with pytest.raises(UsageError, match=told):
        desk.release(reason=reason, despite=despite)
    assert desk.record().state is DigestState.HELD


# --- backlog ---------------------------------------------------------------------------------------------------


def test_backlog_goes_to_page_and_feeds_unasked_and_is_looked_at_when_it_is_to_be_mailed(desk: Desk) -> None:
    desk.put("stop", "2024-11-21")
    desk.put("newer", "2024-11-22")
    desk.now += timedelta(days=1)
    desk.run()
    assert desk.record().mail is MailChoice.BACKLOG
    assert [len(desk.world.asked), desk.mailings()] == [1, 1]
    with pytest.raises(BlockedError):
        desk.release(mail=True, reason="they asked for it")
    assert desk.mailings() == 1
    assert desk.record().mail is MailChoice.BACKLOG
    desk.release(mail=True, reason="they asked for it", despite=("stop",))
    assert desk.mailings() == 2
    assert desk.events("digest.released")[0]["despite"] == ["stop"]
    story = desk.app.histories.of(desk.record())
    assert story.preflight is not None
    assert story.preflight.edition_id is not None


def test_a_resend_does_not_take_what_was_never_mailed_round_the_gate(desk: Desk) -> None:
    desk.put("stop", "2024-11-21")
    desk.put("newer", "2024-11-22")
    desk.now += timedelta(days=1)
    desk.run()

    def resend() -> int:
        to, record = "reader@example.org", desk.record()
        wish, why = Wish(Act.TO, to), "asked by phone"
        return desk.app.resends.order(record, wish, desk.now, actor="an editor", reason=why).mailing.id

    with pytest.raises(BlockedError):
        resend()
    assert desk.mailings() == 1
    desk.release(mail=True, reason="they asked for it", despite=("stop",))
    asked = len(desk.world.asked)
    resend()
    assert desk.mailings() == 3
    assert len(desk.world.asked) == asked


# --- conditions ------------------------------------------------------------------------------------------------


def test_another_level_in_the_configuration_lets_it_go_with_the_next_pass(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    desk.now += HOUR
    desk.rules(stop="warn")
    (published,) = desk.run().published
    assert [finding.level for finding in published.findings] == [Level.WARN]
    assert len(desk.events("digest.reconsidered")) == 1


def test_a_template_of_the_site_is_a_condition_too(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    (desk.instance.root / "templates").mkdir()
    (desk.instance.root / "templates" / "unused.html").write_text("x")
    assert len(desk.run().held) == 1
    assert len(desk.world.asked) == 2


def test_old_news_does_not_leave_because_somebody_changed_a_setting(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    desk.now += 7 * HOUR
    desk.rules(stop="off")
    assert desk.run().published == ()
    assert desk.record().state is DigestState.HELD
    desk.release()
    assert desk.record().state is DigestState.PUBLISHED


def test_what_has_no_file_any_more_does_not_leave_because_somebody_changed_a_setting(desk: Desk) -> None:
    desk.put("stop")
    desk.run()
    (desk.instance.root / "digests" / "news-2024-11-21.txt").unlink()
    desk.rules(stop="off")
    assert desk.run().published == ()
    assert desk.record().held_because == "its file left the inbox"


# --- the world -------------------------------------------------------------------------------------------------


def test_the_rules_that_the_world_is_asked_for_exist() -> None:
    assert {LINKS_RULE, SENDER_RULE} <= {rule.id for rule in registry.RULES}


def test_the_world_is_asked_once_and_about_others_only(desk: Desk) -> None:
    desk.put("go")
    desk.run()
    desk.run()
    assert desk.world.asked == [("https://example.org/one",)]
    assert desk.world.domains == [("news.example.org", "news.example.org")]


def test_our_own_addresses_are_not_asked_for_and_every_other_once(desk: Desk) -> None:
    """The page of a digest is not there before it is published."""
    text = "\n\n".join(
        (
            "[ours](https://NEWS.example.org/daily/x/) and [one](https://example.org/1) and **[two](http://example.org/2)**",
            "- [one](https://example.org/1), [write](mailto:a@example.org), [odd](https://[broken/)",
            "![A boat](https://example.org/3.png)",
        )
    )
    desk.instance.put("links.md", f"---\ntitle: Links\nslug: links\ndate: 2024-11-21\n---\n\n{text}\n")
    desk.run()
    (asked,) = desk.world.asked
    assert [each for each in asked if "broken" not in each] == [
        "https://example.org/1",
        "http://example.org/2",
        "https://example.org/3.png",
    ]


def test_what_the_world_says_reaches_the_rules(desk: Desk) -> None:
    desk.world.answers["https://example.org/one"] = LinkFact(Reach.REFUSED, "404 Not Found")
    desk.put("go")
    (published,) = desk.run().published
    assert [finding.message for finding in published.findings] == ["https://example.org/one: 404 Not Found"]


def test_the_world_is_not_asked_for_rules_that_are_off(desk: Desk) -> None:
    desk.rules(links_answer="off", sender_domain="off")
    desk.put("go")
    (published,) = desk.run().published
    assert (desk.world.asked, desk.world.domains, published.findings) == ([], [], ())


@pytest.mark.parametrize("level", ["warn", "block"])
def test_asking_that_crashes_is_told_at_the_level_of_its_rule(desk: Desk, level: str) -> None:
    desk.rules(links_answer=level)
    desk.world.crash = RuntimeError("on purpose")
    desk.put("go")
    report = desk.run()
    held, published = len(report.held), len(report.published)
    assert (held, published) == ((0, 1) if level == "warn" else (1, 0))
    story = desk.app.histories.of(desk.record())
    assert story.preflight is not None
    assert "RuntimeError: on purpose" in story.preflight.findings[0]["message"]


def test_no_transaction_is_open_while_the_world_is_asked(desk: Desk) -> None:
    def write(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asking(*arguments: Any) -> Any:
            with desk.app.store.write() as unit:  # would wait for 15 s and fail
                unit.facts.set_once(f"asked {len(desk.world.asked)}", "yes")
            return ask(*arguments)

        return asking

    desk.world.links = write(desk.world.links)  # type: ignore[method-assign]
    desk.put("go")
    assert len(desk.run().published) == 1


def test_a_file_replaced_while_the_world_is_asked_is_neither_published_nor_held_as_it_was(desk: Desk) -> None:
    answer = desk.world.links

    def replacing(addresses: Any) -> Any:
        desk.put("go")
        desk.app.intake.take_in(lambda: desk.now, lambda _: None)
        return answer(addresses)

    desk.world.links = replacing  # type: ignore[method-assign]
    desk.put("stop")
    report = desk.run()
    assert (report.held, report.published) == ((), ())
    desk.world.links = answer  # type: ignore[method-assign]
    (published,) = desk.run().published
    assert published.digest.title == "go"


# --- what cannot be mailed at all ------------------------------------------------------------------------------


def test_a_mail_that_cannot_be_composed_is_held_until_the_configuration_is_mended(desk: Desk) -> None:
    url = 'url = "https://news.example.org/"'
    desk.configure(lambda text: text.replace(url, f'{url}\napp_url = "https://news.example.org/{"x" * 1000}/"'))
    desk.put("go")
    ((_, reason),) = desk.run().held
    assert reason.startswith("preflight: mail headers: the mail cannot be composed: ")
    desk.configure()
    assert len(desk.run().published) == 1
