"""Endpoints: a small document is written, read back and removed."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.doctor.model import Check, Finding, Ground, broken, fine
from publisher.errors import EndpointError


def _look(ground: Ground) -> Iterator[Finding]:
    for endpoint in ground.settings.endpoint:
        try:
            yield fine(f"{endpoint.name}: written, read back and removed in {ground.try_endpoint(endpoint)}")
        except EndpointError as error:
            yield broken(error.message, error.remedy)


CHECK = Check("endpoints", "each takes a small document, gives it back and lets go of it", _look)
