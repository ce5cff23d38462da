"""Many small steps, one writing: while a session gathers, rows wait, and go out table by table, owner by owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Executable, FromClause
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Mapper, Session, object_mapper
from sqlalchemy.orm.exc import StaleDataError

from server.core.database import Owned

_KEY: Final = "gathering"
_ACTING: Final = "acting"


class Uncertain(Exception):  # no error of its own: it says that the work is to be done again, in small steps
    """A step failed while rows were gathered: nothing of them can be undone alone."""


@dataclass(slots=True)
class _Gathering:
    """For whom the session acted meanwhile, and the rows that wait beside the session's own objects."""

    entered: set[UUID]
    later: dict[tuple[UUID, str], tuple[Executable, list[dict[str, Any]]]] = field(default_factory=dict)
    is_writing: bool = False


class TenantSession(Session):
    """A session that can gather; otherwise it writes as every session does."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what is pending, unless the session gathers: then ``write_now`` does."""
        gathering: _Gathering | None = self.info.get(_KEY)
        if gathering is None or gathering.is_writing:
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


def write_later(session: Session, name: str, statement: Executable, rows: list[dict[str, Any]]) -> None:
    """Write rows of the acting organisation by ``statement``: at once, or with what is gathered under ``name``."""
    gathering: _Gathering | None = session.info.get(_KEY)
    if gathering is None:
        session.execute(statement, rows)
    elif rows:
        gathering.later.setdefault((session.info[_ACTING], name), (statement, []))[1].extend(rows)


def write_now(session: Session) -> None:
    """Write everything that waits, each owner's rows while the session acts for that owner; else just flush.

    Raises:
        Uncertain: the database refuses a row, and nobody knows whose step it came from.
    """
    gathering: _Gathering | None = session.info.get(_KEY)
    if gathering is None:
        session.flush()
        return
    former, gathering.is_writing = session.info[_ACTING], True
    try:
        _write_objects(session, gathering, former)
        _write_rows(session, gathering)
    except (IntegrityError, DataError, ProgrammingError, StaleDataError) as error:
        raise Uncertain from error
    finally:
        session.info[_ACTING], gathering.is_writing = former, False


def _write_objects(session: Session, gathering: _Gathering, acting: UUID) -> None:
    """Flush table after table as they refer to each other, owner by owner: one flush writes for one organisation."""
    waiting: dict[tuple[int, UUID], list[Any]] = defaultdict(list)
    for one in [*session.new, *session.dirty]:
        owner_id = one.owner_id if isinstance(one, Owned) else acting
        waiting[_rank(object_mapper(one)), owner_id if owner_id in gathering.entered else acting].append(one)
    if len(waiting) > 1:
        for found in waiting.values():
            for one in found:
                session.expunge(one)
    for _rank_, owner_id in sorted(waiting):
        session.info[_ACTING] = owner_id
        session.add_all(waiting[_rank_, owner_id])
        session.flush()


def _write_rows(session: Session, gathering: _Gathering) -> None:
    for (owner_id, _name), (statement, rows) in gathering.later.items():
        session.info[_ACTING] = owner_id
        session.execute(statement, rows)
    gathering.later.clear()


@cache
def _rank(mapper: Mapper[Any]) -> int:
    """Return how many tables stand one behind the other before this one, by their foreign keys."""
    return _depth(mapper.local_table)


def _depth(table: FromClause) -> int:
    behind = [key.column.table for key in table.foreign_keys if key.column.table is not table]
    return 1 + max((_depth(one) for one in behind), default=-1)
