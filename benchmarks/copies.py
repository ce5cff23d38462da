"""Many rows like one, by plain SQL: what a benchmark reads or works on need not be made by the product each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg

_COPY = """
    INSERT INTO "{table}" ({names})
    SELECT {values} FROM "{table}" AS one, generate_series(1, %(count)s) AS at WHERE one."{column}" = %(value)s
"""


def copy_rows(
    rows: psycopg.Connection[Any],
    table: str,
    where: tuple[str, UUID],
    *,
    count: int,
    changed: Mapping[str, str],
    asked: Mapping[str, object],
) -> None:
    """Write so many copies of the rows that have this value in this column.

    ``changed`` holds the SQL of the columns that differ: ``at`` counts the copies, ``one`` is the row copied, and
    ``asked`` are the values that it names.
    """
    column, value = where
    names = [row[0] for row in rows.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'", [table]
    )]  # fmt: skip
    values = ", ".join(changed.get(name, f'one."{name}"') for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    rows.execute(
        _COPY.format(table=table, names=listed, values=values, column=column),
        {**asked, "count": count, "value": value},
    )
