"""The consent log: who agreed to what and withdrew it, when, in which way, shown which words. Only appended to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import Connection, insert, literal, select

from subscribers.model import Consent, ConsentAct
from subscribers.portable import among
from subscribers.tables import UTCDateTime, consents, subscribers

TEXT_LENGTH = 2000
"""Characters of the words shown that are kept."""

_COLUMNS = tuple(consents.c[field.name] for field in fields(Consent))


def record(
    connection: Connection,
    subscriber_id: int,
    newsletter: str,
    act: ConsentAct,
    how: str,
    *,
    text: str = "",
    network: str = "",
    at: datetime,
) -> None:
    """Append one act of one person; of somebody who was erased meanwhile nothing is kept.

    Args:
        connection: in a writing transaction that the caller owns.
        subscriber_id: who.
        newsletter: its slug.
        act: what.
        how: the way it was given, such as "sign-up page", "link in mail", "one-click", "operator NAME".
        text: the words that they were shown, such as the sentence above the button.
        network: the address of the request; only its `truncated` form is kept.
        at: aware UTC.
    """
    record_all(connection, [subscriber_id], newsletter, act, how, text=text, network=network, at=at)


def record_all(
    connection: Connection,
    subscriber_ids: Sequence[int],
    newsletter: str,
    act: ConsentAct,
    how: str,
    *,
    text: str = "",
    network: str = "",
    at: datetime,
) -> None:
    """Append the same act of several people; see `record`."""
    said = {
        "newsletter": literal(newsletter),
        "act": literal(act.value),
        "how": literal(how),
        "at": literal(at, UTCDateTime),
        "text": literal(text[:TEXT_LENGTH]),
        "network": literal(truncated(network)),
    }
    people = select(subscribers.c.id, *said.values()).where(among(connection, subscribers.c.id, subscriber_ids))
    connection.execute(insert(consents).from_select(["subscriber_id", *said], people, include_defaults=False))


def of_person(connection: Connection, subscriber_id: int) -> list[Consent]:
    """What a person agreed to and withdrew, the oldest first."""
    query = select(*_COLUMNS).where(consents.c.subscriber_id == subscriber_id).order_by(consents.c.id)
    found = (row._asdict() for row in connection.execute(query))
    return [Consent(**row | {"act": ConsentAct(row["act"])}) for row in found]


def truncated(address: str) -> str:
    """The network of an address, /24 of IPv4 and /48 of IPv6, which no single person has; "" for anything else.

    A network in that form stays as it is.
    """
    bare = address.strip().partition("/")[0].partition("%")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))
