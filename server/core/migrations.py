"""Bringing a database to this release's schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from shared.problems import Problem, Text

_FOLDER = Path(__file__).parents[1] / "migrations"
_LOCK = text("SELECT pg_advisory_lock(hashtextextended('tournee.migrations', 0))")
_READABLE = text("GRANT SELECT ON alembic_version TO tournee_app")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended('tournee.migrations', 0))")


class NewerSchema(Problem):
    """The database was brought further by a later release."""

    slug = "newer-schema"
    status = 500
    title = Text("Base d’une version plus récente", "Database of a later release")


def migrate(owner_url: str) -> bool:
    """Run the steps that are missing, as the role that owns the schema; say whether there were any.

    One at a time: a second caller waits, then finds nothing to do.

    Raises:
        NewerSchema: the database is ahead of this release.
    """
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            connection.execute(_LOCK)
            connection.commit()
            try:
                return _upgrade(connection)
            finally:
                connection.rollback()
                connection.execute(_UNLOCK)
                connection.commit()
    finally:
        engine.dispose()


def pending(connection: Connection) -> bool:
    """Say whether steps are missing."""
    return MigrationContext.configure(connection).get_current_revision() != _script().get_current_head()


def note_present(connection: Connection) -> None:
    """Note that a database which was made from the models stands at this release's step."""
    config = _config()
    config.attributes["connection"] = connection
    command.stamp(config, "head")
    connection.execute(_READABLE)


def _upgrade(connection: Connection) -> bool:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {step.revision for step in _script().walk_revisions()}
    if current is not None and current not in known:
        raise NewerSchema(
            Text(
                f"La base est à l’étape «\u00a0{current}\u00a0», inconnue de cette version\u00a0: installez la "
                "version récente.",
                f"The database is at step “{current}”, unknown to this release: install the later release.",
            ),
            where=current,
        )
    if current == _script().get_current_head():
        return False
    connection.rollback()
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.execute(_READABLE)
    connection.commit()
    return True


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
