"""For whom the session acts: the database shows and takes only that organisation's rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from psycopg.pq import TransactionStatus
from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, SessionTransaction

from server.core.fences import ACTING

_SET = text(f"SELECT set_config('{ACTING}', :org, true)")
KEY = "acting"


@contextmanager
def acting_for(session: Session, org_id: UUID) -> Iterator[None]:
    """Act for another organisation of the same deal inside the block, then for the former one again.

    The caller derives ``org_id`` from an active agreement or from a row it read, never from a request. What is
    pending is written before each change, under the organisation that made it.
    """
    former: UUID = session.info[KEY]
    if former == org_id:
        session.flush()
        yield
        session.flush()
        return
    _act(session, org_id)
    try:
        yield
        session.flush()
    finally:
        session.info[KEY] = former
        if _takes_commands(session):
            session.execute(_SET, {"org": str(former)})


def acting_org(session: Session) -> UUID:
    """Return the organisation for which the session acts."""
    org_id: UUID = session.info[KEY]
    return org_id


def _takes_commands(session: Session) -> bool:
    """A failed transaction takes no command; rolling back to its savepoint brings the former setting back by itself."""
    if not session.is_active:
        return False
    connection = session.connection().connection.driver_connection
    return connection is not None and connection.info.transaction_status is not TransactionStatus.INERROR


def _act(session: Session, org_id: UUID) -> None:
    session.flush()
    session.info[KEY] = org_id
    session.execute(_SET, {"org": str(org_id)})


@event.listens_for(Session, "after_begin")
def _announce(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    if (org_id := session.info.get(KEY)) is not None:
        connection.execute(_SET, {"org": str(org_id)})


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Undo the block alone when it fails: its rows, and the facts and publications that it noted."""
    noted = {key: list(value) for key, value in session.info.items() if isinstance(value, list)}
    try:
        with session.begin_nested():
            yield
    except BaseException:
        for key in [key for key, value in session.info.items() if isinstance(value, list)]:
            session.info[key] = noted.get(key, [])
        raise
