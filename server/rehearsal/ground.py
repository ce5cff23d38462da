"""What rehearsals stand on: a PostgreSQL of their own, a morning to copy, and databases to go back to."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import create_engine

from server.app import create_app
from server.core.embedded.address import APP_ROLE, OWNER_ROLE, PostgresAddress
from server.core.embedded.postgres import EmbeddedPostgres
from server.core.embedded.roles import ensure_database, ensure_roles
from server.core.migrations import note_present
from server.core.settings import PREFIX, reload_settings
from server.core.transaction import engine, forget_engine
from server.migrations.schema import install
from server.rehearsal.clockwork import WorldTime, under
from server.rehearsal.founding import EVE
from server.rehearsal.morning import Morning, make_morning

TEMPLATE: Final = "rehearsal_morning"
SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a folder of our own is made in it
VACUUM_EVERY: Final = 25
_NONE: Final = -1
_PATIENCE: Final = "&options=-c%20lock_timeout%3D5000"  # who would wait for itself hears of it
_ASLEEP: Final = "-c session_replication_role=replica"  # for good: each change of it forgets every plan
_FAST: Final = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Rows:
    """What the superuser reads and does in one database, past the fences."""

    connection: psycopg.Connection[tuple[Any, ...]]

    def all(self, query: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """Return every row."""
        return self.connection.execute(query, values).fetchall()

    def do(self, statement: LiteralString, *values: Any) -> None:
        """Do something at once."""
        self.connection.execute(statement, values)


@contextmanager
def database_server() -> Iterator[tuple[PostgresAddress, Path]]:
    """Hold a PostgreSQL and a folder in memory inside the block: rehearsed crashes are ours, no power is cut."""
    within = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="tournee-rehearsal-", dir=within, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "postgres", options=_FAST) as address:
            ensure_roles(address)
            yield address, folder


class Ground:
    """One process's database with its morning, the office's folders, and the backups that restores go back to."""

    def __init__(self, address: PostgresAddress, folder: Path, morning: Morning, number: int) -> None:
        """Copy the morning under ``number``."""
        self.morning = morning
        self.folder = folder / f"stage-{number}"
        self._address = address
        self._own = f"rehearsal_{number}"
        self._backups: list[psycopg.Connection[tuple[Any, ...]]] = []
        self._spare: list[psycopg.Connection[tuple[Any, ...]]] = []
        self._written_down = _NONE
        self._days = 0
        self.folder.mkdir(parents=True)
        shutil.copytree(folder / "secrets", self.folder / "secrets")
        _on_server(
            address, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER {}", self._own, TEMPLATE, OWNER_ROLE
        )
        self._kept = _superuser(address, self._own)
        self._way_back = _superuser(address, self._own, options=_ASLEEP)
        self.stand()
        self.app: Flask = create_app()

    def begin_day(self) -> None:
        """Bring back the morning: every table, the store and the tablets' folder."""
        self.end_day()
        self._way_back.execute("SELECT morning.come_back()")
        self._days += 1
        if self._days % VACUUM_EVERY == 0:
            self._kept.execute("VACUUM")
        for name in ("store", "tablets"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir(mode=0o700)

    def stand(self) -> None:
        """Let this process's settings point here, after something else changed them."""
        _point_to(self._address, self._own, self.folder)

    def end_day(self) -> None:
        """Let go of the day's backups."""
        for connection in self._backups:
            connection.rollback()
        self._spare += self._backups
        self._backups.clear()
        self._written_down = _NONE

    @property
    def rows(self) -> Rows:
        """The database, read past the fences."""
        return Rows(self._kept)

    def back_up(self) -> int:
        """Hold the database as it is now, in a snapshot that sees nothing of what comes; return the backup's number."""
        connection = self._spare.pop() if self._spare else _superuser(self._address, self._own, is_snapshot=True)
        connection.execute("SELECT 1")
        self._backups.append(connection)
        return len(self._backups) - 1

    def put_back(self, backup: int) -> None:
        """Go on with every row of a backup and no other, under new connections, as after a restore."""
        if self._written_down != backup:
            self._kept.execute("SELECT backup.forget()")
            self._backups[backup].execute("SELECT backup.write_down()")
            self._backups[backup].commit()
            self._written_down = backup
        engine().dispose()
        self._way_back.execute("SELECT backup.come_back()")

    def close(self) -> None:
        """End every connection."""
        self.end_day()
        engine().dispose()
        for connection in (self._kept, self._way_back, *self._spare):
            connection.close()


def make_template(address: PostgresAddress, folder: Path) -> Morning:
    """Make the database that every process copies, with the morning and the way back to it."""
    ensure_database(address, TEMPLATE)
    owner = create_engine(address.url(TEMPLATE, user=OWNER_ROLE))
    with owner.begin() as connection:
        install(connection)
        note_present(connection)
    owner.dispose()
    _point_to(address, TEMPLATE, folder)
    time = WorldTime(int(EVE.timestamp() * 1000))
    with under(time, "the morning"):
        morning = make_morning(create_app(), time, folder / "homes")
    engine().dispose()
    forget_engine()
    with _superuser(address, TEMPLATE) as connection:
        connection.execute(_KEEP_MORNING)
    return morning


def _point_to(address: PostgresAddress, database: str, folder: Path) -> None:
    told = {
        "DATABASE_URL": address.url(database, user=APP_ROLE) + _PATIENCE,
        "OWNER_DATABASE_URL": address.url(database, user=OWNER_ROLE),
        "STORE": "local",
        "STORE_PATH": str(folder / "store"),
        "SECRETS_PATH": str(folder / "secrets"),
        "ROADS_PATH": str(folder / "roads"),
        "SECURE_COOKIES": "0",
        "PUSHES_PER_MINUTE": "0",  # counted in real time, of which a rehearsed day needs next to none
        "FILE_CALLS_PER_MINUTE": "0",  # in real time, too
        "LOG_LEVEL": "CRITICAL",
    }
    os.environ.update({PREFIX + name: value for name, value in told.items()})
    reload_settings()


def _superuser(
    address: PostgresAddress, database: str, *, is_snapshot: bool = False, options: str = ""
) -> psycopg.Connection[tuple[Any, ...]]:
    connection = psycopg.connect(address.conninfo(database), autocommit=not is_snapshot, options=options)
    if is_snapshot:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


def _on_server(address: PostgresAddress, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(address.conninfo("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


# Copies every table beside itself, and makes the functions that bring back what differs by primary key: triggers and
# references sleep on the connection that calls them, and rows that are as they were are left alone. The schema
# ``backup`` is another such copy, written by a snapshot when it is restored. Nothing is truncated: snapshots would not
# see what was there.
_KEEP_MORNING: Final = """
CREATE SCHEMA morning;
CREATE SCHEMA backup;
DO $do$
DECLARE
  one record; place text; same text; at_dawn text := ''; at_restore text := ''; forget text := ''; write text := '';
  putting constant text := 'DELETE FROM public.%1$I x WHERE NOT EXISTS (SELECT FROM %3$I.%1$I m WHERE %2$s'
    || ' AND m IS NOT DISTINCT FROM x); INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE SELECT m.*'
    || ' FROM %3$I.%1$I m WHERE NOT EXISTS (SELECT FROM public.%1$I x WHERE %2$s); ';
BEGIN
  FOR one IN SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY c.relname LOOP
    EXECUTE format('CREATE TABLE morning.%1$I AS TABLE public.%1$I', one.relname);
    EXECUTE format('CREATE TABLE backup.%1$I AS TABLE public.%1$I', one.relname);
    SELECT string_agg(format('m.%1$I = x.%1$I', a.attname), ' AND ') INTO same
      FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
      WHERE i.indrelid = one.oid AND i.indisprimary;
    at_dawn := at_dawn || format(putting, one.relname, same, 'morning');
    at_restore := at_restore || format(putting, one.relname, same, 'backup');
    forget := forget || format('DELETE FROM backup.%I; ', one.relname);
    write := write || format('INSERT INTO backup.%1$I TABLE public.%1$I; ', one.relname);
  END LOOP;
  FOREACH place IN ARRAY ARRAY['morning', 'backup'] LOOP
    EXECUTE format('CREATE FUNCTION %I.come_back() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN %s END $f$', place,
      CASE place WHEN 'morning' THEN at_dawn ELSE at_restore END);
  END LOOP;
  EXECUTE 'CREATE FUNCTION backup.forget() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN ' || forget || ' END $f$';
  EXECUTE 'CREATE FUNCTION backup.write_down() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN ' || write || ' END $f$';
END $do$;
ANALYZE;
"""
