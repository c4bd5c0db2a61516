"""The instance's secret: signs the links in mails, and keeps Message-IDs from telling who somebody is."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from publisher.config import Settings
from publisher.errors import ConfigError

FILE = Path("var/secret.key")
FEWEST_CHARACTERS = 16


class InstanceSecret(bytes):
    """The secret; it shows nothing of itself, wherever it is held."""

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__


def instance_secret(settings: Settings, *, may_make: bool) -> InstanceSecret:
    """The configured secret, else the one in `var/secret.key`, which is made (0600) for a new instance.

    Args:
        settings: the configuration.
        may_make: the instance never had one. Otherwise a missing file is an error: a new secret would silently
            kill every link in old mails.

    Raises:
        ConfigError: its file is gone, holds no secret, or cannot be read or made.
    """
    if settings.site.secret is not None:
        return InstanceSecret(settings.site.secret.get_secret_value().encode())
    path = settings.path(FILE)
    try:
        found = _read(path)
        if not found and not may_make:
            raise ConfigError(
                f"the secret in {FILE} is gone",
                remedy="Restore it from the backup; or set site.secret, and the links in old mails no longer work",
            )
        return InstanceSecret(found or _make(path))
    except OSError as error:
        raise ConfigError(
            f"the secret in {FILE} cannot be read or made: {error.strerror}",
            remedy="Make the folder writable for the publisher, or set site.secret",
        ) from error


def _read(path: Path) -> bytes:
    try:
        found = path.read_bytes().strip()
    except FileNotFoundError:
        return b""
    if len(found) < FEWEST_CHARACTERS:
        raise ConfigError(
            f"{FILE} holds no secret", remedy="Restore it from the backup; without it links in old mails are dead"
        )
    return found


def _make(path: Path) -> bytes:
    """Make the file whole or not at all: of two processes that make it at once, one wins and both read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(48).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process won
            os.link(made, path)
    finally:
        made.unlink()
    return _read(path)
