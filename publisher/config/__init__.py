"""`config.toml` becomes frozen settings; a wrong or unknown key is an error with its dotted path.

Any value may be `{ env = "NAME" }` or `{ file = "PATH" }`, so that no secret has to be written in it. Relative
paths, those in SQLite addresses too, are relative to the folder of the file.
"""

from publisher.config.endpoints import AnyEndpoint, DirectoryEndpoint, Endpoint, Hub, S3Endpoint, WebDavEndpoint
from publisher.config.feeds import InboxFeed
from publisher.config.fields import RESERVED_SLUGS, is_bare_address
from publisher.config.providers import (
    AnyProvider,
    ApiProvider,
    MaildirProvider,
    MailgunProvider,
    PostmarkProvider,
    Provider,
    ResendProvider,
    SendgridProvider,
    SesProvider,
    SmtpProvider,
)
from publisher.config.reading import load, parse
from publisher.config.section import Limits
from publisher.config.settings import (
    Alerts,
    Bounces,
    Colours,
    DarkColours,
    Dkim,
    Inbox,
    Newsletter,
    Preflight,
    Retention,
    Sending,
    Settings,
    Site,
    Storage,
    Theme,
    Web,
)

__all__ = [
    "RESERVED_SLUGS",
    "Alerts",
    "AnyEndpoint",
    "AnyProvider",
    "ApiProvider",
    "Bounces",
    "Colours",
    "DarkColours",
    "DirectoryEndpoint",
    "Dkim",
    "Endpoint",
    "Hub",
    "Inbox",
    "InboxFeed",
    "Limits",
    "MaildirProvider",
    "MailgunProvider",
    "Newsletter",
    "PostmarkProvider",
    "Preflight",
    "Provider",
    "ResendProvider",
    "Retention",
    "S3Endpoint",
    "SendgridProvider",
    "Sending",
    "SesProvider",
    "Settings",
    "Site",
    "SmtpProvider",
    "Storage",
    "Theme",
    "Web",
    "WebDavEndpoint",
    "is_bare_address",
    "load",
    "parse",
]
