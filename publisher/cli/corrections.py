"""`publisher digest correct`: the next edition of what is published."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.check import tell_ways_on
from publisher.cli.context import actor, instance
from publisher.cli.output import count, say, warn
from publisher.cli.telling import WORDS, tell_catching_up
from publisher.errors import PublisherError
from publisher.publishing.correcting import Corrected
from publisher.publishing.preflighting import BlockedError
from publisher.publishing.succession import Succession


def register(digest: typer.Typer) -> None:
    """Add the command to the group of digests."""
    digest.command()(correct)


def correct(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The corrected digest; its slug names it.")],
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What was wrong, in words for readers.")
    ] = "",
    minor: Annotated[
        bool, typer.Option("--minor", help="The entry keeps its moment: feed readers show nothing as new.")
    ] = False,
    despite: Annotated[
        list[str] | None,
        typer.Option("--despite", metavar="RULE", help="A rule of preflight that shall not keep it; repeat it."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why rules are overruled.")] = "",
) -> None:
    """Make the next edition of what is published; whoever is still to be mailed gets that one."""
    with instance() as opened:
        correcting, overruled = opened.correcting, tuple(despite or ())
        opened.gate.check_overruling(overruled, reason)
        correction = correcting.read(file, opened.clock(), note=note)
        stopped = correcting.stop(correction, opened.clock(), actor=actor())
        try:
            done = correcting.correct(
                correction, opened.clock(), actor=actor(), minor=minor, despite=overruled, reason=reason
            )
        except BlockedError as blocked:
            warn(f"publisher: {correction.record.key} is not corrected: preflight found what must not leave")
            words = f"{shlex.quote(str(file))} --note TEXT{' --minor' if minor else ''}"
            again = f"publisher digest correct {words} %s --reason TEXT"
            tell_ways_on(blocked, overruled, check=str(file), anyway=again)
            _tell_stopped(stopped)
            raise typer.Exit(blocked.exit_code) from blocked
        except PublisherError:
            _tell_stopped(stopped)
            raise
        _tell_corrected(done, minor=minor)
        report = opened.catch_up()
        tell_catching_up(opened, report)
        _tell_readers(done)
    if report.errors:
        raise typer.Exit(1)


def _tell_stopped(mailings: Sequence[int]) -> None:
    """Mail that a correction which came to nothing has paused."""
    for number in mailings:
        warn(f"Mailing {number} is paused: nobody gets what is wrong meanwhile. To let it go on as it was:")
        warn(f"  publisher mailing resume {number} --reason TEXT")


def _tell_corrected(done: Corrected, *, minor: bool) -> None:
    entry = "the entry keeps its moment" if minor else "the entry's moment moves"
    say(f"{done.record.key} is corrected: edition {done.number}; {entry}")
    for finding in done.findings:
        say(f"{WORDS[finding.level]:7} {finding}")
    for each in done.successions:
        say(_succession(each, done.number))
    if done.successions and not all(each.paused for each in done.successions):
        say("`publisher run` (or `publisher serve`) mails it")


def _succession(each: Succession, edition: int) -> str:
    goes_on = each.mailing_id if each.heir_id is None else each.heir_id
    line = (
        f"Mailing {each.mailing_id} had not begun: it brings edition {edition}"
        if each.heir_id is None
        else f"Mailing {each.mailing_id} ends here: mailing {goes_on} brings edition {edition} to the rest"
    )
    resume = f"`publisher mailing resume {goes_on} --reason TEXT`"
    return f"{line} once it is resumed, as it was paused: {resume}" if each.paused else line


def _tell_readers(done: Corrected) -> None:
    """Who has what was wrong, and the act that mails them: never by itself."""
    key = done.record.key
    if done.readers:
        say(f"{count(done.readers, 'reader')} got an older edition by mail; to mail them this one:")
        say(f"  publisher resend {key} --correction --reason TEXT")
    if done.uncertain:
        say(f"{count(done.uncertain, 'reader')} may have got an older edition; to mail them this one, too:")
        say(f"  publisher resend {key} --uncertain --reason TEXT")
