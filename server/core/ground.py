"""The database under the product: the one that is named, or the embedded one in the checkout's ``var`` folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.core.embedded.address import APP_ROLE, OWNER_ROLE
from server.core.embedded.postgres import ARCHIVE_FOLDER, EmbeddedPostgres, ensure_database, ensure_roles
from server.core.migrations import migrate as upgrade
from server.core.problems import Problem, Text
from server.core.settings import PREFIX, reload_settings, settings

DATABASE = "tournee"


class NoOwner(Problem):
    """The schema cannot be made without the role that owns it."""

    slug = "no-owner-database"
    status = 500
    title = Text("Réglage manquant", "Setting missing")


@contextmanager
def standing_ground(folder: Path = Path("var"), *, database: str = DATABASE) -> Iterator[None]:
    """Hold a database with the present schema inside the block: the named one, else an embedded one in ``folder``.

    The embedded one is shared with other processes of the same folder and stopped by its last user.
    """
    if settings().database_url:
        yield
        return
    with EmbeddedPostgres(folder / "postgres", options=archiving()) as address:
        ensure_roles(address)
        ensure_database(address, database)
        os.environ[f"{PREFIX}DATABASE_URL"] = address.url(database, user=APP_ROLE)
        os.environ[f"{PREFIX}OWNER_DATABASE_URL"] = address.url(database, user=OWNER_ROLE)
        reload_settings()
        migrate()
        yield


def archiving() -> dict[str, str]:
    """Return the options by which the embedded server archives its log, durably; none unless a folder is named."""
    folder = settings().wal_archive_path
    if not folder:
        return {}
    return {
        "archive_mode": "on",
        "archive_library": "basic_archive",
        "archive_timeout": "60s",
        ARCHIVE_FOLDER: str(Path(folder).resolve()),
    }


def migrate() -> bool:
    """Bring the named database to the present schema; return whether anything was made.

    Raises:
        NoOwner: the address of the owner's role is not set.
    """
    if not settings().owner_database_url:
        raise NoOwner(
            Text(
                f"Donnez l’adresse du propriétaire du schéma dans {PREFIX}OWNER_DATABASE_URL.",
                f"Give the address of the schema’s owner in {PREFIX}OWNER_DATABASE_URL.",
            ),
            where=f"{PREFIX}OWNER_DATABASE_URL",
        )
    return upgrade(settings().owner_database_url)
