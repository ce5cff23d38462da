"""How fast a read answers, and the same statements sent bare: no fence, no mapper, no Python objects."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

type Said = list[tuple[str, Any]]


def afresh[Read](session: Session, read: Callable[[Session], Read]) -> Read:
    """Return what a session reads that remembers nothing."""
    session.expunge_all()
    return read(session)


@contextmanager
def heard() -> Iterator[Said]:
    """Note the statements that the product sends inside the block, with their values."""
    said: Said = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001  # as SQLAlchemy calls it
        said.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def timed_ms(read: Callable[[], object], *, turns: int) -> list[float]:
    """Return the milliseconds of each turn but the first, which warms caches."""
    read()
    found = []
    for _ in range(turns):
        started = time.perf_counter()
        read()
        found.append(1000 * (time.perf_counter() - started))
    return found


def bare_ms(rows: psycopg.Connection[Any], said: Said, *, turns: int) -> list[float]:
    """Return the milliseconds of the same statements, sent by a superuser whom no fence concerns."""

    def read() -> None:
        for statement, values in said:
            rows.execute(statement, values).fetchall()

    return timed_ms(read, turns=turns)


def percentile_ms(found: list[float], part: float) -> float:
    """Return the time that so large a part of the turns took at most."""
    ordered = sorted(found)
    return round(ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)], 1)
