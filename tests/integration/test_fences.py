"""Every tenant table is fenced by the database itself, not by the queries' good manners."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

import server.models
from server.core.database import Model, Owned
from server.core.fences import APP_ROLE
from server.core.transaction import transaction
from server.identity.model import Device
from shared.ids import new_id
from tests.factories.web import now_stamp

TENANT_TABLES = sorted(
    mapper.class_.__tablename__ for mapper in Model.registry.mappers if issubclass(mapper.class_, Owned)
)

EXCEPTIONS = {("organisation", "census", "SELECT")}  # checks of all books ask the schema's owner who there is


def rows(database, statement: str) -> list[tuple]:
    with psycopg.connect(database.owner_url.replace("+psycopg", "")) as connection:
        return connection.execute(statement).fetchall()


def test_every_tenant_table_has_forced_fences(database) -> None:
    """Platform: row-level security forced, one policy to read and one for each way to write, on every tenant table."""
    assert server.models.ALL
    assert len(TENANT_TABLES) > 40
    forced = rows(database, "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    assert sorted(name for (name,) in forced) == TENANT_TABLES
    policies = rows(database, "SELECT tablename, policyname, cmd FROM pg_policies ORDER BY 1, 2")
    wanted = (("adds", "INSERT"), ("changes", "UPDATE"), ("readers", "SELECT"), ("removes", "DELETE"))
    expected = [(name, *policy) for name in TENANT_TABLES for policy in wanted]
    assert sorted(set(policies) - EXCEPTIONS) == expected
    census = rows(database, "SELECT DISTINCT roles::text FROM pg_policies WHERE policyname = 'census'")
    assert set(census) <= {("{tournee_owner}",)}


def test_every_other_table_is_reference_or_queue(database) -> None:
    """Architecture rule 7: a table without an owner holds what everyone may read, or the queue's own rows."""
    known = {mapper.class_.__tablename__ for mapper in Model.registry.mappers if not issubclass(mapper.class_, Owned)}
    tables = {name for (name,) in rows(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    others = {name for name in tables if not name.startswith("procrastinate_")} - set(TENANT_TABLES)
    assert others - {"alembic_version"} == known


def test_the_app_role_has_no_power_over_the_fences(database) -> None:
    """Platform: the app role neither owns a table nor passes row-level security."""
    assert rows(database, f"SELECT tablename FROM pg_tables WHERE tableowner = '{APP_ROLE}'") == []
    assert rows(database, f"SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = '{APP_ROLE}'") == [
        (False, False)
    ]


def test_a_forgotten_filter_leaks_nothing(database) -> None:
    """Platform: ``SELECT *`` without any filter answers another organisation with nothing, whatever the table."""
    owner = new_id()
    with psycopg.connect(database.superuser_url.replace("+psycopg", "")) as connection:
        connection.execute("SET session_replication_role = replica")  # lone rows, without those that they refer to
        for name in TENANT_TABLES:
            _insert_lone_row(connection, name, owner)
    assert set(_counts(owner).values()) == {1}
    assert {name for name, count in _counts(new_id()).items() if count} == set()


def _counts(acting) -> dict[str, int]:
    with transaction(acting) as session:
        return {name: session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in TENANT_TABLES}


def _insert_lone_row(connection, name: str, owner) -> None:
    checks = connection.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [f'"{name}"']
    ).fetchall()
    for (check,) in checks:
        connection.execute(f'ALTER TABLE "{name}" DROP CONSTRAINT "{check}"')
    columns = connection.execute(
        "SELECT column_name, udt_name FROM information_schema.columns "
        "WHERE table_name = %s AND is_nullable = 'NO' AND table_schema = 'public'",
        [name],
    ).fetchall()
    assert ("owner_id", "uuid") in columns
    names = ", ".join(f'"{column}"' for column, _ in columns)
    values = ", ".join(_sample(column, kind, owner) for column, kind in columns)
    connection.execute(f'INSERT INTO "{name}" ({names}) VALUES ({values})')


def test_a_row_under_another_owner_is_refused(database) -> None:
    """Platform: an insert with another's owner_id fails in the database."""
    with pytest.raises(DBAPIError, match="row-level security"), transaction(new_id()) as session:
        session.add(_device(new_id()))


def test_a_foreign_row_can_neither_be_changed_nor_removed(database) -> None:
    """Platform: an update or delete without a filter touches nothing of anyone else's."""
    owner = new_id()
    with transaction(owner) as session:
        session.add(_device(owner))
    with transaction(new_id()) as session:
        assert session.execute(text("UPDATE device SET name = 'taken'")).rowcount == 0
        assert session.execute(text("DELETE FROM device")).rowcount == 0
    with transaction(owner) as session:
        assert session.scalars(select(Device.name)).all() == ["Tablette 1"]


def _device(owner_id) -> Device:
    return Device(
        owner_id=owner_id,
        name="Tablette 1",
        public_key=owner_id.bytes * 2,
        driver_id=new_id(),
        driver_name="Alex",
        enrolled_at=now_stamp().at,
    )


def _sample(column: str, kind: str, owner) -> str:
    if column == "owner_id":
        return f"'{owner}'"
    samples = {
        "uuid": f"'{new_id()}'",
        "timestamptz": "now()",
        "date": "current_date",
        "jsonb": "'{}'",
        "bytea": "'\\x00'",
        "bool": "false",
    }
    return samples.get(kind, "'{}'" if kind.startswith("_") else "'1'")
