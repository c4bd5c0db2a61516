"""Every check, in the order in which things depend on each other."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.doctor import (
    clock,
    configuration,
    database,
    disk,
    dkim,
    dmarc,
    endpoints,
    folders,
    hubs,
    inbox,
    integrity,
    keys,
    links,
    mailings,
    mx,
    newsletters,
    provider,
    ptr,
    publications,
    schedule,
    secret,
    senders,
    site,
    spf,
)
from publisher.doctor.model import Check

CHECKS: Sequence[Check] = tuple(
    module.CHECK
    for module in (
        configuration,
        inbox,
        folders,
        keys,
        disk,
        clock,
        database,
        integrity,
        secret,
        newsletters,
        provider,
        spf,
        dkim,
        dmarc,
        mx,
        ptr,
        endpoints,
        site,
        hubs,
        links,
        schedule,
        senders,
        mailings,
        publications,
    )
)
