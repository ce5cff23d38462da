"""Publications a second on one series, by several processes with random rollbacks, as a ratio to the figure to reach.

    publish.py [--workers 8] [--documents 800] [--batch 1] [--rollbacks 0.1] [--seed 1]

Each worker prices an order, drafts its invoice, numbers, chains, posts and commits it, ``--batch`` of them in one
transaction; a part of the transactions is rolled back at the very end. PostgreSQL is the embedded one with fsync on, in
a folder of its own. Afterwards the books are walked: a gap or a broken link is an error. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from uuid import UUID

from sqlalchemy import create_engine, select, text

from server.billing import service as billing
from server.core.embedded.postgres import EmbeddedPostgres, ensure_database, ensure_roles
from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.migrations.schema import install
from server.orders import queries as orders
from server.orders.model import Order
from server.receivables.audit import book_faults
from tests.factories.world import ADJUST, World, make_order, make_world, stamp

TO_REACH_A_SECOND = 400


class RolledBack(Exception):  # not an error: a part of the drill
    """A transaction that the drill gives up on purpose."""


@contextmanager
def database() -> Iterator[None]:
    """Hold an empty database with the product's schema; the settings point to it."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as address:
        ensure_roles(address)
        ensure_database(address, "bench")
        os.environ["TOURNEE_DATABASE_URL"] = address.url("bench", user="tournee_app")
        owner = create_engine(address.url("bench", user="tournee_owner"))
        with owner.begin() as connection:
            install(connection)
        owner.dispose()
        reload_settings()
        yield


def copy_orders(world: World, order_id: UUID, count: int) -> list[UUID]:
    """Return so many orders like the first, with lines of their own."""
    with transaction(acting=world.seller.id) as session:
        asked = {"id": order_id}
        session.execute(text('CREATE TEMP TABLE copy_order AS SELECT * FROM "order" WHERE id = :id'), asked)
        session.execute(
            text("CREATE TEMP TABLE copy_order_line AS SELECT * FROM order_line WHERE order_id = :id"), asked
        )
        for number in range(count):
            session.execute(
                text("UPDATE copy_order SET id = gen_random_uuid(), number = :number"), {"number": f"BENCH-{number}"}
            )
            session.execute(
                text("UPDATE copy_order_line SET id = gen_random_uuid(), order_id = (SELECT id FROM copy_order)")
            )
            session.execute(text('INSERT INTO "order" SELECT * FROM copy_order'))
            session.execute(text("INSERT INTO order_line SELECT * FROM copy_order_line"))
        return list(session.scalars(select(Order.id).where(Order.number.like("BENCH-%"))))


def give_up_if(*, fails: bool) -> None:
    """Roll the transaction back when the drill says so."""
    if fails:
        raise RolledBack


def publish(carrier_id: UUID, order_ids: list[UUID], *, fails: bool) -> bool:
    """Publish these orders in one transaction and say whether it was committed."""
    try:
        with transaction(acting=carrier_id) as session:
            for order in orders.orders(session, order_ids=order_ids):
                billing.publish_for_order(session, order=order, stamp=stamp())
            billing.publish_pending(session, stamp=stamp())
            give_up_if(fails=fails)
    except RolledBack:
        return False
    return True


def work(carrier_id: UUID, batches: list[list[UUID]], rollbacks: float, seed: int, gate: Barrier) -> None:
    """Publish every batch, as often as it takes; all workers start at once, after one publication to warm up."""
    chance = random.Random(seed)
    publish(carrier_id, batches[0], fails=True)
    gate.wait()
    for batch in batches:
        while not publish(carrier_id, batch, fails=chance.random() < rollbacks):
            pass


def main() -> None:
    """Run the drill and print its figures."""
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    wanted.add_argument("--workers", type=int, default=8)
    wanted.add_argument("--documents", type=int, default=800)
    wanted.add_argument("--batch", type=int, default=1)
    wanted.add_argument("--rollbacks", type=float, default=0.1)
    wanted.add_argument("--seed", type=int, default=1)
    asked = wanted.parse_args()
    with database():
        world = make_world([ADJUST])
        order_ids = copy_orders(world, make_order(world), asked.documents)
        seconds = run(world, order_ids, asked)
        with transaction(acting=world.seller.id) as session:
            faults = [fault.kind for fault in book_faults(session, issuer_id=world.seller.id)]
            published = session.execute(text("SELECT count(*) FROM invoice WHERE state = 'published'")).scalar_one()
    a_second = published / seconds
    figures = {"published": published, "seconds": round(seconds, 2), "a_second": round(a_second, 1)}
    print(json.dumps(figures | vars(asked) | {"faults": faults, "ratio": round(a_second / TO_REACH_A_SECOND, 3)}))


def run(world: World, order_ids: list[UUID], asked: argparse.Namespace) -> float:
    """Return the seconds that the workers took together."""
    batches = [order_ids[at : at + asked.batch] for at in range(0, len(order_ids), asked.batch)]
    spawning = multiprocessing.get_context("spawn")
    gate = spawning.Barrier(asked.workers + 1)
    workers = [
        spawning.Process(
            target=work, args=(world.carrier_id, batches[at :: asked.workers], asked.rollbacks, asked.seed + at, gate)
        )
        for at in range(asked.workers)
    ]
    for worker in workers:
        worker.start()
    gate.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
