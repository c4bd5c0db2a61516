"""`config.toml` becomes frozen settings; a wrong or unknown key is an error with its dotted path.

Any value may be `{ env = "NAME" }` or `{ file = "PATH" }`, so that no secret has to be written in it. Relative
paths, those in SQLite addresses too, are relative to the folder of the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from publisher.errors import ConfigError

RESERVED_SLUGS = frozenset({"about", "assets", "feeds", "desk", "api", "hooks", "u", "s", "healthz"})
"""First parts of public addresses that no newsletter may take."""

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d+)\s*(s|min|h|d)", str(value).strip())
    if not match:
        raise ValueError('a duration is a number and a unit: "2 s", "10 min", "6 h" or "3 d"')
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", value):
        raise ValueError("a slug has 1 to 63 lower-case letters, digits and hyphens")
    if value in RESERVED_SLUGS:
        raise ValueError(f'"{value}" is reserved; choose another')
    return value


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f'"{value}" is no time zone; write one like "Europe/Berlin"')
    return value


def _address(value: str) -> str:
    """`Name <local@domain>` or `local@domain`, in one line."""
    if re.search(r"[\r\n\0]", value):
        raise ValueError("an address is one line")
    name, _, rest = value.rpartition("<")
    bare = rest.rstrip().removesuffix(">") if name or value.lstrip().startswith("<") else value
    try:
        validate_email(bare.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f'"{value}" is no mail address: {error}') from error
    return value.strip()


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https", "file"} or (parts.scheme != "file" and not parts.hostname):
        raise ValueError('a web address begins with "https://" (or "http://")')
    if parts.query or parts.fragment:
        raise ValueError("without ? and #")
    return value if value.endswith("/") else value + "/"


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Slug = Annotated[str, AfterValidator(_slug)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Address = Annotated[str, AfterValidator(_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
"""Always ends with a slash, so that paths can be appended."""
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Site(_Section):
    """`[site]`: what the instance is called and where its pages live."""

    title: str = Field(min_length=1)
    url: WebAddress
    app_url: WebAddress | None = None
    language: Language = "en"
    secret: SecretStr | None = None
    wait: Duration = timedelta(minutes=10)

    @property
    def links_url(self) -> str:
        """Where dynamic pages live, with a slash at the end."""
        return self.app_url or self.url


class Web(_Section):
    """`[web]`: where `serve` listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)


class Storage(_Section):
    """`[storage]`: the database."""

    url: str = "sqlite:///var/publisher.db"


class Inbox(_Section):
    """`[inbox]`: where digests are dropped."""

    directory: Path = Path("digests")
    settle: Duration = timedelta(seconds=2)


class Newsletter(_Section):
    """`[[newsletter]]`: one list of subscribers with a schedule."""

    slug: Slug
    title: str = Field(min_length=1)
    sender: Address = Field(alias="from")
    description: str = ""
    reply_to: Address | None = None
    envelope_from: Address | None = None
    postal_address: str = ""
    language: Language | None = None
    timezone: TimeZone = "UTC"
    schedule: str = "on finalize"
    stale_after: Duration = timedelta(hours=6)

    @property
    def zone(self) -> ZoneInfo:
        """The newsletter's time zone."""
        return ZoneInfo(self.timezone)


class Sending(_Section):
    """`[sending]`: how deliveries are handed over."""

    senders: int = Field(default=0, ge=0, le=64)
    window: int = Field(default=64, ge=1, le=64)
    retry_after: Duration = timedelta(minutes=5)
    give_up_after: Duration = timedelta(hours=24)


class MaildirProvider(_Section):
    """`[provider] kind = "maildir"`: mail becomes files; the default of a fresh instance."""

    kind: Literal["maildir"] = "maildir"
    path: Path = Path("var/outbox")


class SmtpProvider(_Section):
    """`[provider] kind = "smtp"`: any mail server."""

    kind: Literal["smtp"]
    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    timeout: Duration = timedelta(seconds=60)
    ca_file: Path | None = None
    helo: str | None = None


Provider = Annotated[MaildirProvider | SmtpProvider, Field(discriminator="kind")]


class DirectoryEndpoint(_Section):
    """`[[endpoint]] kind = "directory"`: a folder that a web server serves, or a browser opens."""

    kind: Literal["directory"] = "directory"
    name: Slug = "site"
    path: Path = Path("var/site")


Endpoint = DirectoryEndpoint


class Hub(_Section):
    """`[[hub]]`: a WebSub hub."""

    url: WebAddress


class Settings(_Section):
    """The whole configuration. `root` is the folder that relative paths start from."""

    root: Path
    site: Site
    newsletter: tuple[Newsletter, ...] = Field(min_length=1)
    web: Web = Web()
    storage: Storage = Storage()
    inbox: Inbox = Inbox()
    sending: Sending = Sending()
    provider: Provider = MaildirProvider()
    endpoint: tuple[Endpoint, ...] = (DirectoryEndpoint(),)

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


def load(path: Path) -> Settings:
    """Read the configuration file.

    Raises:
        ConfigError: the file is missing, is no TOML, or holds a wrong or unknown key.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            "there is no configuration here",
            remedy="Make one with `publisher init`, or name one with --config FILE",
            file=str(path),
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not readable as TOML: {error}", file=str(path)) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=str(path)) from error
    root = path.resolve().parent
    return parse(raw, root=root, file=str(path))


def parse(raw: dict[str, Any], *, root: Path, file: str = "config.toml") -> Settings:
    """Settings from parsed TOML; the pure half of `load` but for env and file references."""
    resolved = _resolve(raw, root, file, "")
    if "root" in resolved:
        raise ConfigError("root: unknown key", file=file)
    try:
        settings = Settings.model_validate({**resolved, "root": root})
    except ValidationError as error:
        raise ConfigError(_explain(error), file=file) from error
    slugs = [newsletter.slug for newsletter in settings.newsletter]
    names = [endpoint.name for endpoint in settings.endpoint]
    for key, values in (("newsletter.slug", slugs), ("endpoint.name", names)):
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ConfigError(f'{key}: "{twice}" is there twice', file=file)
    return settings


def _resolve(value: Any, root: Path, file: str, dotted: str) -> Any:
    """`value` with every `{ env = … }` and `{ file = … }` replaced by what it points to."""
    if isinstance(value, list):
        return [_resolve(item, root, file, f"{dotted}[{index}]") for index, item in enumerate(value, 1)]
    if not isinstance(value, dict):
        return value
    if set(value) == {"env"} and isinstance(value["env"], str):
        found = os.environ.get(value["env"])
        if found is None:
            raise ConfigError(
                f"{dotted}: the environment variable {value['env']} is not set",
                remedy="Set it where the publisher is started",
                file=file,
            )
        return found
    if set(value) == {"file"} and isinstance(value["file"], str):
        try:
            return (root / value["file"]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{dotted}: {value['file']} cannot be read", file=file) from error
    return {key: _resolve(item, root, file, f"{dotted}.{key}" if dotted else key) for key, item in value.items()}


_TAGS = {"maildir", "smtp", "directory"}


def _explain(error: ValidationError) -> str:
    """The first problem pydantic saw, with the dotted path as it stands in the file."""
    problem = error.errors(include_url=False, include_input=False)[0]
    path = ""
    for part in problem["loc"]:
        if isinstance(part, int):
            path += f"[{part + 1}]"
        elif part not in _TAGS:
            path += f".{part}" if path else str(part)
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"{path}: unknown key"
    if kind == "missing":
        return f"{path}: is required"
    return f"{path}: {problem['msg'].removeprefix('Value error, ')}"
