"""How lists of other products look, known by their columns: what each column is, and who must not be mailed.

Names of columns are those of `csvrows.column_names`: lower case, with spaces.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from publisher.errors import SubscriberError
from subscribers.model import Standing

_S = Standing


@dataclass(frozen=True, slots=True)
class Rule:
    """What a column says about a standing: by its word, or, without `words`, by holding anything at all."""

    column: str
    words: Mapping[str, Standing] = field(default_factory=dict)
    filled: Standing = _S.AGREED


@dataclass(frozen=True, slots=True)
class Shape:
    """A product's list. `marks` are the columns it is known by.

    `names` are put together; `data` holds JSON with more attributes; `dropped` is no attribute: numbers of the old
    product, and what says where somebody sat. `lenient`: a language or time zone that is none is left away, since
    nobody wrote it for us.
    """

    product: str
    marks: frozenset[str]
    names: Sequence[str] = ("name",)
    timezone: str = ""
    data: str = ""
    rules: Sequence[Rule] = ()
    dropped: frozenset[str] = frozenset()
    lenient: bool = True


_NETWORK = frozenset({"optin ip", "confirm ip", "latitude", "longitude", "gmtoff", "dstoff"})
_FALSE, _TRUE = ("false", "0", "no"), ("true", "1", "yes")

OURS = Shape(
    "the publisher",
    frozenset(),
    timezone="timezone",
    data="attributes",
    rules=(Rule("state", {"": _S.AGREED, "active": _S.AGREED, "unconfirmed": _S.UNCONFIRMED, "left": _S.LEFT}),),
    lenient=False,
)

SHAPES = (
    Shape(
        "listmonk",
        frozenset({"uuid", "attributes", "status"}),
        data="attributes",
        rules=(Rule("status", {"enabled": _S.AGREED, "disabled": _S.LEFT, "blocklisted": _S.BLOCKED}),),
        dropped=frozenset({"uuid", "updated at"}),
    ),
    Shape(
        "Mailchimp",
        frozenset({"leid", "euid", "member rating"}),
        names=("first name", "last name"),
        timezone="timezone",
        rules=(
            Rule("unsub time", filled=_S.LEFT),
            Rule("clean time", filled=_S.BOUNCED),
        ),
        dropped=_NETWORK | {"leid", "euid", "last changed"},
    ),
    Shape(
        "Ghost",
        frozenset({"subscribed to emails", "complimentary plan"}),
        rules=(
            Rule("subscribed to emails", dict.fromkeys((*_FALSE, ""), _S.LEFT) | dict.fromkeys(_TRUE, _S.AGREED)),
            Rule("deleted at", filled=_S.LEFT),
        ),
        dropped=frozenset({"id", "stripe customer id"}),
    ),
    Shape(
        "Substack",
        frozenset({"active subscription", "email disabled"}),
        rules=(Rule("email disabled", dict.fromkeys(_TRUE, _S.LEFT) | dict.fromkeys((*_FALSE, ""), _S.AGREED)),),
    ),
    Shape(
        "Buttondown",
        frozenset({"creation date", "unsubscription date"}),
        data="metadata",
        rules=(
            Rule(
                "type",
                dict.fromkeys(("", "regular", "premium", "trialed", "gifted", "past due", "past_due"), _S.AGREED)
                | dict.fromkeys(("churning", "churned", "paused", "upcoming"), _S.AGREED)
                | dict.fromkeys(("unactivated",), _S.UNCONFIRMED)
                | dict.fromkeys(("unsubscribed", "removed"), _S.LEFT)
                | dict.fromkeys(("blocked", "disabled", "spammy", "malicious"), _S.BLOCKED)
                | {"undeliverable": _S.BOUNCED, "complained": _S.COMPLAINED},
            ),
            Rule("unsubscription date", filled=_S.LEFT),
        ),
        dropped=frozenset({"id", "ip address", "secondary id"}),
    ),
)

_BY_NAME = (
    ("Mailchimp", "unsubscribed", _S.LEFT),
    ("Mailchimp", "cleaned", _S.BOUNCED),
    ("Mailchimp", "nonsubscribed", _S.UNCONFIRMED),
)
"""What the beginning of a file's name says, where the product puts those into files of their own."""

_SEVERITY = (_S.AGREED, _S.UNCONFIRMED, _S.LEFT, _S.BLOCKED, _S.BOUNCED, _S.COMPLAINED)

Judge = Callable[[Sequence[str]], Standing]


def recognise(columns: Sequence[str]) -> Shape:
    """The shape of a list with these columns; `OURS` when it is no other product's."""
    found = set(columns)
    return next((shape for shape in SHAPES if shape.marks <= found), OURS)


def judge_of(shape: Shape, columns: Sequence[str], file_name: str) -> Judge | None:
    """What tells the standing of a row from its cells; None when nothing in the file says anything about it.

    Of several words the one that speaks most against mailing counts. A word that is not known is an error: nobody
    is mailed by what we do not understand.
    """
    rules = [(columns.index(rule.column), rule) for rule in shape.rules if rule.column in columns]
    of_all = _of_all(shape, columns, file_name)
    if not rules and of_all is _S.AGREED:
        return None

    def judge(cells: Sequence[str]) -> Standing:
        said = [of_all, *(_said(rule, cells[index].strip().lower()) for index, rule in rules)]
        return max(said, key=_SEVERITY.index)

    return judge


def _of_all(shape: Shape, columns: Sequence[str], file_name: str) -> Standing:
    """What the file says of everybody in it: by its name, or by a column that only such files have."""
    for product, beginning, standing in _BY_NAME:
        if product == shape.product and file_name.lower().startswith(beginning):
            return standing
    kinds = [rule.filled for rule in shape.rules if not rule.words and rule.column in columns]
    return max(kinds, key=_SEVERITY.index) if shape.product == "Mailchimp" and kinds else _S.AGREED


def _said(rule: Rule, word: str) -> Standing:
    if not rule.words:
        return rule.filled if word else _S.AGREED
    try:
        return rule.words[word]
    except KeyError:
        said = f'"{word[:40]}" in the column "{rule.column}" is not known: nobody is mailed by it'
        raise SubscriberError(said) from None
