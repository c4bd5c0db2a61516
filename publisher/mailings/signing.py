"""Which of our keys sign the mail of a newsletter, and what the DNS has to say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, partial

from publisher.config import Dkim, Newsletter
from publisher.errors import ConfigError
from publisher.mailings.ports import Sign
from publisher.messages.dkim import Signer, sign
from publisher.messages.dkim_keys import public_key, read_key
from publisher.messages.headers import ascii_domain, split_address


class Signing:
    """The keys of `[[dkim]]`, read when they are first needed.

    Args:
        keys: as configured.
    """

    def __init__(self, keys: Sequence[Dkim]) -> None:
        self._keys = keys
        self._signer = cache(_signer)

    def of(self, newsletter: Newsletter) -> Sign | None:
        """What signs its mail: every key of its domain; None when there is no `[[dkim]]` at all.

        Raises:
            ConfigError: no key is for the domain in From, or one is none.
        """
        if not self._keys:
            return None
        domain = ascii_domain(split_address(newsletter.sender)[1].rpartition("@")[2])
        keys = [key for key in self._keys if key.signs_for(domain)]
        if not keys:
            raise ConfigError(
                f"newsletter {newsletter.slug}: no [[dkim]] has a key for {domain}",
                remedy=f"`publisher dkim new {domain}` makes one; unsigned beside signed mail looks forged",
                newsletter=newsletter.slug,
            )
        return partial(_signed, signers=tuple(self._signer(key) for key in keys))

    def public_keys(self, domain: str) -> Mapping[str, str]:
        """The public halves of the keys that sign mail from a domain, in base64, by the names of their records."""
        return {key.record_name: public_key(self._signer(key).key) for key in self._keys if key.signs_for(domain)}


def _signed(message: bytes, now: datetime, signers: Sequence[Signer]) -> bytes:
    return sign(message, signers, now)


def _signer(key: Dkim) -> Signer:
    place = f"dkim: the key of {key.record_name}"
    return Signer(key.domain, key.selector, read_key(key.key.get_secret_value().encode(), place))
