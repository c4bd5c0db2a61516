"""What the configuration says about how a newsletter presents itself, and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from publisher.config import Settings
from publisher.errors import RenderError

_ASSET = "asset:"


@dataclass(frozen=True, slots=True)
class SiteLook:
    """The instance as readers see it.

    `url` ends with a slash. `templates` is a folder whose files stand in for ours of the same name.
    """

    title: str
    url: str
    language: str = "en"
    templates: Path | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A newsletter as readers see it. `slug` is the first part of its addresses."""

    site: SiteLook
    slug: str
    title: str
    description: str = ""
    postal_address: str = ""
    language: str = "en"

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


def site_look(settings: Settings) -> SiteLook:
    """The site's look from the configuration, with the folder `templates` beside it when there is one."""
    site = settings.site
    folder = settings.path(Path("templates"))
    return SiteLook(site.title, site.url, site.language, folder if folder.is_dir() else None)


def newsletter_look(settings: Settings, newsletter: str) -> Look:
    """The look of the newsletter with this slug; its language is the site's unless it has its own.

    Raises:
        ConfigError: there is no such newsletter.
    """
    found = settings.newsletter_named(newsletter)
    return Look(
        site=site_look(settings),
        slug=found.slug,
        title=found.title,
        description=found.description,
        postal_address=found.postal_address,
        language=found.language or settings.site.language,
    )


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
