"""Endpoints: a small document is written, read back and removed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from publisher.config import AnyEndpoint, WebDavEndpoint
from publisher.doctor.addresses import is_local
from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.errors import EndpointError


def _look(ground: Ground) -> Iterator[Finding]:
    for endpoint in ground.settings.endpoint:
        yield from _in_the_open(endpoint)
        try:
            yield fine(f"{endpoint.name}: written, read back and removed in {ground.try_endpoint(endpoint)}")
        except EndpointError as error:
            yield broken(error.message, error.remedy)


def _in_the_open(endpoint: AnyEndpoint) -> Iterator[Finding]:
    """Whether a password goes over the network as it is; with S3 keys only sign."""
    if not isinstance(endpoint, WebDavEndpoint) or endpoint.user is None:
        return
    if endpoint.url.startswith("http://") and not is_local(urlsplit(endpoint.url).hostname or ""):
        yield warning(
            f"{endpoint.name}: the password goes over the network where anybody can read it",
            "Let the server speak https, and write that into [[endpoint]] url",
        )


CHECK = Check("endpoints", "each takes a small document, gives it back and lets go of it", _look)
