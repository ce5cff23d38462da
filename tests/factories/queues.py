"""Doors that come one after the other to what somebody holds: real requests, each on its own connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, create_engine, text

from tests.conftest import Database
from tests.factories.waiting import BOUNDED, PATIENCE_S, WaitedInVain, end_of

_WAITING: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_ORDER: Final = text('SELECT id FROM "order" WHERE id = :id FOR UPDATE')
_FACTS: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('fact:' || CAST(:id AS text), 0))")


def on_an_order(database: Database, order_id: Any, *doors: Callable[[], Any]) -> list[Any]:
    """Let each door find the order's row taken, in turn, then let go; return their answers.

    All have read the order by then: what the first one changes, the others have not seen.
    """
    with _holding(database, _ORDER, order_id) as let_go:
        return _in_turn(database, doors, let_go)


def at_the_end(database: Database, owner_id: Any, *doors: Callable[[], Any]) -> list[Any]:
    """Let each door run until it would end, or waits for another, before any of them ends; return their answers."""
    with _holding(database, _FACTS, owner_id) as let_go:
        return _in_turn(database, doors, let_go)


@contextmanager
def _holding(database: Database, lock: Any, held_id: Any) -> Iterator[Callable[[], None]]:
    engine = create_engine(database.superuser_url, connect_args=BOUNDED)
    try:
        with engine.connect() as connection:
            connection.execute(lock, {"id": str(held_id)})
            yield connection.rollback
    finally:
        engine.dispose()


def _in_turn(database: Database, doors: tuple[Callable[[], Any], ...], let_go: Callable[[], None]) -> list[Any]:
    answers: dict[int, Any] = {}

    def knock(place: int) -> None:
        answers[place] = doors[place]()

    threads = [threading.Thread(target=knock, args=(place,)) for place in range(len(doors))]
    engine = create_engine(database.superuser_url, connect_args=BOUNDED)
    try:
        with engine.connect() as connection:
            for place, thread in enumerate(threads, start=1):
                thread.start()
                _until_waiting(connection, place)
    finally:
        let_go()
        engine.dispose()
    for thread in threads:
        end_of(thread, "a door")
    return [answers[place] for place in range(len(doors))]


def _until_waiting(connection: Connection, doors: int) -> None:
    patience = time.monotonic() + PATIENCE_S
    while True:
        waiting = connection.execute(_WAITING).scalar_one()
        connection.rollback()  # each look is of its own moment
        if waiting >= doors:
            return
        if time.monotonic() > patience:
            raise WaitedInVain(f"{waiting} of {doors} doors wait")
        time.sleep(0.01)
