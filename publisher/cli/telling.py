"""What happened, in lines that people read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import typer

from publisher.app import App
from publisher.cli.output import count, local, say, warn
from publisher.digests.intake import PREFLIGHT
from publisher.digests.record import DigestRecord, MailChoice
from publisher.preflight.model import Level
from publisher.publishing.announcing import PUBLIC, Announcement
from publisher.publishing.channels import Put
from publisher.publishing.fetched import Fetched
from publisher.publishing.mailroom import MailingFacts
from publisher.publishing.passes import PassReport
from publisher.publishing.publish import Published
from publisher.publishing.waiting import waits

MAIL = {
    MailChoice.MAILED: "page, feeds and mail",
    MailChoice.BACKLOG: "page and feeds only, not mailed: backlog",
    MailChoice.NONE: "page and feeds only",
}
WORDS = {Level.BLOCK: "BLOCKS", Level.WARN: "warns"}
"""A finding's level as a word: not everybody sees its colour."""

FEW = 3
"""Warnings of one digest that a pass tells; of more, only how many."""

BAD_ROWS_SHOWN = 50
"""Rows of a file that are told one by one."""

SHOWN = 20
"""Lines of one kind that are told one by one; of more, only how many."""


def tell_pass(app: App, report: PassReport) -> None:
    """A pass: what came in, what was published where, what is held, what went wrong."""
    for taken in report.taken[:SHOWN]:
        say(f"Inbox        {taken}")
    _more(len(report.taken))
    for note in report.notes:
        warn(f"publisher: {note}")
    for one in report.published[:SHOWN]:
        say(f"Published    {one.digest.key}: {MAIL[one.mail]}")
        _tell_warnings(one)
    _more(len(report.published))
    for record, reason in report.held:
        say(f"Held         {record.key}: {reason}")
        say(f"             {_way_on(record, reason)}")
    tell_catching_up(app, report)
    if not report.did_something:
        say("Nothing new to publish")


def tell_fetched(fetched: Fetched) -> None:
    """What upstream feeds brought, and which of them did not answer."""
    for line in fetched.lines:
        say(f"Feeds        {line}")
    for note in fetched.notes:
        warn(f"publisher: {note}")
    for error in fetched.errors:
        warn(f"publisher: {error}")


def tell_catching_up(app: App, report: PassReport) -> None:
    """What an act at once brought to the endpoints, and what went wrong with it."""
    for put in report.puts:
        tell_put(app, put)
    for one in report.announcements:
        tell_announcement(one)
    for start in report.starts:
        if start.alert:
            warn(f"publisher: {start.alert}")
        elif not start.started:
            say(f"Waiting      mailing {start.mailing.id} leaves when its page is stored")
    for error in report.errors:
        warn(f"publisher: {error}")


def tell_announcement(one: Announcement) -> None:
    """What the public site serves, or what a hub was told; a failure is a warning, and tried again."""
    place = one.target.partition(":")[2]
    if one.error is not None:
        warn(f"publisher: {one.error} (it is tried again)")
    elif one.target.startswith(PUBLIC):
        say(f"Public       {place}: serves {count(one.feeds, 'feed')} as put")
    else:
        say(f"Hub          {place}: told of {count(one.feeds, 'feed')}")


def _tell_warnings(one: Published) -> None:
    """What preflight found and let go, in so few lines that they are read every day."""
    for finding in one.findings[:FEW]:
        say(f"{WORDS[finding.level]:12} {finding}")
    if len(one.findings) > FEW:
        say(f"             {len(one.findings) - FEW} more: `publisher check {one.digest.key}`")


def _way_on(record: DigestRecord, reason: str) -> str:
    if reason.startswith(PREFLIGHT):
        return f"mend its file, or `publisher digest release {record.key} --despite RULE --reason TEXT`"
    return f"`publisher digest release {record.key}` publishes it now"


def tell_held(held: Sequence[DigestRecord], told: Collection[int]) -> None:
    """What is held since earlier: nobody should have to guess why `run` ends with 1."""
    older = [record for record in held if record.id not in told]
    for record in older[:SHOWN]:
        say(f"Still held   {record.key}: {record.held_because or 'no reason was given'}")
    _more(len(older))


def tell_paused(paused: Sequence[MailingFacts]) -> None:
    """Mail that somebody has paused: nobody should have to guess why it does not leave."""
    for facts in paused[:SHOWN]:
        number = facts.mailing.id
        say(f"Paused       mailing {number} of {facts.digest.key}{_because(facts)}")
        say(f"             `publisher mailing resume {number} --reason TEXT` lets it go on")
    _more(len(paused))


def _because(facts: MailingFacts) -> str:
    return f": {facts.paused_because}" if facts.paused_because else ""


def tell_put(app: App, put: Put) -> None:
    """What an endpoint got, where it is, and each page and feed by its path."""
    shown = [path for path in put.paths if not path.startswith("assets/")]
    pages = sum(path.endswith(".html") for path in shown)
    parts = [
        count(pages, "page"),
        count(len(shown) - pages, "feed"),
        count(len(put.paths) - len(shown), "picture"),
    ]
    say(f"Endpoint     {put.endpoint}: {', '.join(parts)} in {app.endpoint_place(put.endpoint)}")
    for path in shown[-SHOWN:]:
        say(f"             {path}")
    _more(len(shown))


def tell_mailing(app: App, facts: MailingFacts) -> None:
    """A mailing's sums in one line, and by which provider."""
    sums = ", ".join(f"{number} {state}" for state, number in facts.counts.items()) or "nobody to mail"
    mailing = facts.mailing
    say(f"Mail         mailing {mailing.id} of {facts.digest.key}: {sums} ({mailing.state})")
    say(f"             by {app.provider.name}")


def tell_wait(app: App, facts: MailingFacts) -> None:
    """What a mailing still waits for: nobody should have to guess why mail is left."""
    wait = waits(facts, app.opens, app.clock())
    if wait is not None:
        at = local(wait.until, app.timezone(facts.digest.newsletter))
        until = f"; goes on at {at:%Y-%m-%d %H:%M:%S %Z}" if at else ""
        say(f"Waits        {count(wait.mails, 'mail')}: {wait.reason}{until}")
        say("             `publisher serve` goes on by itself, `publisher run` when it is called then")


def _more(number: int) -> None:
    if number > SHOWN:
        say(f"             … and {count(number - SHOWN, 'more', 'more')}")


def tell_bad_rows(file: Path, problems: Sequence[tuple[int, str]], bad: int) -> None:
    """Rows of a file that could not be taken, with their lines; ends the command with 1 when there are any.

    Raises:
        typer.Exit: there are some.
    """
    for line, reason in problems[:BAD_ROWS_SHOWN]:
        warn(f"{file}:{line}: {reason}")
    if bad > BAD_ROWS_SHOWN:
        warn(f"{file}: … and {bad - BAD_ROWS_SHOWN} more bad rows")
    if bad:
        raise typer.Exit(1)
