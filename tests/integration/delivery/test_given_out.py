"""Proofs as their readers find and follow them: search, feed, files, and the log of who had what."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError

from server.core.transaction import transaction
from server.delivery import jobs
from server.delivery.model import Proof
from server.delivery.sharing.model import AccessPart, AccessWay, ProofAccess, ProofEntry
from server.delivery.sharing.noting import Reader, note_access
from server.delivery.sharing.service import lock_feed, reseen_proofs
from server.delivery.sharing.wording import patterns, search_words
from server.identity.model import Role
from server.notifications.model import EmailMessage, WebhookCall
from server.notifications.service.arriving import note_arrival
from shared.ids import new_id
from tests.factories.given import carrier, deliver, proof_bytes, seal, shop, supplied_yard, supplier
from tests.factories.hand_tablet import Yard, short
from tests.factories.web import Client, application
from tests.factories.world import stamp


@pytest.fixture(scope="module")
def yard(module_database) -> Yard:
    """Three suppliers at two shops; the first stop is short by one of the first line. One for all tests here."""
    yard = supplied_yard(application(), buyers=2)
    yard.tablet.upload_signature()
    line = yard.tablet.stop(0).orders[0].goods.lines[0]
    seal(yard, deliver(yard, 0, counted=short(line.line_id, line.quantity)))
    seal(yard, deliver(yard, 1))
    return yard


def found(caller: Client, /, **asked: Any) -> list[dict[str, Any]]:
    answer = caller.get(f"/api/v1/proofs/search?{urlencode(asked)}")
    assert answer.status_code == 200, answer.json
    return list(answer.json["proofs"])


def numbers(caller: Client, /, **asked: Any) -> set[str]:
    return {one["order_number"] for one in found(caller, **asked)}


def test_each_reader_finds_its_own_and_the_carrier_all(yard: Yard) -> None:
    """R018, R026, G10: a supplier its orders, a shop its deliveries, the carrier every one of its runs."""
    assert len(found(carrier(yard))) == 6
    for number in range(3):
        mine = found(supplier(yard, number))
        assert len(mine) == 2
        assert {one["seller_id"] for one in mine} == {str(yard.world.sellers[number].id)}
    assert {one["buyer_id"] for one in found(shop(yard))} == {str(yard.world.buyer.id)}
    assert found(carrier(yard, Role.DRIVER)) == []  # another driver than the run's


def test_search_narrows_by_every_field(yard: Yard) -> None:
    """Search by order, client, seller, signer, reason, outcome, state, days and words, without case or accents."""
    all_of_it = carrier(yard)
    one = found(all_of_it)[0]
    assert numbers(all_of_it, order=one["order_number"]) == {one["order_number"]}
    assert len(found(all_of_it, client="DÉPANNEUR", q="1")) >= 3
    assert {each["seller_name"] for each in found(all_of_it, seller="brasserie 2")} == {"Brasserie 2"}
    assert len(found(all_of_it, signer="tremblay luce")) == 6
    assert {each["outcome"] for each in found(all_of_it, reason="missing")} == {"partial"}
    assert len(found(all_of_it, outcome="partial")) == len(found(all_of_it, q="introuvable camion")) == 1
    assert len(found(all_of_it, state="shared")) == 6
    assert found(all_of_it, state="contested") == []
    day = one["delivered_at"][:10]
    assert len(found(all_of_it, first_day=day, last_day=day)) == 6
    assert found(all_of_it, last_day="2020-01-01") == []
    assert found(all_of_it, q="%") == []
    assert found(all_of_it, q="remb") != []
    assert found(all_of_it, signer="remblay") == []


def test_a_lot_leads_to_its_proofs_whenever_it_was_noted(yard: Yard) -> None:
    """Search by lot: noted by the seller after the delivery, found by all parties, and a change in the feed."""
    seller = supplier(yard)
    one = found(seller)[0]
    before = seller.get("/api/v1/proofs?limit=200").json["cursor"]
    order = seller.get(f"/api/v1/orders/{one['order_id']}").json
    line_id = order["lines"][0]["id"]
    noted = {"lines": [{"line_id": line_id, "lots": ["L-2026/041", " L-2026/041 ", "brassin 7"]}]}
    answer = seller.open(f"/api/v1/orders/{one['order_id']}/lots", "PUT", json=noted)
    assert answer.json["lines"][0]["lots"] == ["L-2026/041", "brassin 7"]
    jobs.say_proofs_anew(owner_id=str(yard.world.seller.id), subject_id=one["order_id"])
    for client in (seller, carrier(yard)):
        assert numbers(client, lot="l-2026/041") == {one["order_number"]}
        assert numbers(client, lot="brassin") == {one["order_number"]}
    (changed,) = seller.get(f"/api/v1/proofs?cursor={before}").json["proofs"]
    assert (changed["id"], changed["lots"]) == (one["id"], ["L-2026/041", "brassin 7"])
    worse = {"lines": [{"line_id": line_id, "lots": ["<b>"]}]}
    assert seller.open(f"/api/v1/orders/{one['order_id']}/lots", "PUT", json=worse).status_code == 422
    assert shop(yard).open(f"/api/v1/orders/{one['order_id']}/lots", "PUT", json=noted).status_code == 403


def test_pages_of_a_search_leave_nothing_out_and_double_nothing(yard: Yard) -> None:
    """Paging by cursor: every proof once, newest first."""
    client, seen, before = carrier(yard), [], ""
    for _ in range(6):
        page = client.get(f"/api/v1/proofs/search?limit=1{before}").json
        seen += page["proofs"]
        before = f"&before={page['before']}"
    assert page["before"] is None
    assert len({one["id"] for one in seen}) == 6
    assert [one["delivered_at"] for one in seen] == sorted((one["delivered_at"] for one in seen), reverse=True)


def test_a_supplier_s_system_follows_its_proofs(yard: Yard) -> None:
    """Feed: stable ids, files whose bytes have their sha256, the seal's fingerprint, and a cursor to go on from."""
    client = supplier(yard)
    page = client.get("/api/v1/proofs?limit=1").json
    assert (len(page["proofs"]), page["more"], page["full"]) == (1, True, False)
    rest = client.get(f"/api/v1/proofs?cursor={page['cursor']}").json
    assert (len(rest["proofs"]), rest["more"]) == (1, False)
    assert client.get(f"/api/v1/proofs?cursor={rest['cursor']}").json["proofs"] == []
    for proof in page["proofs"] + rest["proofs"]:
        for part in ("file", "pdf"):
            payload = client.get(proof[part]["href"]).data
            assert hashlib.sha256(payload).hexdigest() == proof[part]["sha256"]
            assert len(payload) == proof[part]["size_bytes"]
        with zipfile.ZipFile(io.BytesIO(client.get(proof["file"]["href"]).data)) as archive:
            assert hashlib.sha256(archive.read("seal.json")).hexdigest() == proof["seal_sha256"]


def test_a_cursor_of_another_life_starts_anew(yard: Yard) -> None:
    """G5: after a restore, or with a cursor that is none, the feed begins again and says so."""
    client = supplier(yard)
    for cursor in ("000000000000.1", "x", "1", "000000000000.", "é.1", "9" * 40):
        answer = client.get(f"/api/v1/proofs?{urlencode({'cursor': cursor})}").json
        assert (answer["full"], len(answer["proofs"])) == (True, 2), cursor


def test_a_late_commit_cannot_slip_under_the_cursor(yard: Yard) -> None:
    """Feed: who takes a place first commits first; a reader between them never passes a place that comes later."""
    seller_id = yard.world.seller.id
    client = supplier(yard)
    order_ids = [UUID(one["order_id"]) for one in found(client)]
    held, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction(seller_id) as session:
            reseen_proofs(session, order_id=order_ids[0], stamp=stamp())
            held.set()
            assert go_on.wait(20)

    def quick() -> None:
        with transaction(seller_id) as session:
            reseen_proofs(session, order_id=order_ids[1], stamp=stamp())

    cursor = client.get("/api/v1/proofs?limit=200").json["cursor"]
    first, second = threading.Thread(target=slow), threading.Thread(target=quick)
    first.start()
    assert held.wait(20)
    second.start()
    second.join(0.5)
    assert second.is_alive()  # it waits for the first one's place
    between = client.get(f"/api/v1/proofs?cursor={cursor}").json
    assert between["proofs"] == []
    go_on.set()
    first.join()
    second.join()
    after = client.get(f"/api/v1/proofs?cursor={between['cursor']}").json["proofs"]
    assert [one["order_id"] for one in after] == [str(one) for one in order_ids]


def test_the_log_says_who_had_what_and_how(yard: Yard) -> None:
    """Access log: page, API, file, PDF, e-mail and webhook; the owner reads it, nobody else."""
    api, browser, owner = supplier(yard), supplier(yard, browser=True), carrier(yard)
    proof = found(api)[0]
    path = f"/api/v1/proofs/{proof['id']}"
    api.get(path)
    api.get(f"{path}/file")
    assert browser.get(f"/preuves/{proof['id']}").status_code == 200
    paper = next(
        one for one in api.get(f"/api/v1/documents?order_id={proof['order_id']}").json if one["kind"] == "proof_pdf"
    )
    browser.get(f"/documents/{paper['id']}?telecharger=1")
    with transaction(yard.world.seller.id) as session:
        mail = session.scalars(select(EmailMessage).where(EmailMessage.subject_id == UUID(proof["id"]))).one()
        made = session.scalars(select(WebhookCall).where(WebhookCall.subject_id == UUID(proof["id"]))).one()
        for kind, subject, way in ((mail.kind, mail.subject_id, "email"), (made.event, made.subject_id, "webhook")):
            note_arrival(session, kind=kind, subject_id=subject, way=AccessWay(way), to="ventes@br1", stamp=stamp())
    log = owner.get(f"{path}/accesses").json
    assert [(one["way"], one["part"]) for one in sorted(log, key=lambda one: one["at"])][-4:] == [
        ("api", "contents"), ("api", "file"), ("page", "contents"), ("page", "pdf"),
    ]  # fmt: skip
    assert {(one["way"], one["part"]) for one in log} >= {("email", "notice"), ("webhook", "notice")}
    assert {one["reader_id"] for one in log} == {str(yard.world.seller.id)}
    assert api.get(f"{path}/accesses").json == []
    shown = carrier(yard, browser=True).get(f"/preuves/{proof['id']}").text
    assert "Fichier .proof téléchargé" in shown
    assert "Fichier .proof téléchargé" not in browser.get(f"/preuves/{proof['id']}").text


def test_a_foreign_proof_opens_for_nobody_and_leaves_no_trace(yard: Yard) -> None:
    """G10: another supplier's proof is not found by any door, and the log stays as it was."""
    theirs = found(supplier(yard, 1))[0]["id"]
    mine = supplier(yard)
    before = _rows_of_the_log(yard)
    for part in ("", "/file", "/pdf", "/accesses"):
        assert mine.get(f"/api/v1/proofs/{theirs}{part}").status_code == 404
    assert _rows_of_the_log(yard) == before


def _rows_of_the_log(yard: Yard) -> int:
    with transaction(yard.world.carrier_id) as session:
        return len(session.scalars(select(ProofAccess.id)).all())


def test_the_log_is_append_only_until_its_time_is_over(yard: Yard) -> None:
    """Access log: no row changes, none goes before a year; then the retention job may delete it."""
    owner_id, ids = yard.world.carrier_id, []
    for at in (datetime.now(UTC), datetime(2020, 1, 1, tzinfo=UTC)):
        with transaction(owner_id) as session:
            note_access(
                session, owner_id=owner_id, proof_ids=[new_id()], reader=Reader(org_id=new_id(), org_name="x"),
                way=AccessWay.API, part=AccessPart.FILE, stamp=stamp(at),
            )  # fmt: skip
            session.flush()
            ids.append(session.scalars(select(ProofAccess.id).where(ProofAccess.at == at)).one())
    for statement in ("UPDATE proof_access SET reader_name = ''", f"DELETE FROM proof_access WHERE id = '{ids[0]}'"):
        with pytest.raises(IntegrityError), transaction(owner_id) as session:
            session.execute(text(statement))
    with transaction(owner_id) as session:
        session.execute(delete(ProofAccess).where(ProofAccess.id == ids[1]))
        left = session.scalars(select(ProofAccess.id)).all()
    assert ids[0] in left
    assert ids[1] not in left


def test_the_page_of_proofs_keeps_its_filters_in_the_address(yard: Yard) -> None:
    """Pages: search in French, filters in the URL, an empty result that says what to do."""
    browser = supplier(yard, browser=True)
    number = found(supplier(yard))[0]["order_number"]
    assert number in browser.get(f"/preuves?commande={number}&etat=shared").text
    assert "Aucune preuve ne correspond" in browser.get("/preuves?signataire=personne").text
    assert browser.get("/preuves?du=hier").status_code == 400


def test_entries_are_made_once_for_each_reader(yard: Yard) -> None:
    """G8: sharing again moves the entry and doubles nothing; each reader's positions are its own and unique."""
    with transaction(yard.world.carrier_id) as session:
        proofs = session.scalars(select(Proof)).all()
        lock_feed(session, yard.world.carrier_id)
    assert len(proofs) == 6
    for reader_id in (yard.world.carrier_id, yard.world.seller.id, yard.world.buyer.id):
        with transaction(reader_id) as session:
            entries = session.scalars(select(ProofEntry)).all()
        assert {one.owner_id for one in entries} == {reader_id}
        assert len({one.position for one in entries}) == len({one.proof_id for one in entries}) == len(entries)
    assert proof_bytes(proofs[0]).startswith(b"PK")


def test_words_are_found_without_case_accents_and_wildcards() -> None:
    """Search: what is typed is taken literally; the beginning of a word is enough."""
    words = search_words({"signer": ["Maïté Œuvre"], "order": ["C-2026/00012"]})
    assert words == " s:maite s:œuvre o:c-2026/00012 "
    assert patterns("signer", "MAÏ") == ["% s:mai%"]
    assert patterns(None, "00012") == ["%00012%"]
    assert patterns("lot", "%_'") == ["-"]
    assert patterns("lot", "  ") == []
