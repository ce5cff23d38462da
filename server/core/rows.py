"""Many rows by one statement: those of each table travel as one JSON document, however many they are.

Nothing of the mapper's bookkeeping is paid for a row, and the statement's text does not depend on their number, so that
it is prepared once. The database's fences, constraints and triggers hold for each row as for any other statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.exc import StaleDataError

type Row = Mapping[str, Any]
type _Changes = tuple[Table, tuple[str, ...]]

_ENCODER: Final = msgspec.json.Encoder()


@dataclass(slots=True)
class Rows:
    """Rows of one owner that go out together, in any order: keys between tables are checked when all are written."""

    new: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    unless_known: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[_Changes, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def write(self, session: Session) -> None:
        """Insert what is new, insert what no unique key knows yet, and change what has changed, by one statement.

        Rows of a table are inserted in the order in which they were added. A changed row holds its ``id``.

        Raises:
            StaleDataError: a row to change is not there, or is not the acting organisation's.
        """
        new, unless_known = sorted(self.new, key=_name), sorted(self.unless_known, key=_name)
        changed = sorted(self.changed, key=lambda one: (one[0].name, one[1]))
        documents = [
            *(_document(table, self.new[table]) for table in new),
            *(_document(table, self.unless_known[table]) for table in unless_known),
            *(_document(one[0], self.changed[one]) for one in changed),
        ]
        if not documents:
            return
        statement = _statement(tuple(new), tuple(unless_known), tuple(changed))
        done = session.connection().exec_driver_sql(statement, tuple(documents)).one()
        if any(count != len(self.changed[one]) for count, one in zip(done, changed, strict=False)):
            raise StaleDataError("a row to change was not there")


def insert_rows(session: Session, kind: type[DeclarativeBase], rows: Sequence[Row]) -> None:
    """Insert rows of one table, in their order; columns that a row does not name are NULL."""
    if rows:
        Rows(new={table_of(kind): list(rows)}).write(session)


def document_of(kind: type[DeclarativeBase], rows: Sequence[Row]) -> str:
    """Return rows of a table as the one JSON document that ``json_populate_recordset`` reads."""
    return _document(table_of(kind), rows)


def _name(table: Table) -> str:
    return table.name


@cache
def table_of(kind: type[DeclarativeBase]) -> Table:
    """Return the table of a mapped class."""
    return cast("Table", kind.__table__)


@cache
def _statement(new: tuple[Table, ...], unless_known: tuple[Table, ...], changed: tuple[_Changes, ...]) -> str:
    parts = [f"n{at} AS ({_insert(table)})" for at, table in enumerate(new)]
    parts += [f"k{at} AS ({_insert(table)} ON CONFLICT DO NOTHING)" for at, table in enumerate(unless_known)]
    parts += [f"c{at} AS ({_update(table, names)} RETURNING 1)" for at, (table, names) in enumerate(changed)]
    counts = ", ".join(f"(SELECT count(*) FROM c{at})" for at in range(len(changed))) or "1"  # noqa: S608  # our own names
    return f"WITH {', '.join(parts)} SELECT {counts}"


def _insert(table: Table) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns if column.identity is None)
    return f'INSERT INTO "{table.name}" ({names}) SELECT {names} FROM {_said(table)}'  # noqa: S608  # our own names


def _update(table: Table, names: tuple[str, ...]) -> str:
    sets = ", ".join(f'"{name}" = said."{name}"' for name in names)
    return f'UPDATE "{table.name}" AS kept SET {sets} FROM {_said(table)} AS said WHERE kept.id = said.id'  # noqa: S608  # as above


def _said(table: Table) -> str:
    return f'json_populate_recordset(NULL::"{table.name}", %s::json)'


def _document(table: Table, rows: Sequence[Row]) -> str:
    if raw := _raw(table):
        rows = [{**row, **{name: _hex(row[name]) for name in raw if name in row}} for row in rows]
    return _ENCODER.encode(rows).decode()


@cache
def _raw(table: Table) -> frozenset[str]:
    return frozenset(column.name for column in table.columns if isinstance(column.type, BYTEA))


def _hex(value: bytes | None) -> str | None:
    return None if value is None else f"\\x{value.hex()}"
