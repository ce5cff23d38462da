"""The whole schema from the models: tables, fences, the queue and the rates that the law sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import procrastinate
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from server.core.database import Model
from server.core.fences import APP_ROLE, fence_statements
from server.models import ALL

_RATES = (
    ("019344b0-0000-7000-8000-000000000001", "gst", "TPS", "GST", "0.05", "2008-01-01"),
    ("019344b0-0000-7000-8000-000000000002", "qst", "TVQ", "QST", "0.09975", "2013-01-01"),
)


def schema_statements() -> Iterator[str]:
    """Yield our DDL and reference rows of an empty database, in order; what the first migration froze.

    Source of the rates: Revenu Québec, « Taux de la TPS et de la TVQ » (5 % since 2008, 9,975 % since 2013).
    """
    if not ALL:
        raise LookupError("no model is registered")
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    for table in Model.metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect)).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).strip()
    for row in _RATES:
        values = ", ".join(f"'{value}'" for value in row)
        yield f"INSERT INTO tax_rate (id, code, name_fr, name_en, rate, valid_from) VALUES ({values})"  # noqa: S608  # our own constants
    yield "INSERT INTO server_epoch (id, nonce, started_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'epoch')"
    yield from fence_statements()


def install(connection: Connection) -> None:
    """Make the whole schema in an empty database, as the role that owns it."""
    for statement in (*schema_statements(), *queue_statements()):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def queue_statements() -> Iterator[str]:
    """Yield the queue's own schema, from its package, and the grants that follow it."""
    yield (Path(procrastinate.__file__).parent / "sql" / "schema.sql").read_text()
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}"
    yield f"REVOKE INSERT, UPDATE, DELETE ON tax_rate, server_epoch, verified_backup FROM {APP_ROLE}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}"
