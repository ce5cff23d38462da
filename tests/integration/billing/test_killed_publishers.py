"""Law 17 against death: processes that publish together, roll back at random and are killed; some documents joined."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import defaultdict
from uuid import UUID

import pytest
from sqlalchemy import select

from server.billing import service as billing
from server.billing.model import Invoice
from server.core.transaction import forget_engine, transaction
from server.orders import queries as orders
from server.receivables.audit import book_faults
from shared.ids import new_id
from shared.states import BillingState
from tests.factories.stops import JOINED
from tests.factories.world import World, make_order, make_world, stamp

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
STOPS = 1_000 if IS_NIGHT else 32
"""Every second one with the orders of two sellers, which their agent bills on one invoice."""
KILLS = 120 if IS_NIGHT else 6
PUBLISHERS = 8
ENOUGH_S = 1_200 if IS_NIGHT else 120
pytestmark = pytest.mark.timeout(ENOUGH_S + 60)


class ChangedMind(Exception):
    """A publication that is rolled back on purpose."""


type Stop = tuple[UUID, tuple[UUID, ...]]
"""A place and its orders."""


def publish_all(world: World, stops: list[Stop], seed: int) -> None:
    """Publish what is not published yet, in an order of one's own; now and then change one's mind after the numbers."""
    forget_engine()
    chance = random.Random(seed)
    mine = chance.sample(stops, len(stops))
    while mine:
        place_id, order_ids = stop = mine.pop()
        try:
            with transaction(acting=world.carrier_id) as session:
                waiting = [orders.order(session, order_id=one) for one in order_ids]
                if any(order.billing_state is not BillingState.SETTLED for order in waiting):
                    for order in waiting:
                        billing.publish_for_order(session, order=order, place_id=place_id, stamp=stamp())
                    billing.publish_pending(session, stamp=stamp())
                    change_mind(chance)
        except ChangedMind:
            mine.insert(0, stop)
    os._exit(0)


def change_mind(chance: random.Random) -> None:
    """Roll back a quarter of the publications, and let others wait with their numbers taken, for the killer."""
    fate = chance.random()
    if fate < 0.25:
        raise ChangedMind
    if fate < 0.4:
        time.sleep(0.01)


def test_numbers_stay_whole_under_killed_publishers(database) -> None:
    """Law 17, C15: 8 processes on one series, a quarter rolled back, some killed: numbers 1..n and books that hold.

    The sections of a joined invoice share a number, are 1 and 2 of it, and none is ever without the other.
    """
    world = make_world([JOINED, JOINED])
    stops = [stop_of(world, joined=number % 2 == 0) for number in range(STOPS)]
    fork, chance = multiprocessing.get_context("fork"), random.Random(17)
    seeds = iter(range(10_000))

    def begin() -> multiprocessing.Process:
        process = fork.Process(target=publish_all, args=(world, stops, next(seeds)))
        process.start()
        return process

    running, killed, began = [begin() for _ in range(PUBLISHERS)], 0, time.monotonic()
    try:
        while any(one.is_alive() for one in running):
            assert time.monotonic() - began < ENOUGH_S
            time.sleep(chance.uniform(0.02, 0.2))
            alive = [at for at, one in enumerate(running) if one.is_alive()]
            if alive and killed < KILLS:
                at = chance.choice(alive)
                running[at].kill()
                running[at].join()
                killed += 1
                running[at] = begin()
    finally:
        for one in running:
            one.kill()  # else the end of this process would wait for it
            one.join()
    exits = {one.exitcode for one in running}
    with transaction(acting=world.carrier_id) as session:
        published = session.scalars(select(Invoice).where(Invoice.sequence.is_not(None))).all()
        sections: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for one in published:
            sections[one.sequence].append((one.section, one.sections))
        assert sorted(sections) == list(range(1, STOPS + 1))
        pairs = [sorted(found) for found in sections.values() if len(found) > 1]
        assert (len(pairs), len(published)) == (STOPS // 2, STOPS + STOPS // 2)
        assert all(found == [(1, 2), (2, 2)] for found in pairs)
        assert list(book_faults(session, issuer_id=world.carrier_id)) == []
    assert (exits, killed) == ({0}, KILLS)


def stop_of(world: World, *, joined: bool) -> Stop:
    """Return a stop with an order of the first seller, and one of the second where they are to be joined."""
    sellers = world.sellers if joined else world.sellers[:1]
    return new_id(), tuple(make_order(world, seller=seller, cases=1, kegs=0) for seller in sellers)
