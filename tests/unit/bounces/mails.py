"""Mails that came back, as servers write them (the names are invented), and whose they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from publisher.bounces.addressed import Ours
from publisher.bounces.reading import read
from publisher.feedback import Feedback
from publisher.messages import verp
from subscribers import tokens

SECRET = b"a secret of the instance"
ADA = "ada@example.net"
TOKEN = verp.mint(SECRET, 7, ADA)
"""Of delivery 7, which went to Ada."""

LINK = tokens.mint(SECRET, 3, "daily", 1)
"""Of the links in her mails."""

OURS = Ours(frozenset({"bounces@news.example.org"}), frozenset({"leave@news.example.org"}), SECRET)
BOUNCES = f"bounces+{TOKEN}@news.example.org"
NOW = datetime(2026, 11, 25, 7, tzinfo=UTC)
CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))


def raw(name: str) -> bytes:
    """A mail of the corpus with CRLF line ends and the tokens in their places."""
    text = (CORPUS / f"{name}.eml").read_text(encoding="utf-8")
    return text.replace("@TOKEN@", TOKEN).replace("@LINK@", LINK).replace("\n", "\r\n").encode()


def one(data: bytes, recipient: str = "") -> Feedback:
    """The only thing that a mail says."""
    (feedback,) = read(data, OURS, NOW, recipient)
    return feedback
