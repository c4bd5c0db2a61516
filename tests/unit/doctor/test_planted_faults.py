"""Each planted fault is found with its remedy, and none of them in a healthy instance."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from publisher.doctor.model import Level
from publisher.doctor.registry import CHECKS
from publisher.errors import ProviderError
from publisher.mailings.journal import Journal
from publisher.providers.trying import try_provider
from publisher.storage import tables
from tests.fakes.smtp import HANG, Rule, Step
from tests.fakes.web import Act, hang_up, reply, to
from tests.fakes.zone import text
from tests.unit.doctor.patient import NOW, OWN, ROOMY, Patient, patient, record

BROKEN, WARNING, UNCHECKED = Level.BROKEN, Level.WARNING, Level.UNCHECKED
SPF = "mail.press.internal TXT"
DMARC = "_dmarc.press.internal TXT"
KEY = "s1._domainkey.press.internal TXT"
LONG_AGO = NOW - timedelta(hours=2)

Plant = Callable[[Patient], object]


@dataclass(frozen=True)
class Fault:
    """What is planted, which check finds it, and what it says and advises."""

    name: str
    plant: Plant
    check: str
    level: Level
    said: str
    remedy: str


@pytest.fixture
def healthy(tmp_path: Path) -> Iterator[Patient]:
    with patient(tmp_path / "instance") as made:
        yield made


def texts(name: str, *values: str) -> Plant:
    """Other TXT records of a name."""
    return lambda one: one.zone.records.__setitem__(name, [text(value) for value in values])


def no_records(*names: str) -> Plant:
    return lambda one: [one.zone.records.pop(name) for name in names]


def records(name: str, *values: str) -> Plant:
    return lambda one: one.zone.records.__setitem__(name, list(values))


def change(old: str, new: str) -> Plant:
    return lambda one: one.change(old, new)


def room(**values: int) -> Plant:
    def plant(one: Patient) -> None:
        one.machine.room = replace(ROOMY, **values)

    return plant


def many_includes(one: Patient) -> None:
    hosts = [f"h{number}.press.internal" for number in range(12)]
    one.zone.records[SPF] = [text("v=spf1 " + " ".join(f"include:{host}" for host in hosts) + " -all")]
    one.zone.records.update({f"{host} TXT": [text("v=spf1 ip4:192.0.2.1 -all")] for host in hosts})


def nested_includes(one: Patient) -> None:
    """Four at the top, each of which costs two more, and mx: 13."""
    one.zone.records[SPF] = [
        text("v=spf1 mx " + " ".join(f"include:n{n}.press.internal" for n in range(4)) + " -all")
    ]
    one.zone.records["leaf.press.internal TXT"] = [text("v=spf1 ip4:192.0.2.1 -all")]
    for n in range(4):
        inner = "v=spf1 a:mx.press.internal include:leaf.press.internal -all"
        one.zone.records[f"n{n}.press.internal TXT"] = [text(inner)]


def circle(one: Patient) -> None:
    one.zone.records["_spf.press.internal TXT"] = [text("v=spf1 include:mail.press.internal -all")]


def file_in_place(name: str) -> Plant:
    def plant(one: Patient) -> None:
        shutil.rmtree(one.root / name, ignore_errors=True)
        (one.root / name).write_text("a file where a folder has to be")

    return plant


def sql(statement: str) -> Plant:
    def plant(one: Patient) -> None:
        connection = sqlite3.connect(one.root / "var" / "publisher.db")
        with connection:
            connection.execute(statement)
        connection.close()

    return plant


def damage(one: Patient) -> None:
    """Overwrite the page that an index begins with."""
    path = one.root / "var" / "publisher.db"
    connection = sqlite3.connect(path)
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'ix_events_digest_id'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def future(one: Patient) -> None:
    one.insert(tables.events, at=NOW + timedelta(days=3), kind="digest.held", data={})


def no_clock(one: Patient) -> None:
    one.now = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)


def sender(one: Patient, sender_id: str = "0123-abc", **values: object) -> None:
    one.insert(
        tables.senders,
        **{"id": sender_id, "host": "elsewhere", "started_at": LONG_AGO, "lease_until": LONG_AGO} | values,
    )


def dead_journal(one: Patient) -> None:
    Journal(one.root / "var" / "journal", "0123-abc").close(remove=False)


def behind(
    one: Patient, state: str = "behind", error: str = "the disk is full", target: str = "endpoint:site"
) -> None:
    _, edition_id = one.edition()
    one.insert(
        tables.publications,
        edition_id=edition_id,
        target=target,
        state=state,
        attempts=4,
        error=error,
        changed_at=LONG_AGO,
    )


def hub(url: str, answer: bytes) -> Plant:
    """A hub that answers so."""

    def plant(one: Patient) -> None:
        one.change('[[endpoint]]\nkind = "directory"', f'[[hub]]\nurl = "{url}"\n[[endpoint]]\nkind = "directory"')
        one.web.acts["/hub"] = answer

    return plant


def webdav(url: str, login: str = "") -> Plant:
    """A second endpoint."""
    return change("[[dkim]]", f'[[endpoint]]\nkind = "webdav"\nurl = "{url}"\n{login}\n[[dkim]]')


def idle(one: Patient) -> None:
    mailing_id = one.mailing("running", started_at=LONG_AGO)
    one.insert(tables.batches, mailing_id=mailing_id, first_id=1, last_id=9, mails=9)


def bad_template(one: Patient) -> None:
    (one.root / "templates" / "email").mkdir(parents=True)
    (one.root / "templates" / "email" / "mail.html").write_text("{{ no_such_name }}")


def key_for_all(one: Patient) -> None:
    (one.root / "var" / "dkim" / "press.internal.s1.pem").chmod(0o644)


def key_for_group(one: Patient) -> None:
    (one.root / "var" / "dkim" / "press.internal.s1.pem").chmod(0o640)


def open_config(one: Patient) -> None:
    one.mode = 0o644


def lost_secret(one: Patient) -> None:
    one.change('secret = "hush-secret-4711-4711"\n', "")
    one.insert(tables.facts, name="secret.made", value="yes")


def rule(step: Step, act: str) -> Plant:
    return lambda one: one.smtp.rules.append(Rule(step, act))


def act(path: str, what: Act) -> Plant:
    return lambda one: one.web.acts.__setitem__(path, what)


def strict(one: Patient) -> None:
    one.change("daily@press.internal", "daily@news.press.internal")
    texts(DMARC, "v=DMARC1; p=reject; adkim=s")(one)


FAULTS = [
    Fault("secrets in an open file", open_config, "configuration", WARNING, "provider.password", "chmod 600"),
    Fault(
        "no inbox", lambda one: (one.root / "digests").rmdir(), "inbox", BROKEN, "no folder", "[inbox] directory"
    ),
    Fault("file for journals", file_in_place("var/journal"), "folders", BROKEN, "journals", "chown"),
    Fault("key for everybody", key_for_all, "keys", BROKEN, "everybody", "chmod 600"),
    Fault("key for the group", key_for_group, "keys", WARNING, "its group", "chmod 600"),
    Fault("disk full", room(free=10_000_000), "disk", BROKEN, "0.0 GB free", "Make room"),
    Fault("disk nearly full", room(free=300_000_000), "disk", WARNING, "0.3 GB free", "Make room"),
    Fault("no inodes", room(free_files=3), "disk", BROKEN, "room for 3 more files", "Make room"),
    Fault("rows of the future", future, "clock", BROKEN, "2026-11-25", "timedatectl"),
    Fault("clock never set", no_clock, "clock", BROKEN, "1970-01-01", "timedatectl"),
    Fault(
        "older schema",
        sql("UPDATE alembic_version SET version_num = '0001'"),
        "database",
        BROKEN,
        "schema 0001",
        "`publisher db upgrade`",
    ),
    Fault("damaged database", damage, "integrity", BROKEN, "damaged", "backup"),
    Fault("lost secret", lost_secret, "secret", BROKEN, "is gone", "Restore it from the backup"),
    Fault("template", bad_template, "newsletters", BROKEN, "no_such_name", ""),
    Fault(
        "unreadable colours",
        change("[[dkim]]", '[theme.dark]\nink = "#333333"\n[[dkim]]'),
        "newsletters",
        WARNING,
        "[theme.dark]",
        "",
    ),
    Fault("wrong password", rule(Step.AUTH, "535 5.7.8 no"), "provider", BROKEN, "refuses the login", "password"),
    Fault(
        "server down", rule(Step.CONNECT, "554 no mail here"), "provider", BROKEN, "554", "host, port and security"
    ),
    Fault(
        "no STARTTLS",
        change('security = "none"', 'security = "starttls"'),
        "provider",
        BROKEN,
        "offers no STARTTLS",
        "security",
    ),
    Fault("no login offered", lambda one: one.smtp.features.clear(), "provider", BROKEN, "no login", "submission"),
    Fault("no SPF", no_records(SPF), "spf", BROKEN, "no SPF record", "TXT record"),
    Fault("two SPF", texts(SPF, "v=spf1 mx -all", "v=spf1 a -all"), "spf", BROKEN, "2 SPF records", "into one"),
    Fault("SPF for all", texts(SPF, "v=spf1 mx +all"), "spf", BROKEN, "everybody", "~all"),
    Fault("SPF open", texts(SPF, "v=spf1 mx"), "spf", WARNING, "nothing about other", "~all"),
    Fault("SPF of 12 includes", many_includes, "spf", BROKEN, "needs 12 look-ups", "ip4:"),
    Fault("SPF of nested includes", nested_includes, "spf", BROKEN, "needs 13 look-ups", "ip4:"),
    Fault("SPF in a circle", circle, "spf", BROKEN, "circle", "Mend"),
    Fault("SPF with a typing error", texts(SPF, "v=spf1 inlude:x.org -all"), "spf", BROKEN, "inlude", "Mend"),
    Fault("SPF with no network", texts(SPF, "v=spf1 ip4:300.1.1.1 -all"), "spf", BROKEN, "300.1.1.1", "Mend"),
    Fault(
        "SPF includes nothing",
        texts(SPF, "v=spf1 include:gone.press.internal -all"),
        "spf",
        BROKEN,
        "no SPF record",
        "Mend",
    ),
    Fault(
        "SPF of names that are gone",
        texts(SPF, "v=spf1 a:g1.press.internal a:g2.press.internal mx:g3.press.internal -all"),
        "spf",
        BROKEN,
        "3 names in SPF do not exist",
        "Remove",
    ),
    Fault("SPF with ptr", texts(SPF, "v=spf1 ptr -all"), "spf", WARNING, "ptr", "Name the servers"),
    Fault("no DKIM key", no_records(KEY), "dkim", BROKEN, "no DKIM key", record()),
    Fault("other DKIM key", texts(KEY, "v=DKIM1; k=rsa; p=MIGfAAAA"), "dkim", BROKEN, "not the one", record()),
    Fault("revoked DKIM key", texts(KEY, "v=DKIM1; p="), "dkim", BROKEN, "revoked", "Publish"),
    Fault("DKIM key on trial", texts(KEY, record() + "; t=y"), "dkim", WARNING, "t=y", "Remove t=y"),
    Fault(
        "DKIM key of another domain",
        change('domain = "press.internal"', 'domain = "other.internal"'),
        "dkim",
        BROKEN,
        "no [[dkim]] has a key for press.internal",
        "publisher dkim new press.internal",
    ),
    Fault("no DMARC", no_records(DMARC), "dmarc", BROKEN, "no DMARC policy", "p=none"),
    Fault("DMARC without policy", texts(DMARC, "v=DMARC1; rua=mailto:x"), "dmarc", BROKEN, "(p=)", "p=none"),
    Fault("two DMARC", texts(DMARC, "v=DMARC1; p=none", "v=DMARC1; p=reject"), "dmarc", BROKEN, "2 DMARC", "Mend"),
    Fault(
        "strict DMARC",
        strict,
        "dmarc",
        BROKEN,
        "adkim=s",
        "adkim=r",
    ),
    Fault("null MX", records("press.internal MX", "0 ."), "mx", BROKEN, "takes no mail", "reply_to"),
    Fault(
        "no mail server",
        no_records("press.internal MX", "press.internal A"),
        "mx",
        BROKEN,
        "neither MX nor address",
        "MX record",
    ),
    Fault("address for MX", no_records("press.internal MX"), "mx", WARNING, "no MX record", "MX record"),
    Fault("MX nowhere", no_records("mx.press.internal A"), "mx", BROKEN, "has no address", "Mend the MX"),
    Fault("no PTR", no_records("34.216.184.93.in-addr.arpa PTR"), "ptr", BROKEN, "no name (PTR)", "reverse DNS"),
    Fault("PTR one way", records("mx.press.internal A", "192.0.2.9"), "ptr", BROKEN, "does not lead back", OWN),
    Fault(
        "file for site", file_in_place("var/site"), "endpoints", BROKEN, "nothing can be written", "[[endpoint]]"
    ),
    Fault(
        "a hub that is gone",
        hub("https://press.internal/hub", reply("404 Not Found")),
        "hubs",
        BROKEN,
        "404",
        "the address of a hub",
    ),
    Fault(
        "a hub that has moved",
        hub("https://press.internal/hub", to("https://press.internal/new")),
        "hubs",
        BROKEN,
        "sends us to https://press.internal/new",
        "[[hub]] url",
    ),
    Fault(
        "no WebDAV server", webdav("http://127.0.0.1:9/"), "endpoints", BROKEN, "webdav: ", "that the server runs"
    ),
    Fault(
        "a password for all to read",
        webdav("http://dav.internal/", 'user = "daily"\npassword = "hush-password-4711"'),
        "endpoints",
        WARNING,
        "goes over the network",
        "https",
    ),
    Fault("site is gone", act("/", reply("404 Not Found")), "site", BROKEN, "404", "[site] url"),
    Fault(
        "site of another", act("/", reply(body=b"welcome to nginx")), "site", BROKEN, "something else", "endpoint"
    ),
    Fault("site redirects", act("/", to("https://www.press.internal/")), "site", BROKEN, "www.", "[site] url"),
    Fault("site hangs up", act("/", hang_up), "site", BROKEN, "press.internal", "whoever runs the server"),
    Fault(
        "clocks differ",
        act(
            "/",
            reply(
                body=(b"<!doctype html><title>The Example Gazette</title>"), Date="Sun, 22 Nov 2026 09:30:00 GMT"
            ),
        ),
        "site",
        WARNING,
        "clock",
        "timedatectl",
    ),
    Fault(
        "links lead nowhere",
        act("POST /u/check", reply("404 Not Found")),
        "links",
        BROKEN,
        "404",
        "publisher serve",
    ),
    Fault(
        "links redirect",
        act("POST /u/check", to("https://x.internal/")),
        "links",
        BROKEN,
        "sends on",
        "[site] url",
    ),
    Fault(
        "no https", change("https://press.internal/", "http://press.internal/"), "links", WARNING, "8058", "https"
    ),
    Fault(
        "nobody publishes",
        lambda one: one.digest("finalized", finalized_at=LONG_AGO),
        "schedule",
        WARNING,
        "should have left",
        "publisher serve",
    ),
    Fault(
        "held",
        lambda one: one.digest("held", held_because="3 h late"),
        "schedule",
        WARNING,
        "3 h late",
        "publisher digest release daily/news",
    ),
    Fault("sender is gone", sender, "senders", WARNING, "is gone", "publisher run"),
    Fault("journal of the dead", dead_journal, "senders", WARNING, "died", "never remove"),
    Fault(
        "paused", lambda one: one.mailing("paused"), "mailings", WARNING, "paused", "publisher mailing resume 1"
    ),
    Fault(
        "waits for long", lambda one: one.mailing("waiting"), "mailings", BROKEN, "waits for its page", "endpoint"
    ),
    Fault("nobody sends", idle, "mailings", BROKEN, "nobody sends it", "publisher run"),
    Fault(
        "hub not told",
        partial(behind, error="it says 503", target="hub:https://press.internal/hub"),
        "publications",
        WARNING,
        "was not announced to https://press.internal/hub: it says 503",
        "tried again by itself",
    ),
    Fault(
        "not seen in public",
        partial(behind, target="public:https://press.internal/"),
        "publications",
        WARNING,
        "was not seen at https://press.internal/",
        "publisher feed check",
    ),
    Fault("behind", behind, "publications", WARNING, "the disk is full", "publisher feed build"),
    Fault(
        "never put", partial(behind, state="pending"), "publications", WARNING, "waits to be put", "publisher run"
    ),
]


def test_a_healthy_instance_is_fine_in_every_check(healthy: Patient) -> None:
    found = {result.check.name: {finding.level for finding in result.findings} for result in healthy.results()}
    assert found == {check.name: {Level.FINE} for check in CHECKS}
    assert healthy.smtp.received == []
    assert healthy.smtp.commands[-1] == "QUIT"
    assert [path.name for path in (healthy.root / "var" / "site").iterdir()] == ["index.html"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found_with_its_remedy(healthy: Patient, fault: Fault) -> None:
    fault.plant(healthy)
    found = [finding for finding in healthy.findings(fault.check) if finding.level is fault.level]
    matching = [finding for finding in found if fault.said in finding.message]
    assert matching
    assert all(finding.remedy and fault.remedy in finding.remedy for finding in matching)


def test_a_sender_that_lives_and_says_nothing_is_found(healthy: Patient) -> None:
    sender(healthy)
    journal = Journal(healthy.root / "var" / "journal", "0123-abc")
    try:
        (found,) = healthy.findings("senders")
    finally:
        journal.close(remove=True)
    assert (found.level, "says nothing any more" in found.message) == (BROKEN, True)


def test_a_sender_at_work_is_no_fault_here_or_elsewhere(healthy: Patient) -> None:
    for sender_id in ("0123-here", "0123-elsewhere"):
        sender(healthy, sender_id, lease_until=NOW + timedelta(minutes=1))
    journal = Journal(healthy.root / "var" / "journal", "0123-here")
    try:
        assert [finding.level for finding in healthy.findings("senders")] == [Level.FINE]
    finally:
        journal.close(remove=True)


def test_every_check_has_a_planted_fault() -> None:
    assert {fault.check for fault in FAULTS} == {check.name for check in CHECKS}
    assert len(FAULTS) >= 25


def test_a_server_that_says_nothing_does_not_keep_us(healthy: Patient) -> None:
    rule(Step.EHLO, HANG)(healthy)
    with healthy.ground() as stood_on, pytest.raises(ProviderError, match="no answer in time"):
        try_provider(stood_on.settings.provider[0], stood_on.settings, seconds=0.2)
