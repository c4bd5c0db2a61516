"""A mixed sample of signed mails, as the real composer makes them for newsrooms and readers of all kinds.

Always the same, but for its keys: number N is the same mail however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random

from publisher.config import Dkim, Newsletter, Site
from publisher.digests.model import Digest, Section
from publisher.editions import Edition, EditionFacts
from publisher.ledger import Delivery
from publisher.mailings.composing import EditionComposer
from publisher.mailings.signing import Signing
from publisher.messages.dkim_keys import KeyKind, make_key, public_record, read_key
from publisher.messages.headers import ascii_domain
from publisher.rendering import Look, SiteLook, render
from tests.unit.rendering.samples import bullets, noted, para

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECRET = b"a secret of the instance"

KEYS = (
    ("news.example.org", "p202411", KeyKind.RSA),
    ("news.example.org", "p202411e", KeyKind.ED25519),
    ("presse.example.com", "s1.mail", KeyKind.RSA),
    ("xn--bcher-kva.example", "r", KeyKind.RSA),
    ("xn--bcher-kva.example", "e", KeyKind.ED25519),
)
"""Domain, selector and kind; the second domain has no key beside RSA."""

SITES = (
    Site(title="Harbour Press", url="https://news.example.org/"),
    Site(title="Bücher", url="https://bücher.example:8443/blätter/", app_url="https://app.example.org/"),
)

NEWSLETTERS = (
    {"slug": "daily", "language": "en", "title": "The Harbour Daily", "from": "daily@news.example.org"},
    {
        "slug": "matin",
        "language": "fr",
        "title": "Le Matin du port, l’édition spéciale",
        "from": "Le Matin du port – édition spéciale <matin@presse.example.com>",
        "reply_to": "Courrier des lecteurs : écrivez-nous <courrier@presse.example.com>",
    },
    {
        "slug": "hafen",
        "language": "de",
        "title": 'Häfen, "Kähne" & Co.',
        "from": '"Häfen, Kähne \\"& Co.\\"" <hafen@bücher.example>',
        "verp": True,
    },
    {
        "slug": "mina",
        "language": "ar",
        "title": "يومية المرفأ",
        "from": "يومية المرفأ <mina@ar.news.example.org>",
        "reply_to": "رسائل القراء <rasail@news.example.org>",
        "envelope_from": "bounces@news.example.org",
        "verp": True,
    },
    {"slug": "visti", "language": "uk", "title": "Вісті порту", "from": "Вісті порту <visti@news.example.org>"},
    {
        "slug": "diario",
        "language": "es",
        "title": "El diario del puerto " * 9,
        "from": f"{'El diario del puerto y de sus barcos, ' * 6}cada mañana <diario@presse.example.com>",
        "envelope_from": "rebotes@presse.example.com",
    },
)
"""Senders of a domain with two keys, of one below it, of one with one key, of one beyond ASCII."""

TITLES = (
    "What the divers saw",
    "What the divers saw under the quay, and why nobody asked them before the wall was closed for the winter",
    "A" * 140,
    "Die Mauer hält – größer, höher, schöner",
    "ما رآه الغواصون تحت الرصيف، ولماذا لم يسألهم أحد قبل إغلاق السد",
    "🚢 40 ships, 9 days: =?utf-8?b?bm90IGEgd29yZA==?= and 100 % of it",
    "Два   пробіли .та крапка",
)

WORDS = {
    "en": "harbour wall From . .. ships divers berth Wednesday = fee quay tide",
    "fr": "le port l’été où naïf déjà « quai » marée œuvre grève",
    "de": "Hafen Mauer größer Kähne Öl Straße Schiff über Fähre",
    "ar": "المرفأ السد السفن الغواصون الرصيف يوم الأربعاء المد",
    "uk": "порт мур кораблі їжа ґрунт середа причал приплив",
    "es": "puerto muelle barco mañana año ¿cuándo? marea señal",
}

SHAPES = ((1, 2, 3, 12), (0, 1, 1, 1), (2, 0, 0, 9), (1, 5, 4, 20), (0, 3, 2, 90), (3, 1, 30, 25))
"""Paragraphs of the lead (none: no preheader), sections, points of each section, words of each point. Later
editions have more points, up to mails of 200 kB."""

NAMES = (
    "",
    "Ada Example",
    "Jürgen Groß",
    'O’Neil, "Bob" (desk) \\ Sons',
    "Maximiliane " * 12 + "Example",
    "محمد عبد الله",
    "李小龙",
    "🚢",
    "=?utf-8?q?x?=",
    "\u202eelpmaxE",
    "  .  ",
)

ADDRESSES = (
    "reader{}@example.com",
    "o'neil+tag{}@example.net",
    "leser{}@bücher.example",
    "用户{}@example.com",
    '"reader {}, once"@example.net',
    f"{'r' * 50}{{}}@{'mail.' * 20}example.com",
)


@lru_cache(maxsize=1)
def keys() -> tuple[Dkim, ...]:
    """Keys as `[[dkim]]` names them; made once."""
    return tuple(
        Dkim.model_validate({"domain": domain, "selector": selector, "key": make_key(kind).decode()})
        for domain, selector, kind in KEYS
    )


@lru_cache(maxsize=1)
def records() -> Mapping[str, str]:
    """What the DNS says of them: TXT records by their names."""
    return {
        key.record_name: public_record(read_key(key.key.get_secret_value().encode(), "a test")) for key in keys()
    }


@dataclass(frozen=True)
class Signed:
    """A signed mail, and how many signatures it is to have."""

    data: bytes
    signatures: int


def sample(number: int, editions: int) -> Iterator[Signed]:
    """So many mails of so many editions, one of each and then from the first again."""
    made = [_made(each) for each in range(editions)]
    for each in range(number):
        edition = made[each % editions]
        delivery = _delivery(each, edition)
        message = edition.composer.compose(delivery, NOW + timedelta(days=1, seconds=each))
        yield Signed(message.data, edition.signatures)


@dataclass(frozen=True)
class _Made:
    """An edition that is ready to be mailed. `earlier` are the ids of the digest's editions before it."""

    composer: EditionComposer
    sections: Sequence[str]
    earlier: Sequence[int]
    signatures: int


def _made(number: int) -> _Made:
    newsletter = Newsletter.model_validate(NEWSLETTERS[number % len(NEWSLETTERS)])
    site = SITES[number // 2 % len(SITES)]
    digest = _digest(Random(number), newsletter, number)
    before = (0, 1, 0, 14)[number % 4]  # of fourteen the References take many lines
    first = number * 100 + 1
    moments = [NOW + each * HOUR for each in range(before + 1)]
    earlier = [EditionFacts(first + each, each + 1, "", "", moments[each], NOW) for each in range(before)]
    look = Look(
        site=SiteLook(title=site.title, url=site.url),
        slug=newsletter.slug,
        title=newsletter.title,
        language=digest.language,
        postal_address="Harbour Press\n1 Quay Street, Port Example",
    )
    rendered = render(digest, look, notes=noted(*["The fee was 12; it is 21."][:before]))
    edition = Edition(first + before, number + 1, before + 1, digest, rendered, "", moments[-1], NOW)
    composer = EditionComposer(edition, newsletter, site, SECRET, earlier, Signing(keys()).of(newsletter))
    domain = ascii_domain(newsletter.sender.rpartition("@")[2].rstrip(">"))
    return _Made(
        composer,
        [section.slug for section in digest.sections],
        [each.id for each in earlier],
        sum(f".{domain}".endswith(f".{signing}") for signing, _, _ in KEYS),
    )


def _digest(random: Random, newsletter: Newsletter, number: int) -> Digest:
    language = newsletter.language or "en"
    lead, sections, points, length = SHAPES[number % len(SHAPES)]
    points *= 1 + number // len(SHAPES)
    words = WORDS[language].split()

    def text(count: int) -> str:
        return " ".join(random.choice(words) for _ in range(count))

    return Digest(
        newsletter=newsletter.slug,
        slug=f"edition-{number}",
        title=TITLES[number % len(TITLES)],
        date=date(2024, 11, 21),
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        lead=tuple(para(text(length)) for _ in range(lead)),
        sections=tuple(
            Section(f"part-{each}", text(3), (bullets(*(text(length) for _ in range(points))),))
            for each in range(sections)
        ),
    )


def _delivery(number: int, edition: _Made) -> Delivery:
    random = Random(number)
    return Delivery(
        id=number + 1,
        subscriber_id=number + 1,
        email=random.choice(ADDRESSES).format(number),
        name=random.choice(NAMES),
        link_version=random.randint(1, 3),
        sections=tuple(random.sample(edition.sections, 1)) if edition.sections and number % 3 == 0 else None,
        attempts=1,
        replies_to=random.choice([None, edition.earlier[-1], *edition.earlier]) if edition.earlier else None,
        again=7 if number % 5 == 0 else 0,
    )
