"""A backup that lacks files says so, and makes no tablet believe that its files are safe."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from server.core.blobs import blob_store
from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.sync.backups.kept import Label, MissingObject, latest_backup
from server.sync.backups.objects import pool_of
from server.sync.cli import backup
from server.sync.service.purging import note_purged
from tests.conftest import Database
from tests.factories.hand_tablet import PICTURE_SHA, SIGNATURE_SHA, STROKES, Yard
from tests.factories.matrix import jpeg
from tests.factories.web import Organisation, make_member, now_stamp, program_of

_EVIDENCE = text(
    "INSERT INTO contest_evidence (id, owner_id, party_ids, contest_id, brought_by, brought_by_name, name, sha256, "
    "size_bytes, shown_sha256, shown_size_bytes, brought_at) VALUES (gen_random_uuid(), :owner, '{}', "
    "gen_random_uuid(), :owner, '', '', :sha, 1, :sha, 1, now())"
)


def test_a_backup_without_a_file_moves_no_tablets_files(
    yard: Yard, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G5, G7: a lost file is named, asked for again, and holds ``safe_ms`` until it is back; a purged one is none.

    What people brought (signed papers, files about orders, evidence of contests) is in the backup as well.
    """
    monkeypatch.setenv("TOURNEE_BACKUP_DATABASE_URL", database.superuser_url)
    reload_settings()
    tablet, owner = yard.tablet, yard.world.carrier_id
    tablet.visit(tablet.stop())
    tablet.push()
    tablet.upload_signature()
    brought = _bring_pictures(yard, database)
    for sha256 in (SIGNATURE_SHA, PICTURE_SHA):
        blob_store().forget(owner, sha256)
    with transaction(owner) as session:
        note_purged(session, [PICTURE_SHA], stamp=now_stamp())

    lacking = CliRunner().invoke(backup, ["--to", str(tmp_path)])
    assert (lacking.exit_code, lacking.exception and type(lacking.exception)) == (1, SystemExit), lacking.output
    assert "objects are in neither store nor backups" in lacking.stderr
    assert "objets manquent au magasin" in lacking.stderr
    label = latest_backup(tmp_path).label()
    assert [(one.owner_id, one.sha256) for one in label.missing] == [(str(owner), SIGNATURE_SHA)]
    told = tablet.hello(1, asks_missing=True)
    assert (told["safe_seq"], told["safe_ms"], told["missing_files"]) == (1, 0, [SIGNATURE_SHA])
    assert tablet.offset(SIGNATURE_SHA) == 0

    assert tablet.upload(STROKES, Upload_Type="application/vnd.tournee.strokes").status_code == 200
    whole = CliRunner().invoke(backup, ["--to", str(tmp_path)])
    assert (whole.exit_code, whole.stderr) == (0, ""), whole.output
    assert tablet.hello(1, asks_missing=True)["safe_ms"] > 0
    assert latest_backup(tmp_path).label().missing == ()
    assert {sha for sha in brought if pool_of(latest_backup(tmp_path)).has(owner, sha)} == brought


def _bring_pictures(yard: Yard, database: Database) -> set[str]:
    """Bring a signed paper, a file about an order, and evidence of a contest (its row alone); return the objects."""
    owner = yard.world.carrier_id
    office = program_of(yard.app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, owner), Role.DISPATCHER))
    order_id, headers = yard.tablet.stop().orders[0].order_id, {"Content-Type": "image/jpeg", "X-Name": "bon.jpg"}
    before = set(blob_store().names(owner))
    orders = f"/api/v1/orders/{order_id}/files"
    pdf = {"Content-Type": "application/pdf", "X-Name": "bon.pdf"}
    for path, payload, told in (("/api/v1/paper-proofs", jpeg(), headers), (orders, b"%PDF-1.7 of its own", pdf)):
        answer = office.post(path, data=payload, headers=told)
        assert answer.status_code == 201, answer.json
    evidence = blob_store().put(owner, b"what a party brought", media_type="image/jpeg")
    superuser = create_engine(database.superuser_url)
    with superuser.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(_EVIDENCE, {"owner": owner, "sha": evidence})
    superuser.dispose()
    brought = set(blob_store().names(owner)) - before
    assert {evidence, hashlib.sha256(b"%PDF-1.7 of its own").hexdigest()} < brought
    return brought


def test_what_no_tablet_brought_in_a_month_holds_up_nothing_more() -> None:
    """G7: a file that is missing for 30 days stays named and is awaited no longer; a younger one still is."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    old, young = (
        MissingObject(owner_id="x", sha256=sha256, since=now - timedelta(days=days))
        for sha256, days in (("aa" * 32, 30), ("bb" * 32, 29))
    )
    label = Label(
        name="x", database="x", made_at=now, verified_at=now, rows={}, streams=(), objects=0, bytes=0,
        missing=(old, young),
    )  # fmt: skip
    assert label.awaited == (young,)
