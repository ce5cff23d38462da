"""Many proofs as one archive: gathered by a job, streamed, checked by its own list, and its organisation's alone."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from server.core.blobs import LocalBlobStore, blob_store
from server.core.transaction import transaction
from server.delivery import jobs
from server.delivery.model import Proof
from server.delivery.proofs import verify_proof
from server.delivery.sharing.exports import ExportFile, ExportManifest, zip_stream
from server.delivery.sharing.model import ExportState, ProofExport
from server.identity.model import Role
from shared.ids import new_id
from tests.factories.given import carrier, deliver, seal, shop, supplied_yard, supplier
from tests.factories.hand_tablet import Yard
from tests.factories.web import Client, application


@pytest.fixture(scope="module")
def yard(module_database) -> Yard:
    """Three suppliers at one shop, sealed and shared. One for all tests here."""
    yard = supplied_yard(application())
    yard.tablet.upload_signature()
    seal(yard, deliver(yard))
    return yard


def exported(client: Client, org_id: UUID, asked: str = "") -> dict[str, Any]:
    """Ask for an archive, gather it as the worker does, and return it."""
    made = client.post(f"/api/v1/proof-exports{asked}")
    assert made.status_code == 202, made.json
    jobs.gather_export(owner_id=str(org_id), subject_id=made.json["id"])
    return dict(client.get(f"/api/v1/proof-exports/{made.json['id']}").json)


def opened(payload: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(payload))
    assert archive.testzip() is None
    return archive


def test_an_archive_holds_what_its_lists_say_and_every_proof_verifies(yard: Yard) -> None:
    """ZIP export: manifest and SHA256SUMS name each file; each proof verifies by itself."""
    client = carrier(yard)
    export = exported(client, yard.world.carrier_id)
    assert (export["state"], export["total"], export["done"], export["missing"]) == ("ready", 3, 3, 0)
    archive = opened(client.get(export["href"]).data)
    manifest = json.loads(archive.read("manifest.json"))
    assert hashlib.sha256(archive.read("manifest.json")).hexdigest() == export["manifest_sha256"]
    sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
    assert set(archive.namelist()) == {"manifest.json", "SHA256SUMS", *sums}
    assert len(sums) == len(manifest["files"]) == 6
    assert [one["billed"] for one in manifest["files"] if one["billed"]] == [
        {"fr": "Facturation externe", "en": "External billing"}
    ] * 2  # the proof and its paper, R008
    for file in manifest["files"]:
        payload = archive.read(file["name"])
        assert hashlib.sha256(payload).hexdigest() == file["sha256"] == sums[file["name"]]
        if file["name"].endswith(".proof"):
            assert verify_proof(payload).contents.subject.order_number == file["order_number"]


def test_an_archive_follows_the_filter_and_holds_one_s_own_alone(yard: Yard) -> None:
    """G10: a supplier's archive has its own proof; a filter narrows; nothing found is said."""
    client = supplier(yard, 1)
    archive = opened(client.get(exported(client, yard.world.sellers[1].id)["href"]).data)
    with transaction(yard.world.sellers[1].id) as session:
        own = {str(one) for one in session.scalars(select(Proof.id))}
    assert {file["proof_id"] for file in json.loads(archive.read("manifest.json"))["files"]} == own
    assert client.post("/api/v1/proof-exports?signer=personne").status_code == 404
    both = exported(carrier(yard), yard.world.carrier_id, "?seller=brasserie%203")
    assert both["total"] == 1


def test_the_link_is_the_organisation_s_and_expires(yard: Yard) -> None:
    """Another organisation finds nothing, a driver may not, and after its days the link says so."""
    client = supplier(yard)
    export = exported(client, yard.world.seller.id)
    for other in (supplier(yard, 1), shop(yard), carrier(yard)):
        assert other.get(export["href"]).status_code == 404
    assert carrier(yard, Role.DRIVER).post("/api/v1/proof-exports").status_code == 403
    with transaction(yard.world.seller.id) as session:
        session.get_one(ProofExport, UUID(export["id"])).expires_at = datetime.now(UTC) - timedelta(seconds=1)
    answer = client.get(export["href"])
    assert (answer.status_code, answer.json["slug"]) == (410, "export-expired")


def test_every_proof_of_a_fetched_archive_leaves_a_trace(yard: Yard) -> None:
    """Access log: what left in an archive is said for each proof, at the carrier's."""
    client = shop(yard)
    client.get(exported(client, yard.world.buyer.id)["href"])
    for proof in client.get("/api/v1/proofs").json["proofs"]:
        log = carrier(yard).get(f"/api/v1/proofs/{proof['id']}/accesses").json
        assert [one["way"] for one in log if one["reader_id"] == str(yard.world.buyer.id)] == ["zip"]


def test_a_lost_file_is_said_and_the_others_come(yard: Yard) -> None:
    """G7: what the store no longer has stands under `missing`, and the archive still holds."""
    store = blob_store()
    assert isinstance(store, LocalBlobStore)
    with transaction(yard.world.sellers[2].id) as session:
        proof = session.scalars(select(Proof)).one()
    path = store._path(proof.owner_id, proof.pdf_sha256)
    kept = path.read_bytes()
    path.unlink()
    try:
        client = supplier(yard, 2)
        export = exported(client, yard.world.sellers[2].id)
        archive = opened(client.get(export["href"]).data)
    finally:
        path.write_bytes(kept)
    manifest = json.loads(archive.read("manifest.json"))
    assert export["missing"] == 1
    assert [one["sha256"] for one in manifest["missing"]] == [proof.pdf_sha256]
    assert len(manifest["files"]) == 1


def test_only_so_many_archives_are_made_at_once(yard: Yard) -> None:
    """Limits on everything; one whose job died is given up after an hour."""
    client = supplier(yard, 1)
    made = [client.post("/api/v1/proof-exports") for _ in range(4)]
    assert [one.status_code for one in made] == [202, 202, 202, 409]
    with transaction(yard.world.sellers[1].id) as session:
        session.get_one(ProofExport, UUID(made[0].json["id"])).asked_at = datetime.now(UTC) - timedelta(hours=2)
    assert client.post("/api/v1/proof-exports").status_code == 202
    with transaction(yard.world.sellers[1].id) as session:
        assert session.get_one(ProofExport, UUID(made[0].json["id"])).state is ExportState.FAILED


def test_pages_ask_for_an_archive_and_show_its_progress(yard: Yard) -> None:
    """Pages: « Exporter », a row that updates itself, then the download."""
    browser = supplier(yard, browser=True)
    assert "Exporter (ZIP)" in browser.get("/preuves?etat=shared").text
    answer = browser.post("/preuves/exports?etat=shared")
    export_id = answer.location.rpartition("export-")[2]
    assert "hx-get" in browser.get(f"/preuves/exports/{export_id}").text
    jobs.gather_export(owner_id=str(yard.world.seller.id), subject_id=export_id)
    assert "Télécharger" in browser.get("/preuves/exports").text
    assert opened(browser.get(f"/preuves/exports/{export_id}/archive.zip").data).namelist()


def test_an_archive_is_streamed_with_the_memory_of_one_file() -> None:
    """Bounded memory: 200 files of 1 MB go out with a few megabytes at hand."""
    payload = bytes(1_000_000)
    sha256 = hashlib.sha256(payload).hexdigest()
    files = tuple(
        ExportFile(
            name=f"{number}.proof", proof_id=new_id(), order_number="C-1", carrier_id=new_id(), sha256=sha256,
            size_bytes=len(payload),
        )
        for number in range(200)
    )  # fmt: skip
    manifest = ExportManifest(
        format="x", made_at=datetime.now(UTC), organisation_id=new_id(), criteria={}, files=files, missing=()
    )
    tracemalloc.start()
    try:
        sent = sum(len(piece) for piece in zip_stream(manifest, lambda _file: bytes(payload)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent > 200_000_000
    assert peak < 8_000_000
