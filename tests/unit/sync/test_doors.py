"""Back-pressure: how many at once, who waits, and for how long one is sent away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Lock
from uuid import UUID, uuid4

import pytest

from server.sync.service.doors import Pace, Saturated, TooManyPushes, Turnstile


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_no_more_than_so_many_are_inside_and_one_waits() -> None:
    """Back-pressure: two work, the third waits for its turn, the fourth is sent away at once."""
    turnstile = Turnstile(at_once=2, queue=1, patience_s=20.0)
    inside, most, lock, full, go = 0, 0, Lock(), Barrier(3), Event()

    def work(waits: bool) -> None:
        nonlocal inside, most
        with turnstile.turn(uuid4()):
            with lock:
                inside += 1
                most = max(most, inside)
            if waits:
                full.wait(20)
                go.wait(20)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(work, waits) for waits in (True, True)]
        full.wait(20)
        third = pool.submit(work, waits=False)
        while not turnstile._waiting:
            pass
        with pytest.raises(Saturated), turnstile.turn(uuid4()):
            pass
        assert not third.done()
        go.set()
        for one in (*working, third):
            one.result(20)
    assert (most, turnstile._inside, turnstile._waiting) == (2, set(), set())


def test_one_tablet_is_inside_once_and_waits_once() -> None:
    """Back-pressure: its second push waits behind its first, a third is sent away, and others find the place free."""
    turnstile, tablet, go = Turnstile(at_once=2, queue=4, patience_s=20.0), uuid4(), Event()

    def work() -> None:
        with turnstile.turn(tablet):
            go.wait(20)

    with ThreadPoolExecutor(2) as pool:
        working = [pool.submit(work) for _ in range(2)]
        while not (turnstile._inside and turnstile._waiting):
            pass
        with pytest.raises(Saturated) as away, turnstile.turn(tablet):
            pass
        assert away.value.members["retry_after_s"] == 1
        for _other in range(3):
            with turnstile.turn(uuid4()):
                assert len(turnstile._inside) == 2
        go.set()
        for one in working:
            one.result(20)
    assert (turnstile._inside, turnstile._waiting) == (set(), set())


def test_the_wait_that_is_asked_for_follows_from_what_was_measured() -> None:
    """Back-pressure: whoever is sent away is promised the next free instant, 60 s away at most."""
    watch = Watch()
    turnstile = Turnstile(at_once=1, queue=0, patience_s=0.0, monotonic_s=watch)
    for _push in range(40):
        with turnstile.turn(uuid4()):
            watch.now_s += 2.0

    def asked_s() -> int:
        with pytest.raises(Saturated) as sent_away, turnstile.turn(uuid4()):
            pass
        return int(sent_away.value.members["retry_after_s"])

    with turnstile.turn(uuid4()):
        waits_s = [asked_s() for _ in range(50)]
        assert waits_s[:3] == [2, 4, 6], "behind the one inside, one after the other, 2 s each"
        assert waits_s == sorted(waits_s)
        assert waits_s[-1] == 60
        watch.now_s += 60.0
        assert asked_s() == 2, "those who were sent away have come back since"


def test_a_tablet_has_its_own_pace() -> None:
    """Rate limit: counted by tablet in a sliding window; the wait ends when the oldest call leaves it."""
    watch = Watch()
    pace = Pace(2, 60.0, monotonic_s=watch)
    one, other = uuid4(), uuid4()
    pace.count(one)
    watch.now_s += 10.0
    pace.count(one)
    with pytest.raises(TooManyPushes) as refused:
        pace.count(one)
    assert refused.value.members["retry_after_s"] == 50
    pace.count(other)
    watch.now_s += 50.0
    pace.count(one)


def test_the_pace_remembers_a_bounded_number_of_tablets() -> None:
    """Limits on everything: no caller makes the process grow without end; 0 counts nobody."""
    pace = Pace(1, 60.0)
    for number in range(Pace.TRACKED + 500):
        pace.count(UUID(int=number))
    assert len(pace._calls) == Pace.TRACKED
    free = Pace(0, 60.0)
    for _call in range(10):
        free.count(UUID(int=1))
