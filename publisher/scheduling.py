"""Waking work at the right moment: APScheduler's only room. The database decides what there is to do.

`slots` reads schedules, for everybody; it lives below, in `publisher.slots`, since publishing needs it too.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from publisher.app import App, secrets_of_instance
from publisher.bounces.identifying import Verdict
from publisher.digests.record import MailChoice
from publisher.errors import PublisherError
from publisher.publishing.passes import PassReport
from publisher.slots import slots
from publisher.web.app import create_app
from publisher.web.documents import Documents
from publisher.web.folder import Folder
from publisher.web.hammering import Hammering
from publisher.web.serve import WebServer
from publisher.web.serving import Desk
from publisher.web.tally import Tally

__all__ = ["Service", "serve", "slots"]

LOOK = timedelta(seconds=5)
"""How often the inbox, retries and dead senders are looked at; slots are woken for to the moment."""

FORGET = timedelta(hours=1)
"""How often what is too old is forgotten."""

WATCH = timedelta(minutes=1)
"""How often it is looked whether anything is wrong; after a pass and after sending at once."""

FETCH = timedelta(seconds=30)
"""How often it is looked whether an upstream feed may be asked; `every` of each decides."""

POST = timedelta(seconds=2)
"""How often the outbox of notices is looked at: somebody sits before an empty mailbox and waits."""

SITE = timedelta(seconds=1)
"""How often it is looked whether another process has put documents."""

FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=15)
"""How long sending rests when the provider cannot be used at all: doubled each time, up to the longest."""

FEW = 3
"""Warnings of one digest that the log tells; of more, only how many."""

_log = logging.getLogger("publisher")


class Service:
    """Runs passes and senders on time, until stopped.

    Eight jobs that never overlap with themselves: `pass` (inbox, slots, endpoints), `send` (running mailings,
    due retries, what dead senders left), `mailbox` and `feedback` (what came back about mail), `notices` (mails to
    one person), `alerts`, `retention` and `feeds` (upstream feeds into the inbox). A long mailing keeps neither
    the next pass waiting nor somebody who signs up nor what comes back about it; telling the desk, or a feed that
    does not answer, none of them.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._failures = 0
        self._rest_until: datetime | None = None
        self._told: dict[int, str] = {}
        self._notes_told: tuple[str, ...] = ()

    def start(self) -> None:
        """Start the jobs at once, but for alerts, which are of what the first have seen; then every so often."""
        now = self._app.clock()
        jobs = (
            ("pass", self._pass, LOOK, now),
            ("send", self._send, LOOK, now),
            ("mailbox", self._mailbox, self._app.settings.bounces.every, now),
            ("feedback", self._feedback, LOOK, now),
            ("notices", self._notices, POST, now),
            ("alerts", self._alerts, WATCH, now + LOOK),
            ("retention", self._forget, FORGET, now + WATCH),
            ("feeds", self._fetch, FETCH, now),
        )
        for job_id, work, every, first in jobs:
            self._scheduler.add_job(
                _guarded(job_id, work, every),
                "interval",
                seconds=every.total_seconds(),
                id=job_id,
                replace_existing=True,
                next_run_time=first,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,  # late is better than never
            )
        self._scheduler.start()

    def stop(self) -> None:
        """End what is under way: senders settle what is in flight and give the rest back."""
        self._stopping.set()
        self._scheduler.shutdown(wait=True)

    def _pass(self) -> None:
        report = self._app.run_pass(sleep=self._stopping.wait)
        _tell(report)
        self._wake_at_next_slot()
        if any(start.started for start in report.starts):
            self._scheduler.modify_job("send", next_run_time=self._app.clock())
        if report.held or any(start.alert for start in report.starts) or any(put.error for put in report.puts):
            self._wake_alerts()

    def _wake_at_next_slot(self) -> None:
        now = self._app.clock()
        moments = [self._app.publisher.next_event(cadence, now) for cadence in self._app.cadences]
        upcoming = [moment for moment in moments if moment is not None and moment < now + LOOK]
        if upcoming and not self._stopping.is_set():
            self._scheduler.modify_job("pass", next_run_time=max(min(upcoming), now))

    def _send(self) -> None:
        now = self._app.clock()
        if self._rest_until is not None and now < self._rest_until:
            return
        running = [mailing.id for mailing in self._app.mailroom.running()]
        ended = self._app.send(stop=self._stopping.is_set, last=False)
        moved = self._tell_sums(running)
        for note in ended.notes:
            if note not in self._notes_told:
                _log.warning("%s", note)
        self._notes_told = ended.notes or self._notes_told
        self._failures = self._failures + 1 if ended.errors else 0
        self._rest_until = now + rest(self._failures) if ended.errors else None
        if moved or ended.errors:
            self._wake_alerts()
        for error in ended.errors:
            _log.error("%s; tried again in %s", error.removeprefix("publisher: "), rest(self._failures))

    def _wake_alerts(self) -> None:
        if not self._stopping.is_set():
            self._scheduler.modify_job("alerts", next_run_time=self._app.clock())

    def _alerts(self) -> None:
        report = self._app.alerting.tell(stop=self._stopping.is_set)
        for alert in report.begun:
            _log.warning("alert: %s. %s", alert.text, alert.remedy)
        for alert in report.over:
            _log.info("alert over: %s", alert.text)
        for error in report.errors:
            _log.error("%s; tried again", error)

    def _notices(self) -> None:
        posting = self._app.posting
        if posting.waiting(self._app.clock()):
            report = posting.post(self._app.clock, self._stopping.is_set)
            for error in report.errors:
                _log.error("%s", error)

    def _mailbox(self) -> None:
        if number := self._app.returning.collect():
            _log.info("bounce mailbox: %d mails read", number)

    def _feedback(self) -> None:
        done = self._app.returning.processing.process(self._app.clock, self._stopping.is_set)
        if told := str(done):
            _log.info("came back: %s", told)
        if done.paused or done.verdicts[Verdict.HELD]:
            self._wake_alerts()

    def _fetch(self) -> None:
        fetched = self._app.fetch()
        for line in fetched.lines:
            _log.info("feeds: %s", line)
        for note in fetched.notes:
            _log.warning("%s", note)
        for error in fetched.errors:
            _log.error("%s", error)

    def _forget(self) -> None:
        forgotten = self._app.retaining.forget(self._app.clock(), self._stopping.is_set)
        if forgotten:
            _log.info("retention: forgotten: %s", forgotten)

    def _tell_sums(self, mailings: Sequence[int]) -> bool:
        """One line for each mailing whose sums are not those that were told last; whether there was one."""
        before, self._told = self._told, {}
        for mailing_id in mailings:
            facts = self._app.mailroom.facts(mailing_id)
            sums = ", ".join(f"{number} {state}" for state, number in facts.counts.items()) or "nobody to mail"
            line = f"mailing {mailing_id} of {facts.digest.key}: {sums} ({facts.mailing.state})"
            self._told[mailing_id] = line
            if before.get(mailing_id) != line:
                _log.info("%s", line)
        return any(before.get(mailing_id) != line for mailing_id, line in self._told.items())


def rest(failures: int) -> timedelta:
    """How long sending rests after so many failures in a row."""
    doubled: timedelta = FIRST_REST * 2 ** min(failures - 1, 10)
    return min(doubled, LONGEST_REST)


def serve(app: App) -> None:
    """Serve until SIGTERM, SIGINT or the end of the web server.

    Raises:
        UsageError: the address cannot be listened at.
        PublisherError: the web server ended by itself.
    """
    _log_lines(secrets_of_instance(app.config_file).redacted)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    service = Service(app)
    web = app.settings.web
    site, tally = Folder(app.site_folder), Tally()
    desk = Desk(Documents(site, app.upkeep), Hammering(), tally)
    application = create_app(app.links, app.signups, site, app.returning.hooks, desk)
    look = _guarded("site", partial(app.upkeep.look, tally.taken), SITE)
    look()
    listener = app.returning.listener() or nullcontext()
    with listener, WebServer(application, web.host, web.port) as server:
        _log.info("serving %s at %s (stop with Ctrl-C)", app.settings.site.title, server.url)
        service.start()
        try:
            while not stop.wait(SITE.total_seconds()):
                look()
                if not server.running:
                    raise PublisherError("the web server ended by itself", remedy="The log above says why")
        finally:
            _log.info("stopping: what is in flight is settled first")
            server.end()  # both take their time, at the same time: whoever stops us waits ten seconds
            service.stop()
            _guarded("site", lambda: app.upkeep.write_polls(tally.taken()), SITE)()


def _guarded(name: str, work: Callable[[], None], every: timedelta = LOOK) -> Callable[[], None]:
    """`work`, whose expected failures are one line in the log; it is tried again at its next time.

    A failure that stays the same is told once, not every LOOK: a log that scrolls hides what comes next.
    """
    told = ""

    def run() -> None:
        nonlocal told
        try:
            work()
        except PublisherError as error:
            if str(error) != told:
                _log.error("%s: %s; tried again every %d s", name, error, every.seconds)
            told = str(error)
        else:
            if told:
                _log.info("%s: works again", name)
            told = ""

    run.__name__ = name
    return run


def _tell(report: PassReport) -> None:
    for line in report.taken:
        _log.info("inbox: %s", line)
    for note in report.notes:
        _log.warning("inbox: %s", note)
    for one in report.published:
        mailed = "mailed" if one.mail is MailChoice.MAILED else "page and feeds only"
        _log.info("published %s (%s)", one.digest.key, mailed)
        for finding in one.findings[:FEW]:
            _log.warning("%s: %s", one.digest.key, finding)
        if len(one.findings) > FEW:
            more = len(one.findings) - FEW
            _log.warning("%s: %d more: `publisher check %s`", one.digest.key, more, one.digest.key)
    for record, reason in report.held:
        _log.warning("held %s: %s", record.key, reason)
    for put in report.puts:
        _log.info("endpoint %s: %d documents changed", put.endpoint, len(put.paths))
    for start in report.starts:
        if start.alert:
            _log.warning("%s", start.alert)
    for announcement in report.announcements:
        if announcement.error is None:
            _log.info("%s: %d feeds", announcement.target, announcement.feeds)
        else:
            _log.warning("%s; tried again", announcement.error)
    for error in report.errors:
        _log.error("%s", error)


class _Lines(logging.Formatter):
    """One line an event, and the trace of a fault; no secret in either, whoever wrote it.

    Args:
        clean: takes secrets out of a text.
    """

    def __init__(self, clean: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
        self._clean = clean

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return self._clean(super().format(record))


def _log_lines(clean: Callable[[str], str]) -> None:
    """Events on standard error; libraries speak up from warnings on."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(clean))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _log.setLevel(logging.INFO)
    # That a long mailing keeps the next look waiting is as it should be, and no warning to anybody.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
