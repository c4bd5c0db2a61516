"""Each check is by itself: one that crashes or hangs does not keep the others from being heard."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path

import jsonschema
import pytest

from publisher.cli.doctor import facts, screen
from publisher.cli.output import show_json
from publisher.doctor.model import Check, Finding, Ground, Level, UncheckedError, fine, warning
from publisher.doctor.registry import CHECKS
from publisher.doctor.running import is_broken, run
from publisher.errors import ConfigError
from tests.fakes.smtp import Rule, Step
from tests.unit.doctor.patient import PASSWORD, SECRET, TOKEN, Patient, key, patient

SCHEMA = {
    "type": "object",
    "required": ["broken", "counts", "checks"],
    "additionalProperties": False,
    "properties": {
        "broken": {"type": "boolean"},
        "counts": {
            "type": "object",
            "required": [level.value for level in Level],
            "additionalProperties": {"type": "integer", "minimum": 0},
        },
        "checks": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "what", "level", "findings"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "pattern": "^[a-z]+$"},
                    "what": {"type": "string", "minLength": 1},
                    "level": {"enum": [level.value for level in Level]},
                    "findings": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["level", "message", "remedy"],
                            "additionalProperties": False,
                            "properties": {
                                "level": {"enum": [level.value for level in Level]},
                                "message": {"type": "string", "minLength": 1},
                                "remedy": {"type": "string"},
                            },
                        },
                    },
                },
            },
        },
    },
}
"""What `publisher check --json` gives, beside the moment."""


@pytest.fixture
def healthy(tmp_path: Path) -> Iterator[Patient]:
    with patient(tmp_path / "instance") as made:
        yield made


def check(name: str, *findings: Finding, raises: Exception | None = None) -> Check:
    def look(_ground: Ground) -> Iterable[Finding]:
        yield from findings
        if raises:
            raise raises

    return Check(name, f"what {name} is for", look)


def test_a_check_that_crashes_is_told_without_its_words_and_the_others_go_on(healthy: Patient) -> None:
    crashing = check("crashing", fine("before"), raises=RuntimeError(PASSWORD))
    with healthy.ground() as ground:
        first, second = run([crashing, check("other", fine("all is well"))], ground)
    assert [finding.level for finding in first.findings] == [Level.FINE, Level.WARNING]
    assert "crashed: RuntimeError at test_running.py:" in first.findings[1].message
    assert PASSWORD not in str(first)
    assert second.findings == (fine("all is well"),)


def test_a_check_that_hangs_is_unchecked_when_the_time_is_up(healthy: Patient) -> None:
    over = threading.Event()

    def hang(_ground: Ground) -> Iterable[Finding]:
        over.wait(60)
        return ()

    with healthy.ground() as ground:
        first, second = run([Check("hanging", "hangs", hang), check("quick", fine("well"))], ground, seconds=0.1)
    over.set()
    assert first.findings[0].level is Level.UNCHECKED
    assert "no answer within" in first.findings[0].message
    assert second.findings == (fine("well"),)


def test_what_cannot_be_known_is_never_fine(healthy: Patient) -> None:
    with healthy.ground() as ground:
        (result,) = run([check("unknown", raises=UncheckedError("offline", "look again"))], ground)
    assert result.findings == (Finding(Level.UNCHECKED, "offline", "look again"),)
    assert not is_broken([result])


def test_an_error_of_ours_is_what_is_broken_with_its_remedy(healthy: Patient) -> None:
    with healthy.ground() as ground:
        (result,) = run([check("wrong", raises=ConfigError("it is wrong", remedy="mend it"))], ground)
    assert result.findings == (Finding(Level.BROKEN, "it is wrong", "mend it"),)
    assert is_broken([result])


def test_what_is_broken_stands_first_with_its_remedy_below(healthy: Patient) -> None:
    checks = [
        check("first", fine("well")),
        check("second", warning("so so", "perhaps")),
        check("third", raises=ConfigError("\x1b[31mwrong\nindeed", remedy="mend it")),
    ]
    with healthy.ground() as ground:
        lines = list(screen(run(checks, ground)))
    assert lines[:3] == ["Broken", "  BROKEN   third: [U+001B][31mwrong indeed", "           → mend it"]
    assert lines.index("Should be mended") < lines.index("Fine")
    assert lines[-1] == "1 broken; 1 warning; 0 not checked; 1 fine."
    assert all(len(line) <= 110 for line in lines)


def test_without_a_database_the_rest_is_looked_at_and_what_needs_it_is_unchecked(healthy: Patient) -> None:
    (healthy.root / "var" / "publisher.db").write_bytes(b"this is no database, but long enough to be one" * 40)
    levels = {result.check.name: {finding.level for finding in result.findings} for result in healthy.results()}
    assert levels["database"] == {Level.BROKEN}
    unknown = {"clock", "integrity", "newsletters", "schedule", "senders", "mailings", "publications", "secret"}
    assert all(levels[name] == {Level.UNCHECKED} for name in unknown)
    assert all(levels[name] == {Level.FINE} for name in levels.keys() - unknown - {"database"})


def test_a_database_that_says_nothing_does_not_keep_the_rest(
    healthy: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never says a word
        place = f"postgresql://publisher@127.0.0.1:{silent.getsockname()[1]}/publisher"
        healthy.change("sqlite:///var/publisher.db", place)
        monkeypatch.setattr("publisher.app.checking.OPENING_SECONDS", 0.05)
        inbox, database = healthy.results("database", "inbox")
    assert "does not answer within" in database.findings[0].message
    assert inbox.findings[0].level is Level.FINE


def test_offline_nothing_of_the_network_is_said_to_be_fine_or_broken(healthy: Patient) -> None:
    healthy.zone.records.clear()  # not even the root: a router that denies everything
    healthy.change('host = "127.0.0.1"', 'host = "mail.nowhere.invalid"')
    healthy.hosts = {}
    asking = ("spf", "dkim", "dmarc", "mx", "site", "links")
    for result in healthy.results(*asking):
        assert {finding.level for finding in result.findings} == {Level.UNCHECKED}, result


def test_a_name_server_that_fails_is_no_missing_record(healthy: Patient) -> None:
    healthy.zone.broken.add("_dmarc.press.internal")
    (found,) = healthy.findings("dmarc")
    assert found.level is Level.UNCHECKED


@pytest.mark.parametrize("database", ["whole", "broken"])
def test_json_is_as_promised(healthy: Patient, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    if database == "broken":
        (healthy.root / "var" / "publisher.db").write_bytes(b"no database")
    show_json(facts(healthy.results()))
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, SCHEMA)
    assert [each["name"] for each in told["checks"]] == [each.name for each in CHECKS]
    assert told["broken"] is (database == "broken")


SENT = b64encode(f"\0publisher\0{PASSWORD}".encode()).decode()
"""The password as it travels."""


def secrets() -> list[str]:
    pem = [line for line in key().decode().splitlines() if not line.startswith("-")]
    return [PASSWORD, SENT, SECRET, TOKEN, *pem]


def told(healthy: Patient) -> str:
    """Everything that anybody is shown of everything that was found."""
    with healthy.ground() as ground:
        results = run(CHECKS, ground)
        return json.dumps(facts(results)) + "\n".join(screen(results)) + repr(results) + repr(ground)


def test_no_secret_is_told_whatever_is_wrong(healthy: Patient) -> None:
    healthy.smtp.rules.append(Rule(Step.AUTH, f"535 5.7.8 {PASSWORD} is wrong, and so is {SENT}"))
    healthy.mode = 0o644
    healthy.change('selector = "s1"', 'selector = "s2"')
    found = told(healthy)
    assert "refuses the login" in found
    assert "no DKIM key" in found
    assert [secret for secret in secrets() if secret in found] == []


def test_no_token_is_told_either(healthy: Patient) -> None:
    healthy.smtp.features = ["AUTH XOAUTH2"]
    healthy.smtp.rules.append(Rule(Step.AUTH, "535 5.7.8 no"))
    healthy.change(f'password = "{PASSWORD}"', f'token = "{TOKEN}"')
    found = told(healthy)
    assert "refuses the login" in found
    assert [secret for secret in secrets() if secret in found] == []


def test_no_password_of_the_database_is_told(healthy: Patient) -> None:
    healthy.change("sqlite:///var/publisher.db", f"postgresql://publisher:{PASSWORD}@127.0.0.1:1/publisher")
    found = told(healthy)
    assert "database" in found
    assert PASSWORD not in found
