"""The public halves of our keys: published, the same, long enough."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.config import Newsletter
from publisher.doctor.addresses import from_domain, real
from publisher.doctor.model import Check, Finding, Ground, broken, fine, unchecked, warning
from publisher.errors import ConfigError
from publisher.mailings.signing import Signing
from publisher.messages.dkim_keys import BITS
from publisher.probes import records
from publisher.probes.targets import is_reserved

_RSA_2048 = 380
"""Letters of base64 that a public key of that length has at least."""

_ED25519 = 44


def _look(ground: Ground) -> Iterator[Finding]:
    signing = Signing(ground.settings.dkim)
    if not ground.settings.dkim:
        yield unchecked(
            "nothing is signed here, and the provider's keys are not known",
            "If no provider signs for you, `publisher dkim new DOMAIN` makes a key",
        )
        return
    for newsletter in ground.newsletters:
        yield from _signs(newsletter, signing)
    for domain in real(map(from_domain, ground.newsletters)):
        if isinstance(domain, Finding):
            yield domain
            continue
        for name, key in signing.public_keys(domain).items():
            yield from _published(ground, name, key)


def _signs(newsletter: Newsletter, signing: Signing) -> Iterator[Finding]:
    try:
        signing.of(newsletter)
    except ConfigError as error:
        yield broken(error.message, error.remedy)


def _published(ground: Ground, name: str, key: str) -> Iterator[Finding]:
    if is_reserved(name):
        return
    texts = ground.dns.texts(name)
    verdict = records.dkim(texts, name, key)
    if verdict == records.MISSING:
        yield broken(
            f"there is no DKIM key at {name}, so receivers take our signatures for forged",
            f"Publish this TXT record there: v=DKIM1; k={_kind(key)}; p={key}",
        )
    elif verdict.wrong:
        yield broken(
            verdict.wrong,
            f"Publish there the key that signs: v=DKIM1; k={_kind(key)}; p={key}",
        )
    else:
        yield from _weak(texts, name, key)


def _weak(texts: tuple[str, ...], name: str, key: str) -> Iterator[Finding]:
    flags = [flag for text in texts for flag in records.tags(text).get("t", "").split(":")]
    if "y" in flags:
        yield warning(f"the key at {name} is marked as a test (t=y), so receivers may ignore it", "Remove t=y")
    if len(key) != _ED25519 and len(key) < _RSA_2048:
        yield warning(
            f"the key at {name} is shorter than {BITS} bits",
            "`publisher dkim new DOMAIN` makes one that is long enough",
        )
    yield fine(f"{name} is published, and is the key that signs")


def _kind(key: str) -> str:
    return "ed25519" if len(key) == _ED25519 else "rsa"


CHECK = Check("dkim", "each key of [[dkim]] is published and the same, and every newsletter has one", _look)
