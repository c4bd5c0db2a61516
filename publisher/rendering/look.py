"""What the configuration says about how a newsletter presents itself, and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from publisher.config import Settings, Theme
from publisher.errors import RenderError

ROOT = "../../"
"""The way from a digest's page to the site's first page."""

_ASSET = "asset:"
_SQUARE = (0.8, 1.25)
"""Width by height of a logo that can be told at sixteen pixels."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture in place of a newsletter's name.

    `src` is `asset:NAME`; `width` and `height` are CSS pixels, as it is shown: the file itself has twice as many.
    """

    src: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SiteLook:
    """The instance as readers see it.

    `url` ends with a slash. `templates` is a folder whose files stand in for ours of the same name. `theme` gives
    colours, fonts and the footer's last paragraph; its logos are files, and readers get `logo` and `logo_dark`.
    `hubs` are the addresses of the WebSub hubs that feeds name.
    """

    title: str
    url: str
    language: str = "en"
    templates: Path | None = None
    theme: Theme = field(default_factory=Theme)
    logo: Logo | None = None
    logo_dark: Logo | None = None
    hubs: tuple[str, ...] = ()
    """Addresses of the WebSub hubs that feeds name."""

    @property
    def icon(self) -> str:
        """The `src` of the picture that stands for the site in a tab: a logo about as wide as high, or none."""
        logo = self.logo
        return logo.src if logo and _SQUARE[0] <= logo.width / logo.height <= _SQUARE[1] else ""


@dataclass(frozen=True, slots=True)
class Look:
    """A newsletter as readers see it. `slug` begins its addresses; dates are those of its `timezone`.

    `sender` is who its mail comes from, `contact` the bare address that answers go to; `schedule` is the setting's
    text. `subscribe_url` is the page on which people sign up, empty where there is none. `public_diff` is whether
    pages show what corrections changed.
    """

    site: SiteLook
    slug: str
    title: str
    description: str = ""
    postal_address: str = ""
    language: str = "en"
    timezone: str = "UTC"
    sender: str = ""
    contact: str = ""
    schedule: str = "on finalize"
    subscribe_url: str = ""
    public_diff: bool = False

    @property
    def url(self) -> str:
        """The address of the newsletter's archive, with a slash at the end."""
        return f"{self.site.url}{self.slug}/"

    @property
    def feed_url(self) -> str:
        """The address of the feed that people are pointed to."""
        return f"{self.url}atom.xml"

    def page_url(self, slug: str) -> str:
        """The public address of the digest with this slug."""
        return f"{self.url}{slug}/"


def site_look(settings: Settings, *, logo: Logo | None = None, logo_dark: Logo | None = None) -> SiteLook:
    """The site's look from the configuration, with the folder `templates` beside it when there is one.

    The logos are given by whoever has read and published the files that `[theme]` names.
    """
    site = settings.site
    folder = settings.path(Path("templates"))
    return SiteLook(
        title=site.title,
        url=site.url,
        language=site.language,
        templates=folder if folder.is_dir() else None,
        theme=settings.theme,
        logo=logo,
        logo_dark=logo_dark,
        hubs=tuple(hub.url for hub in settings.hub),
    )


def newsletter_look(
    settings: Settings, newsletter: str, *, logo: Logo | None = None, logo_dark: Logo | None = None
) -> Look:
    """The look of the newsletter with this slug; its language is the site's unless it has its own.

    Raises:
        ConfigError: there is no such newsletter.
    """
    found = settings.newsletter_named(newsletter)
    return Look(
        site=site_look(settings, logo=logo, logo_dark=logo_dark),
        slug=found.slug,
        title=found.title,
        description=found.description,
        postal_address=found.postal_address,
        language=found.language or settings.site.language,
        timezone=found.timezone,
        sender=found.sender,
        contact=_bare(found.reply_to or found.sender),
        schedule=found.schedule,
        subscribe_url=f"{settings.site.links_url}{found.slug}/subscribe",
        public_diff=found.public_diff,
    )


def _bare(address: str) -> str:
    return address.rpartition("<")[2].removesuffix(">")


def picture_address(src: str, assets: str) -> str:
    """Where a figure's picture is found, `assets` being the folder of our own pictures as seen from the document.

    Raises:
        RenderError: `src` is neither http(s) nor the name of one of our assets.
    """
    if src.startswith(("http://", "https://")):
        return src
    name = src.removeprefix(_ASSET)
    if not src.startswith(_ASSET) or not name or set(name) & set("/\\:"):
        raise RenderError(
            f'"{src}" is no address of a picture',
            remedy="Pictures are files beside the digest, or begin with https://",
        )
    return f"{assets}{name}"


def link_address(href: str) -> str:
    """`href`, when its scheme is one that readers may be sent to.

    Readers of digests promise this already; nothing else may ever stand in an href that we write.

    Raises:
        RenderError: any other scheme.
    """
    scheme = href.partition(":")[0].lower()
    if scheme not in {"http", "https", "mailto", "tel"}:
        raise RenderError(
            f'a link leads to "{href}"', remedy="Links begin with https://, http://, mailto: or tel:"
        )
    return href
