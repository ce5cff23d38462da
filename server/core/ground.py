"""The database under the product: the one that is named, or the embedded one in the checkout's ``var`` folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import make_url

from server.core.embedded.address import APP_ROLE, OWNER_ROLE
from server.core.embedded.postgres import ARCHIVE_FOLDER, EmbeddedPostgres, ensure_database, ensure_roles
from server.core.migrations import migrate as upgrade
from server.core.problems import Problem, Text
from server.core.settings import PREFIX, reload_settings, settings

if TYPE_CHECKING:
    from server.core.embedded.seaweed import S3Address

type StoreKind = Literal["local", "s3"]

DATABASE: Final = "tournee"
VAR: Final = Path("var")


class NoOwner(Problem):
    """The schema cannot be made without the role that owns it."""

    slug = "no-owner-database"
    status = 500
    title = Text("Réglage manquant", "Setting missing")


@contextmanager
def standing_ground(folder: Path = VAR, *, database: str = DATABASE) -> Iterator[None]:
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


@contextmanager
def store_ground(store: StoreKind, folder: Path = VAR) -> Iterator[None]:
    """Hold one kind of store and the database that belongs to it; a store of no address is started in ``folder``."""
    from server.core.embedded.seaweed import EmbeddedS3

    os.environ[f"{PREFIX}STORE"] = store
    os.environ.setdefault(f"{PREFIX}STORE_PATH", str(folder / "store"))
    reload_settings()
    starts = store == "s3" and not settings().s3_endpoint
    with EmbeddedS3(folder / "s3") if starts else nullcontext() as address:
        if address is not None:
            name_store(address)
        with standing_ground(folder, database=database_of(store)):
            yield


def database_of(store: StoreKind) -> str:
    """Return the name of the embedded database of a kind of store: each kind has days of its own."""
    return DATABASE if store == "local" else f"{DATABASE}_{store}"


def was_ground(store: StoreKind | None, folder: Path = VAR) -> bool:
    """Say whether database and store are named, or were ever made in ``folder``, so that reading makes nothing."""
    has_database = bool(settings().database_url) or (folder / "postgres").exists()
    return has_database and (store != "s3" or bool(settings().s3_endpoint) or (folder / "s3").exists())


def ground_said() -> str:
    """Return the names of the database and of the store that the settings point to."""
    now = settings()
    where = now.store_path if now.store == "local" else f"s3, {now.s3_bucket}"
    return f"base · database: {make_url(now.database_url).database}; magasin · store: {where}"


def name_store(address: S3Address) -> None:
    """Let the settings of this process, and of those that it starts, point to an S3 store."""
    named = {
        "S3_ENDPOINT": address.endpoint_url,
        "S3_BUCKET": address.bucket,
        "S3_ACCESS_KEY": address.access_key,
        "S3_SECRET_KEY": address.secret_key,
        "S3_REGION": address.region,
    }
    os.environ.update({PREFIX + name: value for name, value in named.items()})
    reload_settings()


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
