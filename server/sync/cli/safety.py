"""Commands over the server's safety: ``tournee backup``, ``restore``, ``restore-objects``, ``restore-drill``."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import click
import msgspec
from sqlalchemy import make_url

from server.core import clock
from server.core.blobs import LocalBlobStore, blob_store
from server.core.database import IDENTITY_ORG
from server.core.embedded.address import APP_ROLE, OWNER_ROLE, PostgresAddress
from server.core.embedded.postgres import EmbeddedPostgres
from server.core.ground import DATABASE, standing_ground
from server.core.settings import PREFIX, reload_settings, settings
from server.core.transaction import forget_engine, transaction
from server.receivables.audit import book_faults
from server.receivables.queries import all_organisation_ids
from server.sync.backups.base import stood_up
from server.sync.backups.contents import objects_named
from server.sync.backups.kept import Backup, Label, latest_backup
from server.sync.backups.objects import broken_objects, copy_objects
from server.sync.backups.restoring import Moment, Place, restore_backup
from server.sync.backups.taking import take_backup
from server.sync.service.absent import note_missing
from server.sync.service.safekeeping import note_backup, note_safe
from shared.problems import Problem, Text

EXIT_FAULTY: Final = 1
_VAR: Final = Path("var")
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


class NoSuperuser(Problem):
    """Nobody is named who may copy this PostgreSQL."""

    slug = "no-backup-role"
    title = Text("Réglage manquant", "Setting missing")


class NotOurs(Problem):
    """This PostgreSQL is not the product's own, and its files are out of reach."""

    slug = "restore-elsewhere"
    title = Text("Base d’un autre serveur", "Database of another server")


@click.command()
@click.option("--to", "pool", type=_FOLDER, default=None, help="dossier des sauvegardes · folder of backups")
def backup(pool: Path | None) -> None:
    """Sauvegarder et vérifier en restaurant à l’essai · Back up, and verify by restoring on trial.

    Ends with 1 when files are missing: the database is saved, but tablets must keep theirs.
    """
    with _superuser() as conninfo:
        taken = take_backup(pool or Path(settings().backups_path), conninfo, _now)
        moved = _note(taken.label)
    click.echo(
        f"{taken.backup.folder}  {taken.label.objects} objets · objects  "
        f"{sum(taken.label.rows.values())} lignes · rows  {moved} tablettes plus sûres · tablets safer"
    )
    _say_missing(taken.label)
    if taken.label.awaited:
        sys.exit(EXIT_FAULTY)


@click.command()
@click.argument("name", required=False)
@click.option("--from", "pool", type=_FOLDER, default=None, help="dossier des sauvegardes · folder of backups")
@click.option(
    "--into", type=_FOLDER, default=None, help="dossier à remplir au lieu du serveur · folder to fill instead"
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]), help="instant UTC à retrouver · UTC instant to reach"
)
@click.option(
    "--archive", type=_FOLDER, default=None, help="journal archivé, avec --until · archived log, with --until"
)
def restore(
    name: str | None, pool: Path | None, into: Path | None, until: datetime | None, archive: Path | None
) -> None:
    """Restaurer la dernière sauvegarde, ou NAME · Restore the latest backup, or NAME, into an empty place.

    The server must be stopped. Tablets then send again, unaided, what it does not know.
    """
    chosen = _chosen(pool, name)
    moment = None
    if until is not None:
        moment = Moment(archive or Path(settings().wal_archive_path), until.replace(tzinfo=UTC))
    began_s = time.monotonic()
    restored = restore_backup(chosen, _place(into), moment=moment)
    for sha256 in restored.missing:
        click.echo(f"objet perdu · object lost: {sha256}", err=True)
    click.echo(
        f"{chosen.name}  {sum(restored.contents.rows.values())} lignes · rows  {restored.events} événements · events  "
        f"{time.monotonic() - began_s:.1f} s"
    )


@click.command("restore-objects")
@click.option("--from", "pool", type=_FOLDER, default=None, help="dossier des sauvegardes · folder of backups")
def restore_objects(pool: Path | None) -> None:
    """Remettre au magasin ce qui y manque · Put back into the store what it lacks, or holds with other bytes.

    Everything that the database names is read. Ends with 1 when the backups do not hold all that is missing.
    """
    with _superuser() as conninfo:
        kept = LocalBlobStore((pool or Path(settings().backups_path)) / "store")
        copied = copy_objects(objects_named(conninfo), kept, blob_store(), trusting=False)
    for _owner_id, sha256 in copied.missing:
        click.echo(f"objet perdu · object lost: {sha256}", err=True)
    click.echo(f"{copied.held} objets · objects  {copied.new} remis · put back")
    if copied.missing:
        sys.exit(EXIT_FAULTY)


@dataclass(frozen=True)
class Drilled:
    """What a restore drill found: seconds from nothing to verified, age of what only the server had, and faults."""

    backup: str
    rto_s: float
    rpo_s: float
    rpo_tablets_s: float
    events: int
    rows: int
    objects: int
    faults: list[str]


@click.command("restore-drill")
@click.option("--from", "pool", type=_FOLDER, default=None, help="dossier des sauvegardes · folder of backups")
@click.option("--json", "as_json", is_flag=True, help="un objet JSON · one JSON object")
def restore_drill(pool: Path | None, *, as_json: bool) -> None:
    """Restaurer à l’essai, tout revérifier, dire RPO et RTO · Restore on trial, check everything, say RPO and RTO.

    Ends with 1 when something does not hold. What tablets hold has an RPO of zero: they send it again.
    """
    drilled = _drill(_chosen(pool, None))
    for fault in drilled.faults:
        click.echo(fault, err=True)
    words = f"RTO {drilled.rto_s:.1f} s  RPO {drilled.rpo_s:.0f} s (tablettes · tablets: 0 s)  {drilled.backup}"
    click.echo(msgspec.json.encode(drilled).decode() if as_json else words)
    if drilled.faults:
        sys.exit(EXIT_FAULTY)


def _drill(chosen: Backup) -> Drilled:
    label, began_s = chosen.label(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tournee-drill-") as folder:
        Path(folder).chmod(0o711)
        place = _scratch_place(Path(folder))
        restored = restore_backup(chosen, place)
        rto_s = time.monotonic() - began_s
        with stood_up(place.postgres) as address:
            conninfo = address.conninfo(label.database)
            broken = broken_objects(objects_named(conninfo), place.store)
            faults = [f"objet perdu · object lost: {sha256}" for sha256 in broken]
            faults += _book_faults(address, label.database)
    return Drilled(
        backup=label.name,
        rto_s=round(rto_s, 3),
        rpo_s=round((_now() - label.made_at).total_seconds(), 3),
        rpo_tablets_s=0.0,
        events=restored.events,
        rows=sum(restored.contents.rows.values()),
        objects=label.objects,
        faults=faults,
    )


def _book_faults(address: PostgresAddress, database: str) -> list[str]:
    """Check every issuer's books in the restored database, as the product's own roles."""
    os.environ[f"{PREFIX}DATABASE_URL"] = address.url(database, user=APP_ROLE)
    os.environ[f"{PREFIX}OWNER_DATABASE_URL"] = address.url(database, user=OWNER_ROLE)
    reload_settings()
    try:
        with transaction(acting=IDENTITY_ORG, as_owner=True) as session:
            issuer_ids = all_organisation_ids(session)
        return [fault for issuer_id in issuer_ids for fault in _faults_of(issuer_id)]
    finally:
        forget_engine()


def _faults_of(issuer_id: UUID) -> list[str]:
    with transaction(acting=issuer_id) as session:
        return [
            f"{fault.where}  {fault.text.fr} · {fault.text.en}" for fault in book_faults(session, issuer_id=issuer_id)
        ]


def _say_missing(label: Label) -> None:
    for one in label.missing:
        click.echo(f"objet absent depuis · object missing since {one.since:%Y-%m-%d}: {one.sha256}", err=True)
    if label.awaited:
        click.echo(
            f"La base est sauvegardée, mais {len(label.awaited)} objets manquent au magasin et aux sauvegardes\u00a0: "
            "les tablettes gardent leurs fichiers et offrent de nouveau ceux-ci. Essayez «\u00a0tournee "
            "restore-objects\u00a0» avec d’autres sauvegardes, puis relancez «\u00a0tournee backup\u00a0».\n"
            f"The database is saved, but {len(label.awaited)} objects are in neither store nor backups: tablets keep "
            "their files and offer these again. Try “tournee restore-objects” with other backups, then run "
            "“tournee backup” again.",
            err=True,
        )


def _note(label: Label) -> int:
    """Let the tablets know, and the metrics; return how many streams became safer.

    Events are in the database, which is whole. Files count as safe only where none that may come back is missing.
    """
    moved = 0
    for held in label.streams:
        with transaction(UUID(held.carrier_id)) as session:
            moved += note_safe(session, device_id=UUID(held.device_id), seq=held.last_seq, head=held.head)
    for owner_id in sorted({one.owner_id for one in label.missing}):
        with transaction(UUID(owner_id)) as session:
            note_missing(session, [one.sha256 for one in label.missing if one.owner_id == owner_id])
    if label.awaited:
        return moved
    with transaction(IDENTITY_ORG, as_owner=True) as session:
        note_backup(session, name=label.name, made_at=label.made_at, verified_at=label.verified_at)
    return moved


@contextmanager
def _superuser() -> Iterator[str]:
    is_named = bool(settings().database_url)
    if is_named and not settings().backup_database_url:
        raise NoSuperuser(
            Text(
                f"Donnez dans {PREFIX}BACKUP_DATABASE_URL l’adresse d’un superutilisateur qui peut répliquer.",
                f"Give in {PREFIX}BACKUP_DATABASE_URL the address of a superuser that may replicate.",
            ),
            where=f"{PREFIX}BACKUP_DATABASE_URL",
        )
    with standing_ground():
        if is_named:
            plain = make_url(settings().backup_database_url).set(drivername="postgresql")
            yield plain.render_as_string(hide_password=False)
            return
        with EmbeddedPostgres(_VAR / "postgres") as address:
            yield address.conninfo(DATABASE)


def _place(into: Path | None) -> Place:
    if into is not None:
        return _scratch_place(into)
    if settings().database_url:
        raise NotOurs(
            Text(
                "Ce PostgreSQL n’est pas intégré\u00a0: arrêtez-le, remplacez son dossier de données par "
                "«\u00a0cluster\u00a0» de la sauvegarde (docs/operations.md), ou restaurez ailleurs avec --into.",
                "This PostgreSQL is not the embedded one: stop it, replace its data folder by the backup’s “cluster” "
                "(docs/operations.md), or restore elsewhere with --into.",
            ),
            where=f"{PREFIX}DATABASE_URL",
        )
    return Place(_VAR / "postgres", Path(settings().secrets_path), blob_store())


def _scratch_place(folder: Path) -> Place:
    return Place(folder / "postgres", folder / "secrets", LocalBlobStore(folder / "store"))


def _chosen(pool: Path | None, name: str | None) -> Backup:
    folder = pool or Path(settings().backups_path)
    return latest_backup(folder) if name is None else Backup(folder, name)


def _now() -> datetime:
    return clock.now()
