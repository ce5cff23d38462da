"""A day's proofs under one root, keys that change between reception and seal, and the code on the printed proof."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from PIL import Image
from sqlalchemy import select, text

from server.core.blobs import blob_store
from server.core.keys import revoke, rotate, server_keys
from server.core.settings import reload_settings
from server.core.transaction import engine, transaction
from server.delivery import jobs as days
from server.delivery.cli.keys import keys
from server.delivery.model import Proof, ProofDay, Visit
from server.delivery.proofs import Doubt, manifest_sha256, verify_proof
from server.delivery.proofs.stamping import StampUnavailable, check_token
from server.delivery.published import published_keys
from server.delivery.sharing.fingerprint import seal_fingerprint
from server.identity.model import OrganisationKind, Role
from server.sync import jobs as sync
from server.sync.cli import reseal as command
from shared.codes import read_proof_code
from shared.keyring import read_list
from shared.sealing import key_id
from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.papers import codes_on
from tests.factories.stamping import authority
from tests.factories.web import Organisation, browser_of, make_member, program_of
from tests.factories.world import ADJUST, CREDIT, make_order, make_world


@pytest.fixture
def yard(app) -> Yard:
    """Two suppliers at one shop."""
    world = make_world([ADJUST, CREDIT])
    for seller in world.sellers:
        make_order(world, seller=seller)
    return make_yard(app, world)


def receive(yard: Yard) -> UUID:
    yard.tablet.upload_signature()
    yard.tablet.visit(yard.tablet.stop())
    assert yard.tablet.push()["results"][-1]["status"] == "applied"
    with transaction(yard.world.carrier_id) as session:
        return session.scalars(select(Visit.id)).one()


def seal(yard: Yard) -> list[Proof]:
    sync.seal_visit(owner_id=str(yard.world.carrier_id), subject_id=str(receive(yard)))
    with transaction(yard.world.carrier_id) as session:
        return list(session.scalars(select(Proof)))


def keys_of(yard: Yard):
    with transaction(yard.world.carrier_id) as session:
        return read_list(published_keys(session, issued_at=datetime.now(UTC)))


def file_of(proof: Proof) -> bytes:
    return blob_store().get(proof.owner_id, proof.file_sha256)


def today(yard: Yard) -> dict[str, str]:
    zone_day = datetime.now(UTC).astimezone().date()
    with engine().connect() as connection:
        args = connection.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'delivery.seal_day'"))
        planned = [row for (row,) in args]
    assert len(planned) == 1
    assert abs((datetime.fromisoformat(planned[0]["subject_id"]).date() - zone_day).days) <= 1
    return planned[0]


def test_each_proof_of_a_day_is_tied_to_one_root(yard: Yard) -> None:
    """M1, G10: planned once for after midnight; suppliers get their own file; doing it again changes nothing."""
    proofs = seal(yard)
    planned = today(yard)
    seller = yard.world.seller
    member = make_member(Organisation(OrganisationKind.SUPPLIER, seller.id), Role.OWNER)
    program, browser = program_of(yard.app, member), browser_of(yard.app, member)
    mine = next(proof for proof in proofs if proof.seller_id == seller.id)
    other = next(proof for proof in proofs if proof.seller_id != seller.id)
    address, page = f"/api/v1/proofs/{mine.id}/day", f"/preuves/{mine.id}"
    assert program.get(address).json["slug"] == "proof-day-open"
    assert address not in browser.get(page).text
    for _ in range(2):
        days.seal_day(**planned)
    beside = program.get(address)
    assert address in browser.get(page).text
    assert browser.get(address).data == beside.data
    found = verify_proof(file_of(mine), keys=keys_of(yard), day=beside.data)
    assert found.day.root.carrier_id == str(yard.world.carrier_id)
    assert found.doubts == ()
    assert program.get(f"/api/v1/proofs/{other.id}/day").status_code == 404
    assert other.file_sha256.encode() not in beside.data
    with transaction(yard.world.carrier_id) as session:
        assert len(session.scalars(select(ProofDay)).all()) == 1


def test_a_configured_clock_stamps_the_root_or_nothing_is_kept(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """M1: without the authority's answer the job fails and is tried again; with it the stamp lies in every file."""
    proofs = seal(yard)
    planned = today(yard)
    with authority(tmp_path) as clock:
        monkeypatch.setenv("TOURNEE_TSA_URL", clock.url)
        reload_settings()
        clock.answers.append(b"not now")
        with pytest.raises(StampUnavailable):
            days.seal_day(**planned)
        with transaction(yard.world.carrier_id) as session:
            assert session.scalars(select(ProofDay)).all() == []
        days.seal_day(**planned)
        root = clock.root.read_bytes()
    carrier = program_of(
        yard.app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id), Role.OWNER)
    )
    for proof in proofs:
        beside = carrier.get(f"/api/v1/proofs/{proof.id}/day").data
        found = verify_proof(file_of(proof), keys=keys_of(yard), day=beside)
        assert check_token(found.day, root)


def test_received_under_one_key_and_sealed_under_the_next(yard: Yard) -> None:
    """M1: the receipt's key is not the seal's; the endorsement inside and the published list both hold."""
    visit_id = receive(yard)
    rotate(at=datetime.now(UTC))
    sync.seal_visit(owner_id=str(yard.world.carrier_id), subject_id=str(visit_id))
    with transaction(yard.world.carrier_id) as session:
        proof = session.scalars(select(Proof)).first()
    found = verify_proof(file_of(proof), keys=keys_of(yard))
    assert (found.contents.keys.receipt_key, found.server_key) == tuple(one.link.public_key for one in server_keys())
    assert found.doubts == ()


def test_a_stolen_key_is_replaced_and_said(yard: Yard) -> None:
    """M1: `tournee keys revoke`: the key in use is replaced first, what it sealed is said to be in doubt."""
    proof = seal(yard)[0]
    stolen = key_id(bytes.fromhex(server_keys()[-1].link.public_key))
    revoke(stolen, at=datetime.now(UTC))
    assert len(server_keys()) == 2
    found = verify_proof(file_of(proof), keys=keys_of(yard))
    assert (Doubt.SERVER_KEY_REVOKED in found.doubts, found.is_trusted) == (True, False)


def test_whoever_takes_a_new_key_is_told_to_back_it_up(yard: Yard) -> None:
    """G5, M1: no backup has it yet; tablets hear of a former key's revocation with the next one that they follow."""
    first = key_id(bytes.fromhex(server_keys()[0].link.public_key))
    rotated = CliRunner().invoke(keys, ["rotate"])
    assert (len(rotated.stdout.splitlines()), "tournee backup" in rotated.stderr) == (1, True)
    assert "tournee keys rotate" in CliRunner().invoke(keys, ["revoke", first]).stderr
    newest = key_id(bytes.fromhex(server_keys()[-1].link.public_key))
    assert "tournee backup" in CliRunner().invoke(keys, ["revoke", newest]).stderr


def test_the_printed_code_leads_to_the_file(yard: Yard, tmp_path: Path) -> None:
    """M1: read back from the page of the sealed PDF: fingerprint, key and order of the very file beside it."""
    for proof in seal(yard):
        (tmp_path / "proof.pdf").write_bytes(blob_store().get(proof.owner_id, proof.pdf_sha256))
        subprocess.run(
            ["pdftoppm", "-r", "150", "-png", "-singlefile", "-l", "1", "proof.pdf", "page"], cwd=tmp_path, check=True
        )
        (code,) = [read_proof_code(said) for said in codes_on(Image.open(tmp_path / "page.png"))]
        found = verify_proof(file_of(proof))
        assert code.manifest_sha256 == manifest_sha256(file_of(proof)) == found.manifest_sha256
        assert code.key_id == key_id(bytes.fromhex(found.server_key))
        assert code.order_number == found.contents.subject.order_number


def reseal(*options: str) -> tuple[int, dict]:
    ended = CliRunner().invoke(command, ["--json", *options])
    return ended.exit_code, json.loads(ended.output.splitlines()[-1])


def test_after_a_theft_every_proof_is_sealed_anew_and_the_old_seal_still_verifies(yard: Yard) -> None:
    """M1: revoked, resealed, in each reader's feed again with its new seal; the day's file of before still fits."""
    proofs = seal(yard)
    planned = today(yard)
    days.seal_day(**planned)
    first = server_keys()[0].link.public_key
    member = make_member(Organisation(OrganisationKind.SUPPLIER, yard.world.seller.id), Role.OWNER)
    client = program_of(yard.app, member)
    cursor = client.get("/api/v1/proofs").json["cursor"]
    revoke(key_id(bytes.fromhex(first)), at=datetime.now(UTC))
    assert reseal("--dry-run") == (0, reseal("--dry-run")[1] | {"resealed": len(proofs)})
    assert reseal("--revoked-only")[1]["resealed"] == len(proofs)
    assert reseal()[1]["resealed"] == 0
    again = client.get(f"/api/v1/proofs?cursor={cursor}").json["proofs"]
    mine = next(proof for proof in proofs if proof.seller_id == yard.world.seller.id)
    assert [one["id"] for one in again] == [str(mine.id)]
    payload = client.get(again[0]["file"]["href"]).data
    day = client.get(f"/api/v1/proofs/{mine.id}/day").data
    found = verify_proof(payload, keys=keys_of(yard), day=day)
    assert found.is_trusted
    assert found.day is not None
    assert [one.server_key for one in found.formers] == [first]
    assert Doubt.SERVER_KEY_REVOKED in verify_proof(file_of(mine), keys=keys_of(yard)).doubts
    assert seal_fingerprint(payload) == again[0]["seal_sha256"]


def test_what_the_store_lost_is_named_and_left(yard: Yard) -> None:
    """M1: resealing goes on past a proof that does not hold, names it in two languages, and ends with 1."""
    proofs = seal(yard)
    rotate(at=datetime.now(UTC))
    blob_store().forget(proofs[0].owner_id, proofs[0].file_sha256)
    code, report = reseal("--carrier", str(yard.world.carrier_id))
    assert (code, report["resealed"]) == (1, len(proofs) - 1)
    assert [one["proof_id"] for one in report["left"]] == [str(proofs[0].id)]
