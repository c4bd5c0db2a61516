"""Absence notices and other automatic answers (RFC 3834): about nothing, and told apart from bounces. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from publisher.bounces.mime import Mail

_HEADERS: Mapping[str, re.Pattern[str]] = {
    "auto-submitted": re.compile(r"auto-(?!submitted: no)\w+", re.I),  # RFC 3834, 5; RFC 5436 "auto-notified"
    "x-autoreply": re.compile(r"(?!no\b)\S", re.I),
    "x-autorespond": re.compile(r"\S"),
    "x-autoreply-from": re.compile(r"\S"),
    "x-mail-autoreply": re.compile(r"\S"),
    "x-auto-response-suppress": re.compile(r"\ball\b", re.I),  # Exchange writes it into its own
    "precedence": re.compile(r"auto[_-]?reply", re.I),
    "x-precedence": re.compile(r"auto[_-]?reply", re.I),
    "delivered-to": re.compile(r"\bautoresponder\b", re.I),
}
"""What an automatic answer says of itself."""

SUBJECTS = re.compile(
    "|".join(
        (
            # English
            r"\bout of (?:the )?office\b",
            r"\bauto(?:matic|mated)?[ -]?(?:reply|response|answer)\b",
            r"\bauto(?:-| )?responder\b",
            r"\bvacation (?:reply|message|notice|response)\b",
            r"\bon (?:vacation|holiday|leave|annual leave)\b",
            r"\baway from (?:my|the) (?:office|desk|mail|e-?mail)\b",
            # German, Dutch
            r"\babwesen(?:d|heit)",
            r"\baußer haus\b",
            r"\bim urlaub\b",
            r"\bautomatische (?:antwort|rückantwort|reactie)\b",
            r"\bafwezig",
            # French, Italian, Spanish, Portuguese
            r"\babsen(?:t|ce) du bureau\b",
            r"\bréponse automatique\b",
            r"\bmessage d'absence\b",
            r"\brisposta automatica\b",
            r"\bfuori (?:ufficio|sede)\b",
            r"\brespuesta automática\b",
            r"\bfuera de la oficina\b",
            r"\bresposta automática\b",
            r"\bausência (?:temporária|do escritório)\b",
            # the North
            r"\bautomatiskt? svar\b",
            r"\bfrånvaro\b",
            r"\bfravær",
            r"\bautomaattinen vastaus\b",
            # the East
            r"\bautomatyczna odpowiedź\b",
            r"\bnieobecno",
            r"\bautomatická odpověď\b",
            r"\bавтоответ",
            r"\bавтоматическ(?:ий|ое) ответ",
            r"\bавтоматична відповідь\b",
            r"\bвідсутн",
            # Arabic, Turkish, Japanese, Chinese
            r"رد تلقائي",
            r"خارج المكتب",
            r"\botomatik yanıt\b",
            r"自動(?:返信|応答)",
            r"不在(?:通知|連絡)",
            r"自动(?:回复|答复)",
        )
    ),
    re.I,
)
"""Subjects of absence notices whose programs say nothing else."""


def is_automatic(mail: Mail) -> bool:
    """Whether nobody has written a mail: it says so, or its subject does."""
    by_header = any(pattern.search(value) for name, pattern in _HEADERS.items() for value in mail.values(name))
    return by_header or SUBJECTS.search(mail.header("subject")) is not None
