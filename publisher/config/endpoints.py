"""`[[endpoint]]` and `[[hub]]`: where documents are put, and who is told of them; a class for each kind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from publisher.config.fields import BucketAddress, Duration, HubAddress, Line, Name, WebAddress
from publisher.config.section import Section


def _web_alone(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError('begins with "https://" (or "http://")')
    return value


ServerAddress = Annotated[WebAddress, AfterValidator(_web_alone)]
"""Of a server: `file:` is none."""


class DirectoryEndpoint(Section):
    """`[[endpoint]] kind = "directory"`: a folder that a web server serves, or a browser opens."""

    kind: Literal["directory"] = "directory"
    name: Name = "site"
    path: Path = Path("var/site")


class RemoteEndpoint(Section):
    """What every endpoint that is asked over the network can be told."""

    timeout: Duration = Field(default=timedelta(seconds=20), ge=timedelta(seconds=1))
    """How long the answer to one request may take."""


class S3Endpoint(RemoteEndpoint):
    """`kind = "s3"`: a bucket at Amazon S3, or at a store that speaks as it does."""

    kind: Literal["s3"]
    name: Name = "s3"
    url: BucketAddress
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    server: ServerAddress | None = None
    """Of a store that is not Amazon's."""
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    gzip: bool = False
    """Whether texts are stored packed, with a Content-Encoding."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return urlsplit(self.url).netloc

    @property
    def prefix(self) -> str:
        """What every key begins with, without slashes around it; may be empty."""
        return urlsplit(self.url).path.strip("/")

    @model_validator(mode="after")
    def _key_is_whole(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key are given together, or neither")
        return self


class WebDavEndpoint(RemoteEndpoint):
    """`kind = "webdav"`: a folder of a WebDAV server (RFC 4918)."""

    kind: Literal["webdav"]
    name: Name = "webdav"
    url: ServerAddress
    user: Line | None = None
    password: SecretStr | None = None
    replace: Literal["move", "put"] = "move"
    """How a document takes the place of the one before: by a file beside it that is moved over it, or directly."""

    @field_validator("user")
    @classmethod
    def _has_no_colon(cls, value: str | None) -> str | None:
        if value is not None and ":" in value:
            raise ValueError("a user's name has no colon (RFC 7617)")
        return value

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password are given together, or neither")
        return self


AnyEndpoint = DirectoryEndpoint | S3Endpoint | WebDavEndpoint
Endpoint = Annotated[AnyEndpoint, Field(discriminator="kind")]


class Hub(Section):
    """`[[hub]]`: a WebSub hub that passes new feeds on to whoever has asked it to."""

    url: HubAddress
