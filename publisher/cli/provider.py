"""`publisher provider`: who carries the mail, and whether they would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from publisher.app import App
from publisher.cli.context import instance
from publisher.cli.output import say, show_json, show_rows
from publisher.config import Provider, is_bare_address
from publisher.errors import UsageError
from publisher.ledger import Mark
from publisher.mailings.describing import Description, abilities, limits_in_words
from publisher.notices.explaining import explained, trouble
from publisher.notices.probing import Told
from publisher.providers.trials import Grade, Seen

app = typer.Typer(no_args_is_help=True, help="Who carries the mail: list, test.")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
_SIGNS: Mapping[Grade, str] = {
    Grade.FINE: "ok",
    Grade.WARNING: "warning",
    Grade.BROKEN: "BROKEN",
    Grade.UNKNOWN: "?",
}


@app.command("list")
def list_(
    as_json: Json = False,
    hooks: Annotated[
        bool, typer.Option("--hooks", help="Whole webhook addresses: whoever has one can call it.")
    ] = False,
) -> None:
    """Every provider: what goes by it, its limits, what it can, and where its webhook is."""
    with instance() as opened:
        found = opened.providing.all(hooks=hooks)
    rows = [_facts(each) for each in found] if as_json else [_row(each) for each in found]
    columns = ("name", "kind", "place", "gets", "limits", "can", "webhook")
    show_rows(rows, columns, as_json=as_json, empty="No provider")


@app.command("test")
def try_(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Its name; none: each of them.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="ADDRESS", help="Mail this address, for once.")] = None,
    as_json: Json = False,
) -> None:
    """Try providers as far as to the first mail; with --to, send one short mail by each, and explain."""
    if to is not None and not is_bare_address(to):
        raise UsageError(f'"{to}" is no mail address', remedy="Write it like reader@example.org")
    with instance() as opened:
        chosen = opened.providing.named(name)
        well = _looked(opened, chosen, as_json) if to is None else _mailed(opened, chosen, to, as_json)
    if not well:
        raise typer.Exit(1)


def _looked(opened: App, chosen: Sequence[Provider], as_json: bool) -> bool:
    found = {each.name: opened.providing.look(each) for each in chosen}
    if as_json:
        show_json([{"name": name, "seen": [_seen(each) for each in seen]} for name, seen in found.items()])
    else:
        for name, seen in found.items():
            for each in seen:
                whose = "" if each.message.startswith(name) else f"{name}: "
                say(f"{_SIGNS[each.grade]:8} {whose}{each.message}")
                if each.remedy:
                    say(f"         → {each.remedy}")
    return not any(each.grade is Grade.BROKEN for seen in found.values() for each in seen)


def _mailed(opened: App, chosen: Sequence[Provider], recipient: str, as_json: bool) -> bool:
    found: dict[str, Told] = {}
    for each in chosen:
        found[each.name] = opened.providing.mail(each, recipient)
        if not as_json:
            for line in explained(found[each.name], each.name, recipient):
                say(line)
    if as_json:
        show_json([{"name": name, **_told(told)} for name, told in found.items()])
    return all(told.mark is Mark.ACCEPTED for told in found.values())


def _row(found: Description) -> dict[str, object]:
    return {
        "name": found.name,
        "kind": found.kind,
        "place": found.place,
        "gets": found.gets,
        "limits": limits_in_words(found.limits) or None,
        "can": ", ".join(abilities(found.capabilities)),
        "webhook": found.webhook or None,
    }


def _facts(found: Description) -> dict[str, object]:
    can = found.capabilities
    return {
        "name": found.name,
        "kind": found.kind,
        "place": found.place,
        "gets": found.gets,
        "domains": sorted(found.route.domains),
        "share": found.route.share,
        "limits": {name: getattr(found.limits, name) for name in ("per_second", "per_hour", "per_day")},
        "webhook": found.webhook or None,
        "capabilities": {
            "form": can.form.value,
            "recipients": can.recipients,
            "calls": can.calls,
            "signs": can.signs,
            "return_path": can.return_path,
            "lookup": can.lookup,
            "repeats_for_seconds": int(can.repeats_for.total_seconds()),
        },
    }


def _seen(seen: Seen) -> dict[str, object]:
    return {"level": seen.grade.value, "message": seen.message, "remedy": seen.remedy}


def _told(told: Told) -> dict[str, object]:
    found = trouble(told)
    return {
        "state": told.mark.name.lower() if told.mark else "not sent",
        "trouble": found.value if found else None,
        "code": told.code,
        "text": told.text,
        "provider_id": told.provider_id or None,
        "message_id": told.message_id,
    }
