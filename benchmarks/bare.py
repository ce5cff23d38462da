"""The same rows by a bare script: what a run of the product left is written again, batch by batch, into a copy.

The copy was made before the run. Rows are grouped by the instant at which their transaction was committed, so that a
batch is what one transaction of the product wrote: new rows are inserted, changed ones updated in the columns that
differ. Nothing is computed on the way, every value is ready, constraints and triggers stay on, and fences do not
concern the superuser who writes.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any, Literal

import psutil
import psycopg

type Way = Literal["insert", "copy"]
type Rows = list[tuple[str | None, ...]]


@dataclass
class Batch:
    """What one transaction wrote: rows to insert by table, and updates by statement."""

    inserts: dict[str, Rows] = field(default_factory=lambda: defaultdict(list))
    updates: dict[str, Rows] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Written:
    """All that the run wrote, and the columns of each table in the order of their rows."""

    batches: list[Batch]
    columns: dict[str, list[str]]
    order: list[str]

    @property
    def rows(self) -> int:
        """All rows, inserted and updated."""
        return sum(sum(map(len, [*one.inserts.values(), *one.updates.values()])) for one in self.batches)


@dataclass(frozen=True)
class Done:
    """How long the bare script took, and the processor seconds of its own processes."""

    seconds: float
    cpu_s: float


def postmaster_of(address: str) -> psutil.Process:
    """Return the database's first process."""
    with psycopg.connect(address) as rows:
        return psutil.Process(psutil.Process(rows.info.backend_pid).ppid())


def processor_s(postmaster: psutil.Process) -> float:
    """Return the processor seconds of the database's processes so far, those that ended included."""
    own = postmaster.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for one in postmaster.children():
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return float(total)


def read_written(after: str, before: str, since: str, until: str) -> Written:
    """Return what ``after`` holds that was committed between two instants, set against the copy ``before``."""
    batches: dict[str, Batch] = defaultdict(Batch)
    columns: dict[str, list[str]] = {}
    with psycopg.connect(after) as now, psycopg.connect(before) as then:
        order = _tables(now)
        for table in order:
            columns[table] = names = _columns(now, table)
            as_text = ", ".join(f'"{name}"::text' for name in names)
            found = now.execute(
                f'SELECT pg_xact_commit_timestamp(xmin)::text, {as_text} FROM "{table}" '  # noqa: S608  # our own names
                "WHERE pg_xact_commit_timestamp(xmin) BETWEEN %s AND %s",
                [since, until],
            ).fetchall()
            old = _old(then, table, names, as_text, found)
            for at, *row in found:
                _note(batches[at], table, names, tuple(row), old.get(row[names.index("id")]))
    return Written([batches[at] for at in sorted(batches)], columns, order)


def replay(address: str, written: Written, *, way: Way, writers: int) -> Done:
    """Write everything again with so many connections; every batch is one commit."""
    spawning = multiprocessing.get_context("spawn")
    gate, used = spawning.Barrier(writers + 1), spawning.Queue()
    hands = [
        spawning.Process(target=_write, args=(address, written, written.batches[at::writers], way, gate, used))
        for at in range(writers)
    ]
    for hand in hands:
        hand.start()
    gate.wait()
    started = time.perf_counter()
    for hand in hands:
        hand.join()
    seconds = time.perf_counter() - started
    if any(hand.exitcode for hand in hands):
        raise SystemExit("the bare script failed")
    return Done(seconds, sum(used.get() for _ in hands))


def _write(  # noqa: PLR0917  # the arguments of a spawned process
    address: str, written: Written, batches: list[Batch], way: Way, gate: Barrier, used: Queue[float]
) -> None:
    with psycopg.connect(address) as rows:
        gate.wait()
        started = time.process_time()
        for batch in batches:
            with rows.transaction(), rows.cursor() as cursor:
                for table in written.order:
                    if table in batch.inserts:
                        _insert(cursor, table, written.columns[table], batch.inserts[table], way)
                for statement, changed in batch.updates.items():
                    cursor.executemany(statement, changed)
        used.put(time.process_time() - started)


def _insert(cursor: psycopg.Cursor[Any], table: str, names: list[str], rows: Rows, way: Way) -> None:
    listed = ", ".join(f'"{name}"' for name in names)
    if way == "copy":
        with cursor.copy(f'COPY "{table}" ({listed}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * len(names))
    cursor.executemany(f'INSERT INTO "{table}" ({listed}) VALUES ({marks})', rows)  # noqa: S608  # ours


def _old(
    then: psycopg.Connection[Any], table: str, names: list[str], as_text: str, found: list[tuple[Any, ...]]
) -> dict[str, tuple[str | None, ...]]:
    at = names.index("id") if "id" in names else 0
    ids = [row[1 + at] for row in found]
    rows = then.execute(f'SELECT {as_text} FROM "{table}" WHERE id::text = ANY(%s)', [ids])  # noqa: S608  # ours
    return {row[at]: row for row in rows}


def _note(
    batch: Batch, table: str, names: list[str], row: tuple[str | None, ...], old: tuple[str | None, ...] | None
) -> None:
    if old is None:
        batch.inserts[table].append(row)
        return
    changed = [at for at, value in enumerate(row) if value != old[at]]
    if changed:
        sets = ", ".join(f'"{names[at]}" = %s' for at in changed)
        statement = f'UPDATE "{table}" SET {sets} WHERE id = %s'  # noqa: S608  # our own names
        batch.updates[statement].append((*(row[at] for at in changed), row[names.index("id")]))


def _tables(rows: psycopg.Connection[Any]) -> list[str]:
    """Return the tables with an id, those that others refer to first; what triggers write is left to them."""
    names = [
        name
        for (name,) in rows.execute(
            "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND column_name = 'id' AND table_name NOT IN ('procrastinate_events', 'procrastinate_workers') ORDER BY 1"
        )
    ]
    refers = defaultdict(set)
    for child, parent in rows.execute(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
    ):
        refers[child.strip('"')].add(parent.strip('"'))
    ordered: list[str] = []
    while len(ordered) < len(names):
        ordered += [
            one for one in names if one not in ordered and not (refers[one] & set(names)) - {one} - set(ordered)
        ]
    return ordered


def _columns(rows: psycopg.Connection[Any], table: str) -> list[str]:
    found = rows.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
        "AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY ordinal_position",
        [table],
    )
    return [name for (name,) in found]
