"""Every rule there is, and the level that each has here."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from publisher.errors import ConfigError
from publisher.preflight import (
    alt_text,
    bidi,
    bidi_words,
    capitals,
    contrast,
    digest_date,
    digest_repeated,
    empty_sections,
    fields,
    image_weight,
    invisible,
    leftovers,
    link_host,
    links_answer,
    links_scheme,
    lookalike_hosts,
    mail_css,
    message_size,
    preheader,
    sender_domain,
    spam_phrases,
    story_repeated,
    subject_empty,
    subject_length,
    text_part,
    unsubscribe,
    valid_html,
)
from publisher.preflight.model import Level, Rule

RULES: tuple[Rule, ...] = (
    fields.RULE,
    leftovers.RULE,
    unsubscribe.RULE,
    text_part.RULE,
    subject_empty.RULE,
    subject_length.RULE,
    preheader.RULE,
    capitals.RULE,
    spam_phrases.RULE,
    bidi.RULE,
    bidi_words.RULE,
    invisible.RULE,
    link_host.RULE,
    lookalike_hosts.RULE,
    links_scheme.RULE,
    links_answer.RULE,
    alt_text.RULE,
    image_weight.RULE,
    message_size.RULE,
    mail_css.RULE,
    valid_html.RULE,
    contrast.RULE,
    digest_date.RULE,
    empty_sections.RULE,
    story_repeated.RULE,
    digest_repeated.RULE,
    sender_domain.RULE,
)
"""In the order in which their findings are shown."""


def levels(overrides: Mapping[str, str]) -> Mapping[str, Level]:
    """The level of every rule: its own, unless `[preflight] rules` gives it another."""
    return {rule.id: Level(overrides.get(rule.id, rule.level)) for rule in RULES}


def check_levels(overrides: Mapping[str, str], *, file: str) -> None:
    """Refuse what `[preflight] rules` says of a rule that does not exist: a typing error would switch off nothing.

    Raises:
        ConfigError: there is no such rule; the remedy names the nearest, or all.
    """
    known = [rule.id for rule in RULES]
    for name in overrides:
        if name in known:
            continue
        near = get_close_matches(name, known, n=1, cutoff=0.6)
        remedy = f"Did you mean {near[0]}?" if near else f"The rules are: {', '.join(sorted(known))}"
        raise ConfigError(f'preflight.rules.{name}: there is no rule "{name}"', remedy=remedy, file=file)
