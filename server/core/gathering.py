"""Many small steps, one writing: while a session gathers, rows wait, and go out owner by owner, one statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from server.core.database import Owned
from server.core.objects import Objects
from server.core.rows import Row, Rows, table_of

_KEY: Final = "gathering"
_ACTING: Final = "acting"


class Uncertain(Exception):  # no error of its own: it says that the work is to be done again, in small steps
    """A step failed while rows were gathered: nothing of them can be undone alone."""


@dataclass(slots=True)
class _Gathering:
    """For whom the session acted meanwhile, and the rows that wait beside the session's own objects, by owner."""

    entered: set[UUID]
    rows: dict[UUID, Rows] = field(default_factory=lambda: defaultdict(Rows))
    held_back: Collection[object] = ()


class TenantSession(Session):
    """A session that can gather; otherwise it writes as every session does."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what is pending, unless the session gathers: then ``write_now`` does."""
        if _KEY not in self.info:
            super().flush(objects)


@contextmanager
def gathered(session: Session) -> Iterator[None]:
    """Let rows wait inside the block and write them together at its end.

    Reads inside do not see what waits: who depends on it calls ``write_now`` first. When the block fails, whoever
    opened the savepoint around it undoes everything.
    """
    session.info[_KEY] = _Gathering(entered={session.info[_ACTING]})
    try:
        yield
        write_now(session)
    finally:
        session.info.pop(_KEY)


@contextmanager
def held_back(session: Session, objects: Collection[object]) -> Iterator[None]:
    """Let these objects wait on inside the block, whoever writes what waits: they are not ready yet."""
    gathering: _Gathering | None = session.info.get(_KEY)
    if gathering is None:
        yield
        return
    former, gathering.held_back = gathering.held_back, objects
    try:
        yield
    finally:
        gathering.held_back = former


@contextmanager
def at_once(session: Session) -> Iterator[None]:
    """Write what waits, then write inside the block as every session does; afterwards rows wait again."""
    write_now(session)
    gathering = session.info.pop(_KEY)
    try:
        yield
        session.flush()
    finally:
        session.info[_KEY] = gathering


def is_gathering(session: Session) -> bool:
    """Say whether rows wait in memory."""
    return _KEY in session.info


def enter(session: Session, org_id: UUID) -> None:
    """Note for whom the session acts: rows of others are not written for it, whoever gathers them."""
    gathering: _Gathering | None = session.info.get(_KEY)
    if gathering is not None:
        gathering.entered.add(org_id)


def write_later(session: Session, kind: type[Owned], rows: Sequence[Row], *, unless_known: bool = False) -> None:
    """Write rows of the acting organisation that nobody needs as objects: with what is gathered, else as ever.

    ``unless_known`` passes over rows of which a unique key is there already.
    """
    gathering: _Gathering | None = session.info.get(_KEY)
    if gathering is None and not unless_known:
        session.add_all(kind(**row) for row in rows)
        return
    waiting = Rows() if gathering is None else gathering.rows[session.info[_ACTING]]
    (waiting.unless_known if unless_known else waiting.new)[table_of(kind)].extend(rows)
    if gathering is None:
        session.flush()
        waiting.write(session)


def write_now(session: Session, *, but: Collection[object] = ()) -> None:
    """Write what waits, each owner's rows while the session acts for that owner; else just flush.

    Objects of ``but`` wait on: whoever keeps a row that others refer to has deferred that key.

    Raises:
        Uncertain: the database refuses a row, and nobody knows whose step it came from.
    """
    gathering: _Gathering | None = session.info.get(_KEY)
    if gathering is None:
        session.flush()
        return
    former = session.info[_ACTING]
    try:
        _write_all(session, gathering, former, but)
    except (IntegrityError, DataError, ProgrammingError, StaleDataError) as error:
        raise Uncertain from error
    finally:
        session.info[_ACTING] = former


def _write_all(session: Session, gathering: _Gathering, acting: UUID, but: Collection[object]) -> None:
    """Write owner by owner: a row and what it refers to have one owner, so that no owner waits for another."""
    rows, objects = gathering.rows, Objects(session, but=[*but, *gathering.held_back])
    gathering.rows = defaultdict(Rows)
    for one in objects.all():
        owner_id = one.owner_id if isinstance(one, Owned) else acting
        objects.put(one, rows[owner_id if owner_id in gathering.entered else acting])
    for owner_id in sorted(rows):
        session.info[_ACTING] = owner_id
        rows[owner_id].write(session)
    objects.settle()
