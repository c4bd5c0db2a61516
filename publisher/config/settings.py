"""The tables of `config.toml` as frozen settings, with their defaults."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator

from publisher.config.endpoints import DirectoryEndpoint, Endpoint, Hub
from publisher.config.feeds import InboxFeed
from publisher.config.fields import (
    Address,
    BareAddress,
    ClockTime,
    Colour,
    Domain,
    Duration,
    FontFamily,
    Language,
    Line,
    Name,
    Portion,
    Size,
    Slug,
    TimeZone,
    WebAddress,
)
from publisher.config.providers import MaildirProvider, Provider
from publisher.config.section import Limits, Section
from publisher.errors import ConfigError

LONGEST_BEFORE_TOKEN = 39
"""Octets of a local part that leave room for `+` and a token within 64 (RFC 5321, 4.5.3.1.1)."""


_A_DAY = timedelta(days=1)


class Site(Section):
    """`[site]`: what the instance is called and where its pages live."""

    title: Line
    url: WebAddress
    app_url: WebAddress | None = None
    language: Language = "en"
    secret: SecretStr | None = Field(default=None, min_length=16)
    wait: Duration = timedelta(minutes=10)

    @property
    def links_url(self) -> str:
        """Where dynamic pages live, with a slash at the end."""
        return self.app_url or self.url


class Web(Section):
    """`[web]`: where `serve` listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)


class Storage(Section):
    """`[storage]`: the database."""

    url: str = Field(default="sqlite:///var/publisher.db", repr=False)
    """May hold a password, so it is shown nowhere."""


class Inbox(Section):
    """`[inbox]`: where digests are dropped."""

    directory: Path = Path("digests")
    settle: Duration = timedelta(seconds=2)
    feed: tuple[InboxFeed, ...] = ()
    """Feeds of others that become digests."""


class Newsletter(Section):
    """`[[newsletter]]`: one list of subscribers with a schedule."""

    slug: Slug
    title: Line
    sender: Address = Field(alias="from")
    description: str = ""
    reply_to: Address | None = None
    envelope_from: BareAddress | None = None
    verp: bool = False
    """Whether each mail has an envelope sender of its own, `local+TOKEN@domain`."""
    unsubscribe_mailto: BareAddress | None = None
    """An address whose mail takes people off the list; only when somebody reads it."""
    postal_address: str = ""
    language: Language | None = None
    timezone: TimeZone = "UTC"
    schedule: str = "on finalize"
    stale_after: Duration = timedelta(hours=6)
    local_time: ClockTime = False
    """Whether mail arrives at the schedule's time of each reader's own day, or at which one."""
    public_diff: bool = False
    """Whether a corrected digest's page shows what was changed, and not the note alone."""
    segment: Name | None = None
    """The segment that scheduled mailings go to; everybody when not given."""

    @property
    def bounces_to(self) -> str:
        """The bare address that bounces go to."""
        return self.envelope_from or self.sender.rpartition("<")[2].removesuffix(">")

    @model_validator(mode="after")
    def _token_has_room(self) -> Self:
        local = self.bounces_to.rpartition("@")[0]
        if self.verp and len(local.encode()) > LONGEST_BEFORE_TOKEN:
            raise ValueError(
                f"with verp, {LONGEST_BEFORE_TOKEN} letters at most stand before the @ of envelope_from (or from):"
                f" a token of {63 - LONGEST_BEFORE_TOKEN} follows them, and mail servers take 64 in all"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The newsletter's time zone."""
        return ZoneInfo(self.timezone)


class Colours(Section):
    """`[theme.light]`: the colours of mail and pages by day, as `#rrggbb`."""

    ink: Colour = "#1b1b1b"
    paper: Colour = "#ffffff"
    page: Colour = "#f6f5f2"
    muted: Colour = "#5c5a55"
    rule: Colour = "#e2dfd8"
    accent: Colour = "#9b2c1f"


class DarkColours(Section):
    """`[theme.dark]`: the same in the dark."""

    ink: Colour = "#eceae6"
    paper: Colour = "#161614"
    page: Colour = "#0f0f0e"
    muted: Colour = "#a8a49c"
    rule: Colour = "#34322e"
    accent: Colour = "#f0826f"


class Theme(Section):
    """`[theme]`: how mail and pages look."""

    light: Colours = Colours()
    dark: DarkColours = DarkColours()
    serif: FontFamily = "Georgia, 'Times New Roman', serif"
    sans: FontFamily = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
    logo: Path | None = None
    """A picture in place of the newsletter's name, made for twice the size it is shown at."""
    logo_dark: Path | None = None
    logo_width: int = Field(default=200, ge=16, le=552)
    """Pixels."""
    footer: str = ""
    """A paragraph of the site's own at the foot of every mail and page."""


class Preflight(Section):
    """`[preflight]`: what is looked at before a digest leaves."""

    rules: dict[Name, Literal["off", "warn", "block"]] = Field(default_factory=dict)
    """A level for each rule that is not to have its own; `publisher.preflight.registry` knows the rules."""
    timeout: Duration = timedelta(seconds=20)
    """How long the links of one digest are tried, all together."""
    hosts: tuple[Line, ...] = ()
    """Hosts of a private network that links may lead to nevertheless."""


class DomainLimits(Limits):
    """`[[sending.domain]]`: limits on mail to recipients at certain domains, taken together."""

    domains: tuple[Domain, ...] = Field(min_length=1)
    connections: int = Field(default=0, ge=0, le=100)
    """Mails in flight at a time; 0: any number."""


class Brakes(Section):
    """`[sending.brakes]`: shares of the last answers above which a mailing pauses itself; 1: never."""

    last: int = Field(default=100, ge=20, le=10_000)
    """How many answers are looked at."""
    failures: float = Field(default=0.2, gt=0, le=1)
    blocks: float = Field(default=0.1, gt=0, le=1)
    deferrals: float = Field(default=0.5, gt=0, le=1)
    complaints: float = Field(default=0.003, gt=0, le=1)
    """Of all that arrived, not of the last answers."""


class Sending(Limits):
    """`[sending]`: how deliveries are handed over, and how many of them all together."""

    senders: int = Field(default=0, ge=0, le=64)
    window: int = Field(default=64, ge=1, le=64)
    retry_after: Duration = timedelta(minutes=5)
    give_up_after: Duration = timedelta(hours=24)
    domain: tuple[DomainLimits, ...] = ()
    canary: Portion = 0
    """How many of a mailing leave first, to see how they are taken; 0: none."""
    canary_wait: Duration = timedelta(minutes=10)
    brakes: Brakes = Brakes()

    @model_validator(mode="after")
    def _domains_are_named_once(self) -> Self:
        named = [name for each in self.domain for name in each.domains]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"{twice[0]} stands in two [[sending.domain]]")
        return self


class Dkim(Section):
    """`[[dkim]]`: a key that signs the mail of a domain."""

    domain: Domain
    selector: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$")
    key: SecretStr
    """PEM."""

    @property
    def record_name(self) -> str:
        """Where the DNS has its public half (RFC 6376, 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    def signs_for(self, domain: str) -> bool:
        """Whether mail from a domain is signed with it: its own, or one below it (relaxed alignment of DMARC)."""
        return f".{domain}".endswith(f".{self.domain}")


class Alerts(Section):
    """`[alerts]`: who is told when something goes wrong, and what counts as wrong."""

    mail: tuple[BareAddress, ...] = ()
    sender: Address | None = Field(default=None, alias="from")
    """Of the mails; the first newsletter's when not given."""
    webhook: SecretStr | None = None
    """An address of the web that is told by POST; whoever has it can write to the desk."""
    failures: float = Field(default=0.05, gt=0, le=1)
    """The share of a mailing that may fail before somebody is told."""
    disk: Size = 10**9
    """Free octets, on every disk that is written to."""
    missed: Duration = timedelta(minutes=15)
    """How long after a slot in which nothing was published."""
    hourly: int = Field(default=12, ge=1, le=1000)
    """Messages to each address, at most; what is more is summed up."""

    @field_validator("webhook")
    @classmethod
    def _is_of_the_web(cls, value: SecretStr | None) -> SecretStr | None:
        address = "" if value is None else value.get_secret_value()
        if value is not None and not re.fullmatch(r"https?://[^\s/]+[!-~]*", address):
            raise ValueError('is no address that begins with "https://" (or "http://")')
        return value


class Bounces(Section):
    """`[bounces]`: how mail that comes back is taken in: from a mailbox, by a listener, or both."""

    imap_host: Line | None = None
    """The server of a mailbox that bounces are collected in; none is read without it."""
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_security: Literal["tls", "starttls", "none"] = "tls"
    user: Line | None = None
    password: SecretStr | None = None
    folder: str = Field(default="INBOX", pattern=r"^[ -~]{1,200}$")
    after: Literal["seen", "delete"] = "seen"
    """What becomes of a mail that was read."""
    every: Duration = Field(default=timedelta(minutes=1), ge=timedelta(seconds=10))
    lmtp_host: Line = "127.0.0.1"
    lmtp_port: int = Field(default=0, ge=0, le=65535)
    """Where mail is taken by LMTP; 0: nowhere."""

    @model_validator(mode="after")
    def _mailbox_has_a_login(self) -> Self:
        if (self.imap_host is None) != (self.user is None) or (self.user is None) != (self.password is None):
            raise ValueError("imap_host, user and password are given together, or none of them")
        return self


class Retention(Section):
    """`[retention]`: how long things about people are kept."""

    unconfirmed: Duration = Field(default=timedelta(days=30), ge=_A_DAY)
    """Sign-ups that nobody confirms."""
    details: Duration = Field(default=timedelta(days=180), ge=_A_DAY)
    """The mail servers' words about single mails, after the end of their mailing."""
    raw_events: Duration = Field(default=timedelta(days=90), ge=_A_DAY)
    """What providers report about single mails."""


class Settings(Section):
    """The whole configuration. `root` is the folder that relative paths start from."""

    root: Path
    site: Site
    newsletter: tuple[Newsletter, ...] = Field(min_length=1)
    web: Web = Web()
    storage: Storage = Storage()
    inbox: Inbox = Inbox()
    theme: Theme = Theme()
    preflight: Preflight = Preflight()
    sending: Sending = Sending()
    dkim: tuple[Dkim, ...] = ()
    alerts: Alerts = Alerts()
    bounces: Bounces = Bounces()
    retention: Retention = Retention()
    provider: tuple[Provider, ...] = Field(default=(MaildirProvider(),), min_length=1)
    endpoint: tuple[Endpoint, ...] = Field(default=(DirectoryEndpoint(),), min_length=1)
    hub: tuple[Hub, ...] = ()

    @field_validator("endpoint", mode="before")
    @classmethod
    def _a_folder_unless_said(cls, value: object) -> object:
        """`[[endpoint]]` without a kind is a folder."""
        if not isinstance(value, list):
            return value
        return [{"kind": "directory"} | each if isinstance(each, dict) else each for each in value]

    @field_validator("provider", mode="before")
    @classmethod
    def _one_is_several(cls, value: object) -> object:
        """`[provider]` is `[[provider]]` with one table."""
        return [value] if isinstance(value, dict) else value

    @property
    def folders(self) -> tuple[DirectoryEndpoint, ...]:
        """The endpoints that are folders of this machine."""
        return tuple(each for each in self.endpoint if isinstance(each, DirectoryEndpoint))

    def path(self, path: Path) -> Path:
        """`path`, made absolute against the configuration's folder."""
        return self.root / path

    def newsletter_named(self, slug: str) -> Newsletter:
        """The newsletter with this slug.

        Raises:
            ConfigError: there is none; the message lists those that exist.
        """
        for newsletter in self.newsletter:
            if newsletter.slug == slug:
                return newsletter
        known = ", ".join(newsletter.slug for newsletter in self.newsletter)
        raise ConfigError(f'there is no newsletter "{slug}"', remedy=f"Configured: {known}", newsletter=slug)
