"""Who may do what on an embedded server: one role owns the schema, another runs the product behind the fences."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import sql

from server.core.embedded.address import APP_ROLE, OWNER_ROLE, PostgresAddress

_POWERLESS: Final = sql.SQL("LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION")
_ROLES_LOCK: Final = 0x746F7572  # one who makes roles at a time, on the whole server
_PATIENCE: Final = "-c lock_timeout=300s"  # whoever holds it is done in a second, or hangs


def ensure_roles(address: PostgresAddress) -> None:
    """Make the role that owns the schema and the role of the product, without power over the server or the fences.

    Their passwords are ``address.password_of(role)``.
    """
    with psycopg.connect(address.conninfo(), autocommit=True, options=_PATIENCE) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_ROLES_LOCK])
        for role in (OWNER_ROLE, APP_ROLE):
            _ensure_role(connection, role, address.password_of(role))


def ensure_database(address: PostgresAddress, name: str) -> bool:
    """Make the database ``name``, owned by the schema's role, unless it exists; return whether it was made."""
    statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER_ROLE))
    with psycopg.connect(address.conninfo(), autocommit=True, options=_PATIENCE) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_ROLES_LOCK])
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return False
        connection.execute(statement)
        return True


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER ROLE") if exists else sql.SQL("CREATE ROLE")
    connection.execute(
        sql.SQL("{} {} {} PASSWORD {}").format(verb, sql.Identifier(role), _POWERLESS, sql.Literal(password))
    )
