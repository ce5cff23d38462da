"""Publications a second on one series, by several processes with random rollbacks and deaths, and by bare SQL.

    python -m benchmarks.publish [--workers 8] [--documents 800] [--batch 25] [--rollbacks 0.1] [--kills 2] [--seed 1]

Each worker prices orders, drafts their invoices, numbers, chains, posts and commits them, ``--batch`` of them in one
transaction, as a push or a run's papers do; a part of the transactions is rolled back at the very end, and ``--kills``
workers are killed with SIGKILL while they work and started again. PostgreSQL is the embedded one with fsync on, in a
folder of its own. Afterwards the books are walked: a gap or a broken link is an error. The same rows are then written
by a bare script in the same batches. Prints one JSON object; exits 1 when the books do not hold.
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
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import psycopg
from sqlalchemy import create_engine, select, text

from benchmarks.bare import processor_s, read_written, replay
from server.billing import service as billing
from server.core.embedded.postgres import EmbeddedPostgres, PostgresAddress, ensure_database, ensure_roles
from server.core.heap import keep_loaded
from server.core.settings import reload_settings
from server.core.transaction import engine, transaction
from server.migrations.schema import install
from server.orders.model import Order
from server.receivables.audit import book_faults
from server.subscriptions import install_subscriptions
from tests.factories.world import ADJUST, World, make_order, make_world, stamp

TO_REACH_A_SECOND = 400
_SPAWNING = multiprocessing.get_context("spawn")


class RolledBack(Exception):  # not an error: a part of the drill
    """A transaction that the drill gives up on purpose."""


@contextmanager
def database() -> Iterator[PostgresAddress]:
    """Hold an empty database with the product's schema; the settings point to it."""
    options = {"track_commit_timestamp": "on"}  # the bare script groups rows by it
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres(Path(folder) / "postgres", options=options) as address,
    ):
        ensure_roles(address)
        ensure_database(address, "bench")
        os.environ["TOURNEE_DATABASE_URL"] = address.url("bench", user="tournee_app")
        owner = create_engine(address.url("bench", user="tournee_owner"))
        with owner.begin() as connection:
            install(connection)
        owner.dispose()
        reload_settings()
        yield address


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
            billing.publish_orders(session, order_ids=order_ids, stamp=stamp())
            give_up_if(fails=fails)
    except RolledBack:
        return False
    return True


@dataclass(frozen=True)
class Share:
    """What one worker publishes, and how often it gives up."""

    carrier_id: UUID
    batches: list[list[UUID]]
    rollbacks: float
    seed: int


def work(share: Share, gate: Barrier, called: Event, used: Queue[float]) -> None:
    """Publish every batch, as often as it takes, once called; what was published before keeps its number."""
    install_subscriptions()
    chance = random.Random(share.seed)
    keep_loaded()
    publish(share.carrier_id, share.batches[0], fails=True)
    gate.wait()
    called.wait()
    started = time.process_time()
    for batch in share.batches:
        while not publish(share.carrier_id, batch, fails=chance.random() < share.rollbacks):
            pass
    used.put(time.process_time() - started)


def main() -> None:
    """Run the drill and print its figures."""
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, usual in (("workers", 8), ("documents", 800), ("batch", 25), ("kills", 2), ("seed", 1)):
        wanted.add_argument(f"--{name}", type=int, default=usual)
    wanted.add_argument("--rollbacks", type=float, default=0.1)
    asked = wanted.parse_args()
    with database() as address:
        world = make_world([ADJUST])
        order_ids = copy_orders(world, make_order(world), asked.documents)
        engine().dispose()
        plain = address.url("bench").replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(plain.replace("/bench", "/postgres"), autocommit=True) as rows:
            rows.execute("CREATE DATABASE bare TEMPLATE bench")
            since = _now(rows)
            figures: dict[str, Any] = run(world, order_ids, asked, rows)
            until = _now(rows)
        with transaction(acting=world.seller.id) as session:
            faults = [fault.kind for fault in book_faults(session, issuer_id=world.seller.id)]
            published = session.execute(text("SELECT count(*) FROM invoice WHERE state = 'published'")).scalar_one()
        written = read_written(plain, plain.replace("/bench", "/bare"), since, until)
        bare = replay(plain.replace("/bench", "/bare"), written, way="insert", writers=asked.workers)
    a_second = published / figures["seconds"]
    figures |= {
        "published": published,
        "a_second": round(a_second, 1),
        "cpu_ms_a_document": round(1000 * figures["cpu_s"] / published, 2),
        "gaps": sum(kind == "missing-number" for kind in faults),
        "faults": faults,
        "ratio_to_goal": round(a_second / TO_REACH_A_SECOND, 3),
        "bare_a_second": round(published / bare.seconds, 1),
        "ratio_to_bare": round(bare.seconds / figures["seconds"], 3),
    }
    print(json.dumps(vars(asked) | figures))
    if faults:
        raise SystemExit(1)


def _now(rows: psycopg.Connection[Any]) -> str:
    found = rows.execute("SELECT clock_timestamp()::text").fetchone()
    return str(found[0]) if found else ""


def run(
    world: World, order_ids: list[UUID], asked: argparse.Namespace, rows: psycopg.Connection[Any]
) -> dict[str, float]:
    """Return the seconds that all took together, and their processor seconds; a killed worker's own are lost."""
    batches = [order_ids[at : at + asked.batch] for at in range(0, len(order_ids), asked.batch)]
    kills = min(asked.kills, asked.workers)
    gate, used = _SPAWNING.Barrier(asked.workers + kills + 1), _SPAWNING.Queue()
    now, calls = _SPAWNING.Event(), [_SPAWNING.Event() for _ in range(kills)]
    now.set()
    shares = [
        Share(world.carrier_id, batches[at :: asked.workers], asked.rollbacks, asked.seed + at)
        for at in range(asked.workers)
    ]
    workers = [_worker(share, gate, now, used) for share in shares]
    spare = [_worker(share, gate, call, used) for share, call in zip(shares, calls, strict=False)]
    postgres = psutil.Process(psutil.Process(rows.info.backend_pid).ppid())
    gate.wait()
    before_s, started = processor_s(postgres), time.perf_counter()
    for at, call in enumerate(calls):  # whoever takes the place of the dead stands ready: starting is not measured
        time.sleep(0.1)
        workers[at].kill()
        call.set()
    python_s = sum(used.get() for _ in workers)
    seconds = time.perf_counter() - started
    for worker in [*workers, *spare]:
        worker.join()
    postgres_s = processor_s(postgres) - before_s
    return {"seconds": round(seconds, 2), "cpu_s": round(python_s + postgres_s, 2), "postgres_s": round(postgres_s, 2)}


def _worker(share: Share, gate: Barrier, called: Event, used: Queue[float]) -> SpawnProcess:
    worker = _SPAWNING.Process(target=work, args=(share, gate, called, used))
    worker.start()
    return worker


if __name__ == "__main__":
    main()
