"""The one place where transactions begin and end; only doors import it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import msgspec
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from server.core.acting import KEY
from server.core.facts import write_pending
from server.core.gathering import TenantSession
from server.core.jobs import write_jobs
from server.core.settings import settings

_engines: dict[str, Engine] = {}


def engine(*, as_owner: bool = False) -> Engine:
    """Return this process's engine, made on first use; a fork must call ``forget_engine`` first.

    ``as_owner`` connects as the role that owns the schema, which is fenced too but may list all organisations.
    """
    url = settings().owner_database_url if as_owner else settings().database_url
    if url not in _engines:
        _engines[url] = create_engine(
            url,
            pool_size=8,
            max_overflow=4,
            pool_pre_ping=True,
            json_deserializer=msgspec.json.decode,
            connect_args={"application_name": "tournee"},
        )
    return _engines[url]


def forget_engine() -> None:
    """Drop this process's connections without closing the parent's."""
    for known in _engines.values():
        known.dispose(close=False)
    _engines.clear()


@contextmanager
def transaction(acting: UUID, *, as_owner: bool = False) -> Iterator[Session]:
    """Open a session that acts for one organisation, commit at the end, roll back on any error.

    Facts noted on the way are chained and their jobs enqueued just before the commit. ``as_owner`` is for commands
    that go through all organisations.
    """
    session = TenantSession(engine(as_owner=as_owner), expire_on_commit=False, info={KEY: acting})
    try:
        with session.begin():
            yield session
            write_pending(session)
            write_jobs(session)
    finally:
        session.close()
