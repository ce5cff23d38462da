"""From any shipped schema to today's, in one transaction."""

from __future__ import annotations

import sqlite3
from importlib import resources

from shared.problems import Problem, Text

SCHEMA_VERSION = 1


class StoreTooNew(Problem):
    """The file was written by a later version of the app."""

    slug = "tablet-store-too-new"
    title = Text("Application trop ancienne", "App too old")


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file to ``SCHEMA_VERSION``; all of it or nothing.

    Raises:
        StoreTooNew: the file is ahead of this app; it is left as it is.
    """
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found > SCHEMA_VERSION:
        raise StoreTooNew(
            Text(
                "Ces données viennent d’une version plus récente. Mettez l’application à jour.",
                "These records come from a newer version. Update the app.",
            ),
            where="tablet.db",
            found=found,
        )
    if found == SCHEMA_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    for statement in _steps(found):
        db.execute(statement)
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    db.execute("COMMIT")


def _steps(found: int) -> list[str]:
    """The statements from version ``found`` on; each version shipped adds its own file here."""
    files = {0: "schema.sql"}
    script = resources.files("driver_app.store").joinpath(files[found]).read_text("utf-8")
    return [part.strip() for part in script.split(";") if part.strip()]
