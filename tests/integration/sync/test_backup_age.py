"""What operators see of backups, and what the commands refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.core.blobs import LocalBlobStore, blob_store
from server.core.database import IDENTITY_ORG
from server.core.settings import reload_settings, settings
from server.core.transaction import transaction
from server.sync.backups.base import PlaceTaken
from server.sync.backups.kept import Backup, Label, MissingObject, NoBackup, latest_backup, missing_before, new_backup
from server.sync.backups.restoring import Place, restore_backup
from server.sync.cli import backup, restore, restore_objects
from server.sync.cli.safety import NoSuperuser, NotOurs
from server.sync.service.safekeeping import note_backup
from tests.conftest import Database
from tests.factories.hand_tablet import PICTURE, PICTURE_SHA, SIGNATURE_SHA, STROKES, Yard
from tests.factories.syncs import note_syncs

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_age_of_the_last_backup_is_measured(app) -> None:
    """Operations: no line before the first verified backup, then the age of the newest."""
    assert "tournee_backup_age_seconds" not in app.test_client().get("/metrics").text
    for hours in (30, 2):
        made_at = datetime.now(UTC) - timedelta(hours=hours)
        with transaction(IDENTITY_ORG, as_owner=True) as session:
            note_backup(session, name="night", made_at=made_at, verified_at=made_at)
    (line,) = [
        one
        for one in app.test_client().get("/metrics").text.splitlines()
        if one.startswith("tournee_backup_age_seconds")
    ]
    assert 7_200 <= float(line.split()[1]) < 7_300


def test_a_backup_that_was_never_verified_does_not_count(tmp_path: Path) -> None:
    """G5: a folder without a label was interrupted; the newest labelled one is taken."""
    for name in ("2026-11-24T120000Z", "2026-11-25T120000Z"):
        (tmp_path / name).mkdir()
    with pytest.raises(NoBackup):
        latest_backup(tmp_path)
    _labelled(tmp_path)
    assert latest_backup(tmp_path).name == "2026-11-24T120000Z"


def test_a_label_is_on_the_disk_before_the_backup_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """G5: tablets let go of what a backup holds; a power cut right after takes neither its label nor its folder."""
    pool = tmp_path / "var" / "backups"
    synced = note_syncs(monkeypatch)
    made = new_backup(pool, NOON)
    assert {pool, pool.parent, tmp_path} <= set(synced)
    synced.clear()
    _labelled(pool)
    beside, folder = synced
    assert (beside.parent, folder) == (made.folder, made.folder)


@pytest.mark.parametrize("left", [b"", b'{"name": "2026-11-2'], ids=["emptied", "cut short"])
def test_a_label_that_cannot_be_read_does_not_count_and_holds_up_no_backup(tmp_path: Path, left: bytes) -> None:
    """G5: a disk that lost the label's bytes is said; the next backup goes on from the newest that can be read."""
    lacking = MissingObject(owner_id="x", sha256="aa" * 32, since=NOON - timedelta(days=3))
    _labelled(tmp_path, missing=(lacking,))
    newer = new_backup(tmp_path, NOON + timedelta(days=1))
    (newer.folder / "backup.json").write_bytes(left)
    with pytest.raises(NoBackup, match="cannot be read"):
        latest_backup(tmp_path)
    assert missing_before(tmp_path) == {("x", "aa" * 32): lacking.since}


def test_a_restore_erases_nothing(tmp_path: Path) -> None:
    """Operations: where a database stands, a restore refuses and touches nothing."""
    chosen = _labelled(tmp_path / "pool")
    place = Place(tmp_path / "postgres", tmp_path / "secrets", LocalBlobStore(tmp_path / "store"))
    (place.postgres / "cluster").mkdir(parents=True)
    with pytest.raises(PlaceTaken):
        restore_backup(chosen, place)
    assert not place.secrets.exists()


def test_what_the_commands_cannot_do_they_say(database, tmp_path: Path) -> None:
    """Operations: a PostgreSQL of one's own needs a role that may copy it, and is not replaced from outside."""
    _labelled(tmp_path)
    refused = CliRunner().invoke(backup, ["--to", str(tmp_path)])
    assert isinstance(refused.exception, NoSuperuser)
    refused = CliRunner().invoke(restore, ["--from", str(tmp_path)])
    assert isinstance(refused.exception, NotOurs)


def test_objects_that_the_store_lost_or_holds_with_other_bytes_come_back_from_the_backups(
    yard: Yard, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Operations: a lost disk of objects is filled from the backups; what they do not hold either is named."""
    monkeypatch.setenv("TOURNEE_BACKUP_DATABASE_URL", database.superuser_url)
    reload_settings()
    yard.tablet.upload_signature()
    owner, store = yard.world.carrier_id, blob_store()
    pool = tmp_path / "pool"
    mend = ["--from", str(pool)]
    store.forget(owner, SIGNATURE_SHA)
    lost = CliRunner().invoke(restore_objects, mend)
    assert (lost.exit_code, SIGNATURE_SHA in lost.stderr) == (1, True)
    for payload in (STROKES, PICTURE):
        LocalBlobStore(pool / "store").put(owner, payload, media_type="image/png")
    Path(settings().store_path, str(owner), PICTURE_SHA[:2], PICTURE_SHA).write_bytes(b"other bytes")
    mended = CliRunner().invoke(restore_objects, mend)
    assert (mended.exit_code, mended.stdout) == (0, "2 objets · objects  2 remis · put back\n")
    assert (store.get(owner, SIGNATURE_SHA), store.get(owner, PICTURE_SHA)) == (STROKES, PICTURE)
    assert "0 remis" in CliRunner().invoke(restore_objects, mend).stdout


def _labelled(pool: Path, missing: tuple[MissingObject, ...] = ()) -> Backup:
    made = Backup(pool, "2026-11-24T120000Z")
    made.folder.mkdir(parents=True, exist_ok=True)
    made.write_label(
        Label(
            name=made.name, database="tournee", made_at=NOON, verified_at=NOON, rows={}, streams=(), objects=0, bytes=0,
            missing=missing,
        )
    )  # fmt: skip
    return made
