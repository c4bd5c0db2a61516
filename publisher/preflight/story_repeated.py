"""A story that readers had in one of the last digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from publisher.preflight.digest_repeated import is_again
from publisher.preflight.model import Candidate, Level, Problem, Rule
from publisher.preflight.reading import reading
from publisher.preflight.stories import Past, Shingle, Story
from publisher.preflight.wording import quoted

SAME = 0.7
"""The share of a story's words in a row that an earlier one had already."""

SAME_LINKED = 0.5
"""The share of a story's words that an earlier one with the same link had already."""

WORDS = 10
"""A line with fewer words may be the same every day; in Chinese or Japanese twice as many letters may."""

STANDING = 3
"""What stood in so many of the last digests stands there on purpose."""

_MOST_ALIKE = 16
"""Stories that are remembered for one shingle, so that a digest of one sentence a thousand times costs no more."""


def _check(candidate: Candidate) -> Iterator[Problem]:
    read = reading(candidate)
    earlier = [past for past in read.past if not is_again(read.stories, past)]
    memory = _Memory(earlier)
    for story in read.stories:
        found = memory.same(story)
        if not found or len(found) >= STANDING or story.opening.rstrip().endswith((":", "：")):
            continue
        number = min(found)
        past, other = earlier[number], found[number]
        yield Problem(
            f"{quoted(story.opening)} was in {past.key} already ({other.place})",
            "Leave it out, or say what is new",
            story.place,
        )


class _Memory:
    """The stories of earlier digests, found by words in a row and by links."""

    def __init__(self, earlier: Sequence[Past]) -> None:
        self.told = [(number, story) for number, past in enumerate(earlier) for story in past.stories]
        self.by_shingle: dict[Shingle, list[int]] = {}
        self.by_link: dict[str, list[int]] = {}
        for at, (_, story) in enumerate(self.told):
            for shingle in story.shingles:
                _remember(self.by_shingle.setdefault(shingle, []), at)
            for link in story.links:
                _remember(self.by_link.setdefault(link, []), at)

    def same(self, story: Story) -> Mapping[int, Story]:
        """By the number of an earlier digest, newest first: the story in it that is the same as this one."""
        alike: list[int] = []
        if story.weight >= WORDS:
            hits = Counter(at for shingle in story.shingles for at in self.by_shingle.get(shingle, ()))
            alike = [at for at, count in hits.items() if count >= SAME * len(story.shingles)]
        linked = {at for link in story.links for at in self.by_link.get(link, ())}
        alike += [at for at in linked if story.shared_with(self.told[at][1]) >= SAME_LINKED]
        return dict(self.told[at] for at in sorted(alike, reverse=True))


def _remember(known: list[int], at: int) -> None:
    if len(known) < _MOST_ALIKE:
        known.append(at)


RULE = Rule(
    "story-repeated",
    Level.WARN,
    "No paragraph or item that one of the newsletter's last seven digests had already: the same words in a row, "
    f"or the same link with the same words. Short lines, and what stood in {STANDING} of them, may stand there "
    "again.",
    _check,
)
