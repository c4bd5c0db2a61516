"""What a signature costs beside the mathematics of it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from publisher.messages.dkim import Signer, sign
from publisher.messages.dkim_keys import KeyKind, make_key, read_key
from tests.bench.letters import NOW, READER, composer
from tests.bench.measuring import Row, paired

_MUST = {KeyKind.RSA: "≤ 1.3 × a bare RSA sign", KeyKind.ED25519: ""}


def rows() -> Iterator[Row]:
    """For each kind of key: canonical form, hash and signature of a mail against a bare signature."""
    mail = composer().compose(READER, NOW).data
    digest = sha256(mail).digest()
    for kind, must in _MUST.items():
        signer = Signer("news.example.org", "s1", read_key(make_key(kind), "the bench"))
        bare, ratio = paired(
            lambda signer=signer: signer.sign(digest),  # type: ignore[misc]
            lambda signer=signer: sign(mail, [signer], NOW),  # type: ignore[misc]
            (500, 500),
        )
        told = f"{bare * ratio * 1e6:.0f} µs CPU, {ratio:.2f} × a bare signature of {bare * 1e6:.0f} µs"
        yield Row(f"signing one mail of {len(mail) / 1000:.0f} kB, {kind}", told, must)
