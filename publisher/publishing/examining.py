"""A small digest that is sent to nobody: what is found in it is the instance's own."""

from __future__ import annotations

from datetime import date

from publisher.config import Newsletter
from publisher.digests.model import Digest, Item, Link, ListBlock, Paragraph, Section, Strong, Text


def sample_digest(newsletter: Newsletter, site_url: str, language: str, today: date) -> Digest:
    """A small digest that no rule has anything to say about; what one says then, it says of the instance."""
    link = Link(site_url, (Text("the site"),))
    line = Paragraph((Strong((Text("One"),)), Text(" item of a list.")))
    items = ListBlock((Item((line,)),))
    return Digest(
        newsletter=newsletter.slug,
        slug="a-test-of-this-instance",
        title="A test of this instance",
        date=today,
        language=language,
        direction="ltr",
        lead=(
            Paragraph((Text("This text is made by the publisher and sent to nobody. It names "), link, Text("."))),
        ),
        sections=(Section("a-section", "A section", (items, Paragraph((Text("The last words of it."),)))),),
    )
