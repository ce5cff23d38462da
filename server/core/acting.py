"""For whom the session acts: the database shows and takes only that organisation's rows."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session, SessionTransaction

from server.core.fences import ACTING
from server.core.gathering import Uncertain, enter, is_gathering
from server.core.memory import forget

KEY: Final = "acting"
_SET: Final = f"SELECT set_config('{ACTING}', %s, true)"
_VOICE: Final = "tournee.voice"
_AROUND: Final = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(slots=True)
class _Voice:
    """For whom a connection's session acts, and what the database was told last in this transaction."""

    noted: MutableMapping[Any, Any]
    told: UUID | None = None


@contextmanager
def acting_for(session: Session, org_id: UUID) -> Iterator[None]:
    """Act for another organisation of the same deal inside the block, then for the former one again.

    The caller derives ``org_id`` from an active agreement or from a row it read, never from a request. What is
    pending is written before each change, under the organisation that made it; the database is told of the change
    with the next statement that it gets.
    """
    former: UUID = session.info[KEY]
    session.flush()
    enter(session, org_id)
    session.info[KEY] = org_id
    try:
        yield
        session.flush()
    finally:
        session.info[KEY] = former


def acting_org(session: Session) -> UUID:
    """Return the organisation for which the session acts."""
    org_id: UUID = session.info[KEY]
    return org_id


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Undo the block alone when it fails: its rows, and the facts and publications that it noted.

    Raises:
        Uncertain: it failed while the session gathers, so that there is nothing in the database to go back to.
    """
    if is_gathering(session):
        try:
            yield
        except Exception as error:
            raise Uncertain from error
        return
    noted = {key: list(value) for key, value in session.info.items() if isinstance(value, list)}
    try:
        with session.begin_nested():
            yield
    except BaseException:  # whatever ended the block, its rows are gone; it is raised again
        forget(session)
        session.info.update({key: [] for key, value in session.info.items() if isinstance(value, list)} | noted)
        raise


@event.listens_for(Session, "after_begin")
def _lend_voice(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    voice: _Voice | None = connection.info.get(_VOICE)
    if KEY in session.info and (voice is None or voice.noted is not session.info):
        connection.info[_VOICE] = _Voice(session.info)


@event.listens_for(Engine, "before_cursor_execute")
def _announce(
    connection: Connection,
    cursor: Any,
    statement: str,
    _values: Any,
    _context: Any,
    _many: bool,  # noqa: FBT001  # SQLAlchemy's own signature
) -> None:
    """Tell the database who acts before a statement that depends on it."""
    voice: _Voice | None = connection.info.get(_VOICE)
    if voice is None or voice.told == voice.noted[KEY] or statement.startswith(_AROUND):
        return
    cursor.execute(_SET, (str(voice.noted[KEY]),))
    voice.told = voice.noted[KEY]


@event.listens_for(Engine, "rollback_savepoint")
def _doubt(connection: Connection, _name: str, _context: None) -> None:
    """Going back to a savepoint brings back what the database was told before it."""
    voice: _Voice | None = connection.info.get(_VOICE)
    if voice is not None:
        voice.told = None


@event.listens_for(Engine, "commit")
@event.listens_for(Engine, "rollback")
def _fall_silent(connection: Connection) -> None:
    """A transaction ends with its voice, and its connection acts for nobody."""
    connection.info.pop(_VOICE, None)
