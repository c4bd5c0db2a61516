"""Reading the configuration of an instance, and bringing its database up: what needs no open instance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from publisher import config, secrets, slots
from publisher.config import Settings
from publisher.config.discretion import Discretion
from publisher.config.referring import secrets_in
from publisher.errors import ConfigError, StorageError
from publisher.mailings.waves import local_time
from publisher.storage import migrate
from publisher.storage.database import Database, connect

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC)


def open_database(settings: Settings) -> Database:
    """The instance's database; a missing one is made.

    Raises:
        ConfigError: its address is none.
        StorageError: the database cannot be used, or has an older schema.
    """
    database = connect(settings.storage.url, settings.root)
    migrate.prepare(database)
    return database


def upgrade_database(config_file: Path) -> tuple[str, str]:
    """Bring the schema to this version; gives (from, to)."""
    settings = load_settings(config_file)
    database = connect(settings.storage.url, settings.root)
    try:
        return migrate.upgrade(database)
    finally:
        database.close()


def secrets_of_instance(config_file: Path) -> Discretion:
    """What takes the secrets of an instance out of texts, also of one whose configuration is wrong."""
    own = config_file.resolve().parent / secrets.FILE
    made = [own.read_text(encoding="utf-8", errors="replace").strip()] if own.is_file() else []
    return Discretion([*secrets_in(config_file), *made])


def load_settings(config_file: Path) -> Settings:
    """The settings, checked as far as they go without touching anything outside.

    Raises:
        ConfigError: a key is wrong, a schedule cannot be read, there is no such rule of preflight, or no provider
            can carry what is asked for.
    """
    settings = config.load(config_file)
    slots.check(settings, file=str(config_file))
    _check_local_times(settings, file=str(config_file))
    if settings.preflight.rules:
        from publisher.preflight import registry  # late: a sender does without

        registry.check_levels(settings.preflight.rules, file=str(config_file))
    _check_carriage(settings, file=str(config_file))
    return settings


def _check_carriage(settings: Settings, *, file: str) -> None:
    """What no provider can carry stops the start, not the first mailing."""
    from publisher.mailings.carriage import asked_by, refusals  # late: many commands send nothing
    from publisher.providers.registry import capabilities_of

    providers = {each.name: capabilities_of(each) for each in settings.provider}
    for key, message, remedy in refusals(asked_by(settings, providers)):
        raise ConfigError(f"{key}: {message}", remedy=remedy, file=file)


def _check_local_times(settings: Settings, *, file: str) -> None:
    """A newsletter that cannot arrive at the reader's hour stops the start, not the first mailing."""
    for number, newsletter in enumerate(settings.newsletter, 1):
        try:
            local_time(newsletter)
        except ConfigError as error:
            raise ConfigError(
                f"newsletter[{number}].local_time: {error.message}", remedy=error.remedy, file=file
            ) from error


def sample_configuration() -> bytes:
    """The commented config.toml that a new instance begins with: the checkout's, or the wheel's copy of it."""
    package = Path(__file__).parents[1]
    for path in (package / "_templates" / "config.toml", package.parent / "config.toml"):
        if path.is_file():
            return path.read_bytes()
    raise StorageError("this installation has no sample configuration", remedy="Install the publisher again")
