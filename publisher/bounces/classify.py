"""Whose trouble a refusal is: a table of codes (RFC 3463, RFC 5248) and of servers' words. Pure.

`classify(feedback)` is all there is to call. Rules are tried in their order, and the first that fits says it. What
errs, errs to the reader's good: a block read as "no such mailbox" would take a whole list off within a minute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from publisher.feedback import BounceClass, Feedback

_C = BounceClass

_ENHANCED = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.]*[0-9])")
_REPLY = re.compile(r"(?:^|\s|;)([45][0-9]{2})(?=[ -]|$)")
"""A reply code in a server's words, "smtp; 550 no such user"."""

_ADDRESS = re.compile(r"[^\s@<]*@[^\s>]*")
"""Somebody may be called spam@example.org."""

_LOOKED_AT = 2000
"""Letters of a text that can decide."""


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.I)


GREYLISTING = _words(r"gr[ea]y[ -]?list", r"gr[ea]ylisted", r"try again in \d+ (?:seconds|minutes)")
SLOWER = _words(
    r"\brate[ -]?limit",
    r"\bthrottl",
    r"\btoo (?:many|fast|quickly|much) ?(?:connections|messages|mails|e-?mails|sessions|requests)?\b",
    r"\bslow(?:er| down)\b",
    r"\bunusual rate\b",
    r"\bTS[0-9]{2}\b",
    r"\b(?:exceed|limit).{0,40}\b(?:connections|messages|per (?:hour|minute|second))",
)
_LISTS = (
    r"\b(?:spamhaus|spamcop|barracuda|sorbs|abusix|dnsbl|rbl)\b",
    r"\b(?:black|block)[ -]?list",
    r"\breputation\b",
)
LISTED = _words(*_LISTS)
BLOCKLISTED = _words(
    *_LISTS,
    r"\b(?:client host|ip|address|server|sender|domain|you) .{0,60}\b(?:blocked|banned|listed)\b",
    r"\bsender (?:address |domain )?.{0,40}\b(?:rejected|denied|not (?:found|exist))",
    r"\bdomain of sender\b",
    r"\brelay(?:ing)? (?:access )?(?:denied|not)",
    r"\b(?:spf|dkim|dmarc|rdns|reverse dns|ptr record)\b",
    r"\bpolic(?:y|ies)\b",
    r"\bspam\b",
    r"\bnot (?:authenticated|authori[sz]ed)\b",
)
UNWANTED = _words(
    r"\b(?:virus|malware|phish)",
    r"\battachment",
    r"\b(?:message|spam)[ -]content\b",
    r"\bcontent .{0,20}(?:rejected|denied|filter)",
)
TOO_BIG = _words(r"\btoo (?:big|large)\b", r"\bsize (?:exceed|limit)", r"\bexceeds .{0,30}\bsize")
TOO_MUCH_FOR_THEM = _words(r"receiving mail (?:too quickly|at a rate)")
FULL = _words(
    r"\b(?:mailbox|inbox|account|folder|storage|user).{0,40}\b(?:full|over ?quota|exceed|out of)",
    r"\bover ?quota\b",
    r"\bquota (?:exceeded|full)",
    r"\binsufficient (?:system )?storage",
    r"\bpostfach .{0,20}voll",
    r"\bpleine?\b",
)
NOBODY = _words(
    r"\b(?:user|recipient|mailbox|account|address)(?: address)? (?:is )?(?:unknown|unavailable or unknown)\b",
    r"\bunknown (?:user|recipient|mailbox|account|address|local[ -]part)",
    r"\bno such (?:user|recipient|mailbox|account|address|person|local|domain)",
    r"\b(?:user|recipient|mailbox|account|address)[^.]{0,60}(?:does ?n[o']t|do not) exist",
    r"\b(?:user|recipient|mailbox|account|address)[^.]{0,40}(?:not|n't be) found",
    r"\binvalid (?:recipient|mailbox|user)",
    r"\bno mailbox (?:here )?(?:by|with) that name",
    r"\b(?:mailbox|account|user) (?:has been |is )?(?:disabled|deactivated|closed|deleted|suspended)",
    r"\bno longer (?:works? here|exists|with us|valid|in use)",
    r"\bNXDOMAIN\b",
    r"\b(?:host|domain)(?: or domain)?(?: name)? (?:not found|does not exist)",
    r"\bempfänger .{0,20}unbekannt",
    r"\bexistiert nicht\b",
    r"\butilisateur inconnu\b",
    r"\bn'existe pas\b",
    r"\b(?:usuario|destinatario) (?:desconocido|inexistente)",
    r"\bno existe\b",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What codes and words mean together.

    Args:
        codes: "5.1.1", "x.7.x" or "550": any of them; an x stands for any number.
        found: the class.
        words: what has to be said, too; None: nothing.
    """

    codes: tuple[str, ...]
    found: BounceClass
    words: re.Pattern[str] | None = None

    def fits(self, codes: frozenset[str], text: str) -> bool:
        """Whether it is about one of these codes, and this was said."""
        return not codes.isdisjoint(self.codes) and (self.words is None or self.words.search(text) is not None)


BY_STATUS = (
    # Words that overrule a code: those that servers are known to misuse.
    Rule(("x.2.1", "x.2.0"), _C.SOFT, TOO_MUCH_FOR_THEM),
    Rule(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"), _C.BLOCK, LISTED),
    # The address.
    Rule(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"), _C.HARD),
    Rule(("x.1.7", "x.1.8"), _C.BLOCK),  # of the sender
    Rule(("4.1.x", "4.2.x", "5.1.4", "5.2.2", "5.2.4"), _C.SOFT),
    # The mail.
    Rule(("x.2.3", "x.3.4", "x.6.x"), _C.CONTENT),
    # Their server, and the way there.
    Rule(("4.3.x", "4.4.x"), _C.THROTTLE, _words(r"\bTS[0-9]{2}\b", r"\brate[ -]?limit", r"\bthrottl")),
    Rule(("4.3.x", "5.3.1", "5.3.2", "5.3.3", "5.3.5", "x.4.x", "x.5.3"), _C.SOFT),
    # Us. Greylisting is about one mail alone, and asks for patience.
    Rule(("4.7.x",), _C.SOFT, GREYLISTING),
    Rule(("4.7.28", "4.7.650", "4.7.651", "4.7.652"), _C.THROTTLE),
    Rule(("4.7.x",), _C.THROTTLE, SLOWER),
    Rule(("x.7.x",), _C.CONTENT, UNWANTED),
    Rule(("x.7.x",), _C.BLOCK),
)
"""Enhanced status codes. What no rule has (5.0.0, 5.1.0, 5.5.x) says nothing: the next table is asked."""

BY_REPLY = (
    Rule(("4xx",), _C.SOFT, GREYLISTING),
    Rule(("421",), _C.THROTTLE),
    Rule(("4xx",), _C.THROTTLE, SLOWER),
    Rule(("4xx",), _C.BLOCK, BLOCKLISTED),
    Rule(("4xx",), _C.SOFT),
    Rule(("552", "523"), _C.CONTENT, TOO_BIG),
    Rule(("552", "522"), _C.SOFT),
    Rule(("5xx",), _C.BLOCK, BLOCKLISTED),
    Rule(("5xx",), _C.SOFT, FULL),
    Rule(("550", "551", "553", "554"), _C.HARD, NOBODY),
    Rule(("5xx",), _C.CONTENT, UNWANTED),
    Rule(("5xx",), _C.CONTENT, TOO_BIG),
)
"""Reply codes of SMTP, which say little without words."""

BY_WORDS = (
    Rule(("",), _C.SOFT, GREYLISTING),
    Rule(("",), _C.BLOCK, BLOCKLISTED),
    Rule(("",), _C.SOFT, FULL),
    Rule(("",), _C.HARD, NOBODY),
    Rule(("",), _C.CONTENT, UNWANTED),
    Rule(("",), _C.CONTENT, TOO_BIG),
    Rule(("",), _C.THROTTLE, SLOWER),
)
"""Where there is no code at all."""


def classify(feedback: Feedback) -> BounceClass:
    """Whose trouble a refusal is; UNKNOWN when nothing tells.

    The source's own word wins; then the enhanced code, also one within the text; then the reply code with words,
    and words alone.
    """
    if feedback.bounce is not None:
        return feedback.bounce
    text = _ADDRESS.sub("", feedback.text[:_LOOKED_AT])
    for rules, codes in _asked(feedback, text):
        for rule in rules:
            if rule.fits(codes, text):
                return rule.found
    return _C.UNKNOWN


def status_in(text: str) -> str:
    """The first enhanced code in a text; empty when there is none."""
    found = _ENHANCED.search(text)
    return found[1] if found else ""


def reply_in(text: str) -> int | None:
    """The first reply code of a refusal in a text."""
    found = _REPLY.search(text)
    return int(found[1]) if found else None


def _asked(feedback: Feedback, text: str) -> Iterator[tuple[tuple[Rule, ...], frozenset[str]]]:
    """Tables, the best first, each with the codes to look for. Words alone stand in for a reply code."""
    for status in dict.fromkeys((feedback.status, status_in(text))):
        if status:
            yield BY_STATUS, _wildcards(status)
    code = feedback.code or reply_in(text)
    if code is not None:
        yield BY_REPLY, frozenset({str(code), f"{code // 100}xx"})
    else:
        yield BY_WORDS, frozenset({""})


def _wildcards(status: str) -> frozenset[str]:
    """A status as the table may write it: 5.1.1, x.1.1, 5.1.x, x.1.x."""
    kind, _, rest = status.partition(".")
    subject = rest.partition(".")[0]
    return frozenset({status, f"x.{rest}", f"{kind}.{subject}.x", f"x.{subject}.x"})
