"""Law 17 against death: processes that publish together, roll back at random and are killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from uuid import UUID

import pytest
from sqlalchemy import select

from server.billing import service as billing
from server.billing.model import Invoice
from server.core.transaction import forget_engine, transaction
from server.orders import queries as orders
from server.receivables.audit import book_faults
from shared.states import BillingState
from tests.factories.world import ADJUST, World, make_order, make_world, stamp

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
ORDERS = 1_500 if IS_NIGHT else 48
KILLS = 120 if IS_NIGHT else 6
PUBLISHERS = 8
ENOUGH_S = 1_200 if IS_NIGHT else 120
pytestmark = pytest.mark.timeout(ENOUGH_S + 60)


class ChangedMind(Exception):
    """A publication that is rolled back on purpose."""


def publish_all(world: World, order_ids: list[UUID], seed: int) -> None:
    """Publish what is not published yet, in an order of one's own; now and then change one's mind after the numbers."""
    forget_engine()
    chance = random.Random(seed)
    mine = chance.sample(order_ids, len(order_ids))
    while mine:
        order_id = mine.pop()
        try:
            with transaction(acting=world.carrier_id) as session:
                order = orders.order(session, order_id=order_id)
                if order.billing_state is not BillingState.SETTLED:
                    billing.publish_for_order(session, order=order, stamp=stamp())
                    billing.publish_pending(session, stamp=stamp())
                    change_mind(chance)
        except ChangedMind:
            mine.insert(0, order_id)
    os._exit(0)


def change_mind(chance: random.Random) -> None:
    """Roll back a quarter of the publications, and let others wait with their numbers taken, for the killer."""
    fate = chance.random()
    if fate < 0.25:
        raise ChangedMind
    if fate < 0.4:
        time.sleep(0.01)


def test_numbers_stay_whole_under_killed_publishers(database) -> None:
    """Law 17: 8 processes on one series, a quarter rolled back, some killed: numbers 1..n and books that hold."""
    world = make_world([ADJUST])
    order_ids = [make_order(world, cases=1, kegs=0) for _ in range(ORDERS)]
    fork, chance = multiprocessing.get_context("fork"), random.Random(17)
    seeds = iter(range(10_000))

    def begin() -> multiprocessing.Process:
        process = fork.Process(target=publish_all, args=(world, order_ids, next(seeds)))
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
    with transaction(acting=world.seller.id) as session:
        numbers = session.scalars(select(Invoice.sequence).where(Invoice.sequence.is_not(None))).all()
        assert sorted(numbers) == list(range(1, ORDERS + 1))
        assert list(book_faults(session, issuer_id=world.seller.id)) == []
    assert (exits, killed) == ({0}, KILLS)
