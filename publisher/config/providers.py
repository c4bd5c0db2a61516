"""`[provider]`, or several `[[provider]]`: who carries the mail, a class for each kind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from publisher.config.fields import Domain, Duration, Line, Name, WebAddress
from publisher.config.section import Limits


class AnyProvider(Limits):
    """What every provider can be told."""

    kind: str
    name: Name = Field(default_factory=lambda data: data.get("kind", ""))
    """Its name in commands, tables and hook addresses; its kind when not given."""
    domains: tuple[Domain, ...] = ()
    """Recipients at these domains go this way first."""
    share: int = Field(default=0, ge=0, le=100)
    """Of all other recipients, how many parts go this way first; when nobody has a share, the first takes them."""


class MaildirProvider(AnyProvider):
    """`kind = "maildir"`: mail becomes files; the default of a fresh instance."""

    kind: Literal["maildir"] = "maildir"
    path: Path = Path("var/outbox")


class SmtpProvider(AnyProvider):
    """`kind = "smtp"`: any mail server."""

    kind: Literal["smtp"]
    host: Line
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Line | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    """An OAuth 2 access token, in place of a password (XOAUTH2)."""
    connections: int = Field(default=8, ge=1, le=100)
    """Of each sender process, at most."""
    messages_per_connection: int = Field(default=0, ge=0)
    """After so many messages the next goes over a new connection; 0: any number."""
    timeout: Duration = timedelta(seconds=60)
    ca_file: Path | None = None
    helo: Line | None = None

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.user is None) != (self.password is None and self.token is None):
            raise ValueError(
                "user and password are given together, or neither; a token may stand for the password"
            )
        if self.password is not None and self.token is not None:
            raise ValueError("either a password or a token is given")
        return self


class ApiProvider(AnyProvider):
    """What every provider with an API of the web can be told."""

    url: WebAddress | None = None
    """Where the API is, when that is not the provider's usual address."""
    timeout: Duration = timedelta(seconds=60)
    """How long the answer to one call may take."""
    connections: int = Field(default=1, ge=1, le=50)
    """Calls under way at a time, of each sender process."""
    hook_version: int = Field(default=1, ge=1)
    """Another number makes another webhook address, and ends the one before."""


class SesProvider(ApiProvider):
    """`kind = "ses"`: Amazon SES, version 2 of its API."""

    kind: Literal["ses"]
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")
    access_key: SecretStr
    secret_key: SecretStr
    session_token: SecretStr | None = None
    configuration_set: Line | None = None
    """Whose event destination tells us what became of mail."""
    topic: str | None = Field(
        default=None, pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$"
    )
    """The SNS topic that may call our hook."""
    connections: int = Field(default=8, ge=1, le=50)


class MailgunProvider(ApiProvider):
    """`kind = "mailgun"`."""

    kind: Literal["mailgun"]
    domain: Domain
    key: SecretStr
    region: Literal["us", "eu"] = "us"
    mode: Literal["batch", "mime"] = "batch"
    """A thousand recipients a call, or each mail as we make it."""
    webhook_key: SecretStr | None = None
    """The signing key of webhooks."""

    @property
    def is_batch(self) -> bool:
        """Whether a call takes many."""
        return self.mode == "batch"


class PostmarkProvider(ApiProvider):
    """`kind = "postmark"`."""

    kind: Literal["postmark"]
    key: SecretStr
    """The server's API token."""
    stream: Line = "broadcast"
    """The message stream of digests: one of broadcasts, whose unsubscribe handling is Custom."""
    notice_stream: Line = "outbound"
    """The stream of confirmations and alerts."""
    webhook_user: Line | None = None
    webhook_password: SecretStr | None = None

    @field_validator("notice_stream")
    @classmethod
    def _is_another_stream(cls, value: str, info: ValidationInfo) -> str:
        if value == info.data.get("stream"):
            raise ValueError(
                "is the stream of digests, too; confirmations and alerts need one of type Transactional,"
                " where nobody unsubscribes from them"
            )
        return value


class SendgridProvider(ApiProvider):
    """`kind = "sendgrid"`."""

    kind: Literal["sendgrid"]
    key: SecretStr
    region: Literal["global", "eu"] = "global"
    webhook_key: SecretStr | None = None
    """The public key of signed event webhooks."""


class ResendProvider(ApiProvider):
    """`kind = "resend"`."""

    kind: Literal["resend"]
    key: SecretStr
    webhook_key: SecretStr | None = None
    """The signing secret of the webhook, `whsec_...`."""


Provider = Annotated[
    MaildirProvider
    | SmtpProvider
    | SesProvider
    | MailgunProvider
    | PostmarkProvider
    | SendgridProvider
    | ResendProvider,
    Field(discriminator="kind"),
]
