"""An open instance as its configuration describes it: endpoints, looks, addresses, each made when first needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from publisher.app.foundation import Foundation
from publisher.config import DirectoryEndpoint
from publisher.config.discretion import Discretion, secrets_of
from publisher.digests.model import Digest
from publisher.digests.record import DigestRecord
from publisher.editions import Note, RenderedEdition
from publisher.endpoints import registry as endpoints
from publisher.probes.targets import is_reserved
from publisher.publishing.announcing import targets_of
from publisher.publishing.channels import target_of
from publisher.publishing.logos import Logos, read_logos
from publisher.publishing.publish import Cadence
from publisher.rendering.edition import render
from publisher.rendering.look import Look, SiteLook, newsletter_look, site_look


class Adapters(Foundation):
    """What use cases are built from."""

    @cached_property
    def endpoints(self) -> tuple[endpoints.Endpoint, ...]:
        """The endpoints, in the order of the configuration; mail waits for the first."""
        return tuple(endpoints.build(endpoint, self.settings.root) for endpoint in self.settings.endpoint)

    @cached_property
    def logos(self) -> Logos:
        """The logos, read once; whoever shows them puts their files beside it.

        Raises:
            ConfigError: one cannot be shown.
        """
        return read_logos(self.settings, file=str(self.config_file))

    @property
    def site_look(self) -> SiteLook:
        """How the site presents itself."""
        return site_look(self.settings, logo=self.logos.logo, logo_dark=self.logos.logo_dark)

    def look(self, newsletter: str) -> Look:
        """How a newsletter presents itself."""
        return newsletter_look(self.settings, newsletter, logo=self.logos.logo, logo_dark=self.logos.logo_dark)

    @cached_property
    def discreet(self) -> Discretion:
        """What takes the secrets of the configuration out of texts."""
        return Discretion(secrets_of(self.settings))

    @property
    def targets(self) -> Sequence[str]:
        """Every place that an edition is brought to, as publications know them: endpoints, public site, hubs."""
        return [*self.endpoint_targets, *targets_of(self.public_url, [hub.url for hub in self.settings.hub])]

    @property
    def endpoint_targets(self) -> Sequence[str]:
        """The endpoints as publications know them."""
        return [target_of(endpoint) for endpoint in self.endpoints]

    @property
    def distant(self) -> frozenset[str]:
        """The names of endpoints that are asked over the network."""
        near = {each.name for each in self.settings.folders}
        return frozenset(each.name for each in self.settings.endpoint if each.name not in near)

    @property
    def public_url(self) -> str:
        """Where readers find the site, when they can be there at all; else nothing: a folder, or an example."""
        url = self.settings.site.url
        return "" if url.startswith("file:") or is_reserved(urlsplit(url).hostname or "") else url

    @property
    def first_target(self) -> str | None:
        """The endpoint whose pages mail waits for."""
        return target_of(self.endpoints[0]) if self.endpoints else None

    @cached_property
    def cadences(self) -> tuple[Cadence, ...]:
        """When each newsletter publishes."""
        return tuple(
            Cadence(each.slug, each.schedule, each.timezone, each.stale_after) for each in self.settings.newsletter
        )

    def timezone(self, newsletter: str) -> str:
        """A newsletter's time zone; UTC for one that is no longer configured."""
        return next((each.timezone for each in self.settings.newsletter if each.slug == newsletter), "UTC")

    def page_url(self, record: DigestRecord) -> str | None:
        """The public address of a digest; None when its newsletter is no longer configured."""
        configured = any(each.slug == record.newsletter for each in self.settings.newsletter)
        return self.look(record.newsletter).page_url(record.slug) if configured else None

    def endpoint_place(self, name: str) -> str:
        """Where an endpoint puts its documents, for people."""
        found = next((each for each in self.settings.endpoint if each.name == name), None)
        if isinstance(found, DirectoryEndpoint):
            return str(self.settings.path(found.path))
        return name if found is None else found.url

    @property
    def site_folder(self) -> Path:
        """The folder that `serve` serves: that of the first endpoint that has one, else where one would be."""
        return self.settings.path(next(iter(self.settings.folders), DirectoryEndpoint()).path)

    def render(self, digest: Digest, title_repeats: bool, notes: Sequence[Note] = ()) -> RenderedEdition:
        """Render a digest as its newsletter presents itself; with the notes of its corrections, if it has any."""
        return render(digest, self.look(digest.newsletter), title_repeats=title_repeats, notes=notes)
