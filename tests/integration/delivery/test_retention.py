"""Retention: pictures go after their time, hashes stay, a contest holds them, and a report says what goes."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from sqlalchemy import select

from server.core.blobs import BlobMissing, blob_store
from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.delivery.contests.model import ContestSubject
from server.delivery.model import Delivery, Proof, Visit
from server.delivery.proofs import Doubt, verify_proof
from server.delivery.sharing.editions import ProofFiles, add_edition
from server.delivery.sharing.model import AccessPart, AccessWay, EditionCause, ProofEdition
from server.delivery.sharing.noting import Reader, note_access
from server.fulfilment.service.contesting import open_contest, withdraw_contest
from server.identity.service import revoke_device
from server.sync.cli import retention
from server.sync.loose import jobs as loose
from server.sync.model import Attachment, DecisionKind, DeviceEvent, StrayPush
from server.sync.service.absent import note_lost
from server.sync.service.deciding import decide_event
from server.sync.service.keeping import note_copy
from server.sync.service.purging import kept_since
from shared.ids import new_id
from shared.visit import VisitPhoto
from tests.factories.given import carrier, deliver, proof_bytes, seal, supplied_yard, supplier
from tests.factories.hand_tablet import PICTURE, PICTURE_SHA, SIGNATURE_SHA, STROKES, Yard
from tests.factories.web import application
from tests.factories.world import ADJUST, CREDIT, stamp

DOOR, SHOWN = b"\xff\xd8 a person at a door", b"\xff\xd8 the copy of it that people see"
DOOR_SHA, SHOWN_SHA = (hashlib.sha256(payload).hexdigest() for payload in (DOOR, SHOWN))

PHOTOS, NEVER_SENT = ("unsealed", "parked", "aside", "stray"), "77" * 32


@pytest.fixture
def yard(database, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """Two suppliers at two shops, sealed with signatures; every delivery of this year is past its time."""
    monkeypatch.setenv("TOURNEE_RETENTION_PROOF_YEARS", "-1")
    reload_settings()
    yard = supplied_yard(application(), [ADJUST, CREDIT], buyers=2)
    yard.tablet.upload_signature()
    assert yard.tablet.upload(DOOR).status_code == 200
    with transaction(yard.world.carrier_id) as session:
        copy_sha256 = blob_store().put(yard.world.carrier_id, SHOWN, media_type="image/jpeg")
        note_copy(session, DOOR_SHA, served_sha256=copy_sha256)
    for position in range(2):
        seal(yard, deliver(yard, position, photos=[VisitPhoto(sha256=DOOR_SHA, note="porte")]))
    return yard


def run(*options: str) -> dict[str, Any]:
    ended = CliRunner().invoke(retention, ["run", "--json", *options])
    assert ended.exit_code == 0, ended.output
    return dict(json.loads(ended.output.splitlines()[-1]))


def test_pictures_go_and_the_proofs_still_verify(yard: Yard) -> None:
    """Retention: dry run, contest as legal hold, purge, and proofs whose signed hashes name what was purged."""
    with transaction(yard.world.carrier_id) as session:
        before = list(session.scalars(select(Proof).order_by(Proof.id)))
        owner = before[0].owner_id
    assert run("--dry-run") | {"freed_bytes": 0} == run("--dry-run")
    planned = run("--dry-run")
    assert (planned["visits"], planned["held_by_contest"], planned["dry_run"]) == (2, 0, True)
    assert all(proof_bytes(one) for one in before)
    held = _contest(yard, before[0])
    assert run()["held_by_contest"] == 1  # the other visit went
    kept = blob_store()
    assert kept.get(owner, SIGNATURE_SHA) == STROKES  # the same file is named by the visit that is held
    assert (kept.get(owner, DOOR_SHA), kept.get(owner, SHOWN_SHA)) == (DOOR, SHOWN)
    with transaction(before[0].seller_id) as session:
        withdraw_contest(session, contest_id=held, author="x", stamp=stamp())
    done = run()
    assert (done["visits"], done["held_by_contest"]) == (1, 0)
    assert done["freed_bytes"] > 0
    for sha256 in (SIGNATURE_SHA, PICTURE_SHA, DOOR_SHA, SHOWN_SHA, before[0].file_sha256, before[0].pdf_sha256):
        with pytest.raises(BlobMissing):
            kept.get(owner, sha256)
    assert run()["visits"] == 0
    _look_at_the_hashes(yard)
    _look_at_what_is_left(yard)


def _look_at_the_hashes(yard: Yard) -> None:
    """What was purged is still named by the signed event, is no loss, is not shown, and comes back by no upload."""
    owner = yard.world.carrier_id
    with transaction(owner) as session:
        assert note_lost(session, blob_store()) == ()
        assert [list(one.photos) for one in session.scalars(select(Visit))] == [[DOOR_SHA]] * 2
        assert all(DOOR_SHA in json.dumps(one.groups) for one in session.scalars(select(DeviceEvent)))
        gone = session.scalars(select(Attachment).where(Attachment.purged_at.is_not(None)))
        assert {one.sha256 for one in gone} == {DOOR_SHA, SIGNATURE_SHA, PICTURE_SHA}
    assert yard.tablet.upload(DOOR).status_code == 200
    assert not blob_store().has(owner, DOOR_SHA)
    assert carrier(yard).get(f"/api/v1/pictures/{DOOR_SHA}").status_code == 404


def _contest(yard: Yard, proof: Proof) -> Any:
    with transaction(proof.seller_id) as session:
        return open_contest(
            session, subject=ContestSubject.PROOF, subject_id=proof.id, reason="à voir", author="x", stamp=stamp()
        ).id


def _look_at_what_is_left(yard: Yard) -> None:
    client = supplier(yard)
    found = client.get("/api/v1/proofs?limit=200").json["proofs"]
    assert len(found) == 2
    for proof in found:
        assert proof["purged_attachments"] == 2
        payload = client.get(proof["file"]["href"]).data
        assert hashlib.sha256(payload).hexdigest() == proof["file"]["sha256"]
        verified = verify_proof(payload)
        assert verified.finished.signature_sha256 == SIGNATURE_SHA  # still what the tablet signed
        assert set(verified.contents.missing) == {SIGNATURE_SHA, PICTURE_SHA}
        assert verified.contents.purged == {SIGNATURE_SHA, PICTURE_SHA}
        assert Doubt.ATTACHMENT_MISSING not in verified.doubts
        assert len(verified.formers) == 1  # the seal that held the pictures, without their bytes
        for picture in (STROKES, PICTURE):
            assert picture not in payload
        text = "".join(
            page.extract_text() for page in PdfReader(io.BytesIO(client.get(proof["pdf"]["href"]).data)).pages
        )
        assert "Luce Tremblay" in " ".join(text.split()), text
        assert "Pièces purgées le" in " ".join(text.split())
        shown = supplier(yard, browser=True).get(f"/preuves/{proof['id']}").text
        assert "Pièces purgées" in shown
        assert "svg" in shown
        assert 'class="ink"' not in shown


def _photo(name: str) -> bytes:
    return b"\xff\xd8 " + name.encode()


def _sha(name: str) -> str:
    return hashlib.sha256(_photo(name)).hexdigest()


def _left(yard: Yard) -> set[str]:
    return {name for name in PHOTOS if blob_store().has(yard.world.carrier_id, _sha(name))}


@pytest.fixture
def bare(database, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """One supplier at two shops, the signature sent, nothing delivered; all of this year is past its time."""
    monkeypatch.setenv("TOURNEE_RETENTION_PROOF_YEARS", "-1")
    reload_settings()
    yard = supplied_yard(application(), [ADJUST], buyers=2)
    yard.tablet.upload_signature()
    return yard


@pytest.fixture
def waiting(bare: Yard) -> tuple[Yard, UUID, Proof]:
    """A visit that never got its proof, one that did, two of a revoked tablet, and another branch.

    With the visit without a proof, and the proof.
    """
    yard, tablet, other = bare, bare.tablet, bare.again
    assert [tablet.upload(_photo(name)).status_code for name in PHOTOS] == [200] * 4
    line = tablet.stop(0).orders[0].goods.lines[0].line_id
    unsealed = deliver(yard, 0, line_photos={line: [_sha("unsealed"), NEVER_SENT]})
    assert seal(yard, unsealed) == []
    (proof,) = seal(yard, deliver(yard, 1))
    with transaction(yard.world.carrier_id) as session:
        revoke_device(session, other.tablet.device_id, stamp=stamp())
    for position, name in enumerate(("aside", "parked")):
        other.visit(other.stop(position), photos=[VisitPhoto(sha256=_sha(name), note="")])
    aside, parked = (UUID(one["event_id"]) for one in other.push()["results"])
    with transaction(yard.world.carrier_id) as session:
        decide_event(session, aside, choice=DecisionKind.SET_ASIDE, reason="copie", stamp=stamp())
        assert session.scalars(select(DeviceEvent.outcome).where(DeviceEvent.event_id == parked)).one() == "parked"
    tablet.events.clear()
    tablet.visit(tablet.stop(0), photos=[VisitPhoto(sha256=_sha("stray"), note="")])
    assert tablet.push()["quarantined"]
    return yard, unsealed, proof


def test_pictures_that_no_proof_holds_go_as_well(
    waiting: tuple[Yard, UUID, Proof], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention: files of parked, set-aside and quarantined events and of visits without a proof; hashes stay (G6)."""
    monkeypatch.setattr(loose, "_AT_ONCE", 1)  # many pages
    yard, unsealed, proof = waiting
    owner, held = yard.world.carrier_id, _contest(yard, proof)
    planned = run("--dry-run")
    assert (planned["visits"], planned["held_by_contest"], planned["loose_files"]) == (0, 1, 3)
    assert _left(yard) == set(PHOTOS)
    done = run()
    assert (done["loose_files"], done["freed_bytes"]) == (
        3,
        sum(len(_photo(name)) for name in PHOTOS if name != "parked"),
    )
    assert _left(yard) == {"parked"}, "another tablet's word of a contested order is held"
    with transaction(proof.seller_id) as session:
        withdraw_contest(session, contest_id=held, author="x", stamp=stamp())
    assert run()["visits"] == 1
    assert (_left(yard), blob_store().has(owner, SIGNATURE_SHA), run()["loose_files"]) == (set(), False, 0)
    with transaction(owner) as session:
        named = {sha for one in session.scalars(select(DeviceEvent)) for sha in one.files}
        named |= {sha for one in session.scalars(select(StrayPush)) for sha in one.files}
        assert named == {*map(_sha, PHOTOS), SIGNATURE_SHA, PICTURE_SHA, NEVER_SENT}
        assert note_lost(session, blob_store()) == ()
    assert yard.tablet.hello(asks_missing=True)["missing_files"] == [NEVER_SENT], "what was purged is asked for no more"
    (late,) = seal(yard, unsealed, only_complete=0)
    assert set(late.missing_attachments) == {_sha("unsealed"), NEVER_SENT, SIGNATURE_SHA, PICTURE_SHA}


def test_a_visit_that_cannot_be_purged_hides_none_behind_it(bare: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retention: the others go all the same, the report counts it, and the command ends with 1."""
    monkeypatch.setattr(import_module("server.sync.cli.retention"), "_BATCH", 1)
    for position in range(2):
        assert seal(bare, deliver(bare, position))
    with transaction(bare.world.carrier_id) as session:
        first, second = session.scalars(select(Visit.id).order_by(Visit.delivered_at, Visit.id))
        proof = session.scalars(
            select(Proof).join(Delivery, Delivery.id == Proof.delivery_id).where(Delivery.visit_id == first)
        ).one()
        broken = blob_store().put(proof.owner_id, b"no archive at all", media_type="application/zip")
        files = ProofFiles(file_sha256=broken, file_size_bytes=17, pdf_sha256=proof.pdf_sha256, pdf_size_bytes=1)
        add_edition(session, proof, files, cause=EditionCause.RESEALED, server_key=proof.server_key, stamp=stamp())
    ended = CliRunner().invoke(retention, ["run", "--json"])
    report = json.loads(ended.output.splitlines()[-1])
    assert (ended.exit_code, report["failed"], report["visits"]) == (1, 1, 2), ended.output
    with transaction(bare.world.carrier_id) as session:
        gone = select(Delivery.visit_id).join(Proof, Proof.delivery_id == Delivery.id)
        gone = gone.join(ProofEdition, ProofEdition.proof_id == Proof.id)
        assert set(session.scalars(gone.where(ProofEdition.cause == EditionCause.PURGED))) == {second}


def test_old_lines_of_the_log_and_expired_archives_go(yard: Yard) -> None:
    """Access log: its own retention; archives: their manifests go with their links."""
    owner_id = yard.world.carrier_id
    for at in (datetime.now(UTC), datetime(2020, 1, 1, tzinfo=UTC)):
        with transaction(owner_id) as session:
            note_access(
                session, owner_id=owner_id, proof_ids=[new_id()], reader=Reader(org_id=new_id(), org_name="x"),
                way=AccessWay.API, part=AccessPart.FILE, stamp=stamp(at),
            )  # fmt: skip
    assert carrier(yard).post("/api/v1/proof-exports").status_code == 202
    assert (run("--dry-run")["access_lines"], run("--dry-run")["archives"]) == (1, 0)
    ended = CliRunner().invoke(retention, ["run"])
    assert "lignes du journal d’accès · lines of the access log: 1" in ended.output
    assert run("--dry-run")["access_lines"] == 0


def test_the_schedule_counts_full_years_after_the_year_of_the_delivery() -> None:
    """Six years after the tax year: a delivery of 2020 goes on 1 January 2027, at home's midnight."""
    zone = ZoneInfo("America/Toronto")
    eve = datetime(2027, 1, 1, 4, 59, tzinfo=UTC)
    assert kept_since(eve, zone, years=6) == datetime(2020, 1, 1, tzinfo=zone)
    assert kept_since(datetime(2027, 1, 1, 5, tzinfo=UTC), zone, years=6) == datetime(2021, 1, 1, tzinfo=zone)
