"""Who asks for the same feed again and again, and whom that must not harm."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.web.hammering import AT_ONCE, EVERY_SECONDS, Hammering


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


FEED = "daily/rss.xml"


def test_some_answers_are_free_then_one_a_minute() -> None:
    clock = Clock()
    hammering = Hammering(clock=clock, jitter=lambda: 0.0)
    assert [hammering.wait("203.0.113", b"a", FEED) for _ in range(AT_ONCE)] == [0] * AT_ONCE
    wait = hammering.wait("203.0.113", b"a", FEED)
    assert 0 < wait <= EVERY_SECONDS + 1
    clock.seconds += wait
    assert hammering.wait("203.0.113", b"a", FEED) == 0, "who comes when told is answered"
    assert hammering.wait("203.0.113", b"a", FEED) > 0


def test_who_asks_once_a_minute_is_never_stopped() -> None:
    clock = Clock()
    hammering = Hammering(clock=clock)
    for _ in range(500):
        assert hammering.wait("203.0.113", b"a", FEED) == 0
        clock.seconds += EVERY_SECONDS


def test_being_stopped_does_not_make_it_worse() -> None:
    clock = Clock()
    hammering = Hammering(clock=clock, jitter=lambda: 0.0)
    for _ in range(1000):
        hammering.wait("203.0.113", b"a", FEED)
    clock.seconds += EVERY_SECONDS + 1
    assert hammering.wait("203.0.113", b"a", FEED) == 0


def test_networks_programs_and_feeds_do_not_harm_each_other() -> None:
    hammering = Hammering(at_once=1, clock=Clock())
    assert hammering.wait("203.0.113", b"a", FEED) == 0
    assert hammering.wait("203.0.113", b"a", FEED) > 0
    assert hammering.wait("198.51.100", b"a", FEED) == 0
    assert hammering.wait("203.0.113", b"b", FEED) == 0
    assert hammering.wait("203.0.113", b"a", "daily/atom.xml") == 0


def test_who_is_stopped_together_does_not_come_back_together() -> None:
    jitters = iter([0.0, 0.5, 1.0])
    hammering = Hammering(at_once=0, clock=Clock(), jitter=lambda: next(jitters))
    assert len({hammering.wait("203.0.113", b"a", FEED) for _ in range(3)}) == 3


def test_nothing_of_who_asked_is_kept_and_not_much_of_anything() -> None:
    hammering = Hammering(clock=Clock(), most=100)
    for number in range(1000):
        hammering.wait(f"203.0.{number}", b"agent-of-anna", FEED)
    kept = str(vars(hammering))
    assert "203.0" not in kept
    assert "anna" not in kept
    assert len(hammering) <= 100
