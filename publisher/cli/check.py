"""`publisher check`: what is wrong with a digest before it leaves, or with the instance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from publisher.cli.context import instance
from publisher.cli.output import count, say, show_json, warn
from publisher.cli.telling import WORDS
from publisher.preflight.model import Finding, Level
from publisher.publishing.inspecting import Inspection
from publisher.publishing.preflighting import BlockedError

REFUSED_SHOWN = 8
"""Findings that a refusal lists: it has to stay one screen."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check_)


def check_(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[DIGEST]", help="A file, or a slug, or newsletter/slug; none: the instance."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Look at a digest as it will be looked at before it is mailed; without one, at the instance."""
    from publisher.cli.doctor import check_instance  # late: it brings HTTP and DNS with it

    blocks = check_instance(as_json=as_json) if name is None else _digest(name, as_json)
    if blocks:
        raise typer.Exit(1)


# --- a digest --------------------------------------------------------------------------------------------------


def _digest(name: str, as_json: bool) -> bool:
    with instance() as opened:
        inspection = opened.inspect(opened.seek(name))
    blocking = inspection.blocking()
    if as_json:
        show_json(_facts(inspection))
    else:
        say(f"{inspection.digest.key}: “{inspection.digest.title}”")
        say()
        tell_findings(inspection.findings)
        say(_summary(inspection))
    return bool(blocking)


def _facts(inspection: Inspection) -> dict[str, object]:
    return {
        "digest": inspection.digest.key,
        "title": inspection.digest.title,
        "edition": inspection.edition.number if inspection.edition.id else None,
        "at": inspection.at,
        "blocked": bool(inspection.blocking()),
        "findings": [asdict(finding) for finding in inspection.findings],
    }


def _summary(inspection: Inspection) -> str:
    blocking = len(inspection.blocking())
    warning = len(inspection.findings) - blocking
    if not inspection.findings:
        return "Nothing was found."
    if not blocking:
        return f"Nothing blocks; {count(warning, 'warning')}."
    blocks = "1 finding blocks" if blocking == 1 else f"{blocking} findings block"
    warns = f"; {count(warning, 'warning')}" if warning else ""
    return f"{blocks}: it is not mailed until that is mended or overruled{warns}."


def tell_findings(findings: Sequence[Finding], despite: Collection[str] = ()) -> None:
    """Each finding: level, place, message and rule in a line, the remedy below; `despite` are rules overruled."""
    for finding in findings:
        overruled = finding.level is Level.BLOCK and finding.rule in despite
        say(f"{'despite' if overruled else WORDS[finding.level]:7} {finding}")
        if finding.remedy:
            say(f"        {finding.remedy}")
    if findings:
        say()


def tell_blocked(blocked: BlockedError, despite: Collection[str], *, mail: bool) -> None:
    """Why nothing was mailed, and how to go on, on one screen."""
    key = blocked.inspection.digest.key
    warn(f"publisher: {key} is not mailed: preflight found what must not leave")
    release = f"publisher digest release {key}{' --mail' if mail else ''}"
    tell_ways_on(blocked, despite, check=key, anyway=f"{release} %s --reason TEXT")


def tell_ways_on(blocked: BlockedError, despite: Collection[str], *, check: str, anyway: str) -> None:
    """What blocks, and what can be done about it.

    Args:
        blocked: what was found.
        despite: the rules that were overruled already.
        check: what `publisher check` takes to show everything.
        anyway: the command that lets it go as it is, with %s in place of the rules.
    """
    for finding in blocked.findings[:REFUSED_SHOWN]:
        warn(f"  {WORDS[finding.level]} {finding}")
        if finding.remedy:
            warn(f"         {finding.remedy}")
    if len(blocked.findings) > REFUSED_SHOWN:
        warn(f"  and {len(blocked.findings) - REFUSED_SHOWN} more: `publisher check {check}`")
    rules = " ".join(f"--despite {rule}" for rule in dict.fromkeys([*despite, *blocked.rules]))
    warn("Mend it; or, if it shall leave as it is:")
    warn(f"  {anyway.replace('%s', rules)}")
