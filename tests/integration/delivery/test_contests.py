"""Contests: opened in time with evidence, said to the order's parties alone, decided with a reason."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from sqlalchemy import select, update

from server.billing.model import CreditNote, InvoiceOrder
from server.core.days import written_day
from server.core.pictures import PictureRefused, read_picture
from server.core.transaction import transaction
from server.delivery.contests.model import Contest
from server.delivery.sharing.model import ProofEntry
from server.identity.model import Role
from server.notifications.following.jobs import tell_fact
from server.notifications.model import InboxMessage
from server.receivables.service.reminders import Pause, foreseen_reminders
from tests.factories.given import carrier, deliver, seal, shop, supplied_yard, supplier
from tests.factories.hand_tablet import Yard, short
from tests.factories.web import Client, application
from tests.factories.world import CREDIT


@pytest.fixture(scope="module")
def yard(module_database) -> Yard:
    """Two suppliers at four shops, under the credit policy; every order is one case short. One for all tests here."""
    yard = supplied_yard(application(), [CREDIT, CREDIT], buyers=4)
    yard.tablet.upload_signature()
    for position, stop in enumerate(yard.tablet.run.stops):
        counted: dict[str, Any] = {}
        for order in stop.orders:
            counted |= short(order.goods.lines[0].line_id, order.goods.lines[0].quantity)
        seal(yard, deliver(yard, position, counted=counted))
    return yard


def photo(**options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "tan").save(out, options.pop("kind", "JPEG"), **options)
    return out.getvalue()


def proofs(client: Client, **asked: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return list(client.get(f"/api/v1/proofs/search?{query}").json["proofs"])


def contest(client: Client, subject_id: str, subject: str = "proof", reason: str = "Il manque une caisse") -> Any:
    return client.post("/api/v1/contests", json={"subject": subject, "subject_id": subject_id, "reason": reason})


def state_of(client: Client, proof_id: str) -> str:
    return str(client.get(f"/api/v1/proofs/{proof_id}").json["state"])


def test_a_contest_goes_from_its_evidence_to_its_decision(yard: Yard) -> None:
    """Section 4, POD: partagée → contestée → close; no reminder (law 27); its parties alone are told."""
    buyer, seller, other, owner = shop(yard, 0), supplier(yard, 0), supplier(yard, 1), carrier(yard, Role.ACCOUNTANT)
    proof = next(one for one in proofs(buyer) if one["seller_id"] == str(yard.world.sellers[0].id))
    cursor = seller.get("/api/v1/proofs?limit=200").json["cursor"]
    opened = contest(buyer, proof["id"]).json
    assert (opened["state"], opened["decider_id"]) == ("open", str(yard.world.carrier_id))
    assert [state_of(one, proof["id"]) for one in (buyer, seller, owner)] == ["contested"] * 3
    assert [one["id"] for one in seller.get(f"/api/v1/proofs?cursor={cursor}").json["proofs"]] == [proof["id"]]
    assert [one["id"] for one in proofs(owner, state="contested")] == [proof["id"]]
    assert pauses(yard, 0, order_id=UUID(proof["order_id"])) == {Pause.DISPUTED}
    path = f"/api/v1/contests/{opened['id']}"
    piece = buyer.post(
        f"{path}/evidence", data=photo(), headers={"X-Name": "palette.jpg", "Content-Type": "image/jpeg"}
    )
    assert piece.status_code == 201
    assert buyer.post(f"{path}/evidence", data=photo(), headers={"Content-Type": "image/jpeg"}).json == piece.json
    shown = seller.get(f"/api/v1/contests/evidence/{piece.json['id']}")
    assert shown.data.startswith(b"\xff\xd8")
    assert "attachment" in shown.headers["Content-Disposition"]
    for foreign in (path, f"{path}/evidence", f"/api/v1/contests/evidence/{piece.json['id']}"):
        assert other.get(foreign).status_code == 404
    assert seller.post(f"{path}/decision", json={"upheld": True, "reason": "oui"}).status_code == 403
    tell_fact(owner_id=str(yard.world.carrier_id), subject_id=opened["id"])
    decided = owner.post(f"{path}/decision", json={"upheld": False, "reason": "La photo montre la caisse livrée"}).json
    assert decided["state"] == "dismissed"
    tell_fact(owner_id=str(yard.world.carrier_id), subject_id=opened["id"])
    assert [state_of(one, proof["id"]) for one in (buyer, seller, owner)] == ["closed"] * 3
    assert owner.post(f"{path}/decision", json={"upheld": True, "reason": "encore"}).status_code == 409
    assert contest(buyer, proof["id"]).status_code == 409
    said = [one["text"]["fr"] for one in seller.get(f"/api/v1/orders/{proof['order_id']}/messages").json]
    assert any("Il manque une caisse" in one for one in said)
    assert any("La photo montre" in one for one in said)
    told = {org_id: kinds_told(org_id) for org_id in (yard.world.buyer.id, *(one.id for one in yard.world.sellers))}
    assert told[yard.world.buyer.id] == {"contest.dismissed"}
    assert told[yard.world.sellers[0].id] == {"contest.open", "contest.dismissed"}
    assert told[yard.world.sellers[1].id] == set()
    assert pauses(yard, 0, order_id=UUID(proof["order_id"])) == {None}


def pauses(yard: Yard, seller: int, *, order_id: UUID) -> set[Pause | None]:
    """Why the reminders of an order's invoice wait, long after it is due; nothing is sent."""
    with transaction(yard.world.sellers[seller].id) as session:
        covering = session.scalars(select(InvoiceOrder.invoice_id).where(InvoiceOrder.order_id == order_id)).all()
        foreseen = foreseen_reminders(session, on=date(2027, 12, 1))
        return {one.pause for one in foreseen if one.invoice.id in covering}


def kinds_told(org_id: UUID) -> set[str]:
    with transaction(org_id) as session:
        return {one for one in session.scalars(select(InboxMessage.kind)) if one.startswith("contest.")}


def test_after_the_agreement_s_days_the_refusal_is_clear(yard: Yard) -> None:
    """Deadline: past it a contest is refused with its date and what to do; the proof is closed by itself."""
    buyer = shop(yard, 1)
    proof = proofs(buyer)[0]
    assert datetime.fromisoformat(proof["contest_until"]) - datetime.fromisoformat(proof["made_at"]) == timedelta(
        days=10
    )
    with transaction(yard.world.buyers[1].id) as session:
        past = datetime.now(UTC) - timedelta(minutes=1)
        session.execute(update(ProofEntry).where(ProofEntry.proof_id == UUID(proof["id"])).values(contest_until=past))
    answer = contest(buyer, proof["id"])
    assert (answer.status_code, answer.json["slug"]) == (409, "contest-too-late")
    day = past.astimezone(ZoneInfo("America/Toronto")).date()
    assert f"Le délai a pris fin le {written_day(day, 'fr')}." in answer.json["details"]["fr"]
    assert state_of(buyer, proof["id"]) == "closed"
    assert proof["id"] in {one["id"] for one in proofs(buyer, state="closed")}


def test_a_withdrawn_contest_leaves_the_proof_as_before(yard: Yard) -> None:
    """Who opened it takes it back, and may open another; nobody else withdraws it."""
    seller, buyer = supplier(yard, 0), shop(yard, 2)
    proof = next(one for one in proofs(buyer) if one["seller_id"] == str(yard.world.sellers[0].id))
    opened = contest(seller, proof["id"]).json
    assert contest(buyer, proof["id"]).status_code == 409
    assert buyer.post(f"/api/v1/contests/{opened['id']}/withdrawal").status_code == 403
    assert seller.post(f"/api/v1/contests/{opened['id']}/withdrawal").json["state"] == "withdrawn"
    assert state_of(buyer, proof["id"]) == "shared"
    assert contest(buyer, proof["id"]).status_code == 201


def test_a_credit_is_contested_by_its_buyer_and_decided_by_its_issuer(yard: Yard) -> None:
    """« Contest POD/credit », law 27: its issuer decides, reminders wait, the other supplier knows nothing."""
    buyer, issuer, other = shop(yard, 3), supplier(yard, 1), supplier(yard, 0)
    with transaction(yard.world.sellers[1].id) as session:
        note = session.scalars(select(CreditNote).where(CreditNote.buyer_id == yard.world.buyers[3].id)).first()
    assert note is not None
    opened = contest(buyer, str(note.id), "credit", "Il en manquait deux")
    assert opened.status_code == 201, opened.json
    assert contest(issuer, str(note.id), "credit").status_code == 409
    assert contest(other, str(note.id), "credit").status_code == 404
    assert other.get(f"/api/v1/contests/{opened.json['id']}").status_code == 404
    with transaction(yard.world.sellers[1].id) as session:
        order_id = session.scalars(
            select(InvoiceOrder.order_id).where(InvoiceOrder.invoice_id == note.invoice_id)
        ).one()
    assert pauses(yard, 1, order_id=order_id) == {Pause.DISPUTED}
    upheld = issuer.post(f"/api/v1/contests/{opened.json['id']}/decision", json={"upheld": True, "reason": "En effet"})
    assert upheld.json["state"] == "upheld"


def test_roles_open_and_decide_as_the_matrix_says(yard: Yard) -> None:
    """Section 3: dispatchers and drivers do not contest; an empty reason is refused."""
    proof = proofs(shop(yard, 3))[0]
    assert contest(carrier(yard), proof["id"]).status_code == 403
    assert contest(carrier(yard, Role.ADMIN), proof["id"]).status_code == 409  # its own proof
    assert contest(shop(yard, 3), proof["id"], reason="  ").status_code == 422


def test_the_page_of_a_proof_carries_the_contest(yard: Yard) -> None:
    """Pages: form with pictures, what was said, the decision's form for the carrier alone."""
    browser, owner = supplier(yard, 0, browser=True), carrier(yard, Role.ADMIN, browser=True)
    proof = next(
        one for one in proofs(supplier(yard, 0), state="shared") if one["buyer_id"] == str(yard.world.buyers[3].id)
    )
    path = f"/preuves/{proof['id']}"
    assert "Ouvrir la contestation" in browser.get(path).text
    form = {"reason": "La signature n’est pas la nôtre", "pieces": (io.BytesIO(photo()), "quai.jpg")}
    assert browser.post(f"{path}/contester", data=form).status_code == 303
    shown = browser.get(path).text
    assert "La signature n’est pas la nôtre" in shown
    assert "quai.jpg" in shown
    assert "Accueillir" not in shown
    assert "Accueillir" in owner.get(path).text
    with transaction(yard.world.carrier_id) as session:
        made = session.scalars(select(Contest).where(Contest.subject_id == UUID(proof["id"]))).one()
    owner.post(f"/contestations/{made.id}/decider", data={"decision": "accueillir", "reason": "C’est vrai"})
    assert "C’est vrai" in browser.get(path).text


def bomb() -> bytes:
    """Return a PNG of 60,000 by 60,000 pixels in a few hundred bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


def test_hostile_pictures_are_refused_and_harmless_ones_lose_what_they_hide() -> None:
    """Uploads: one JPEG, PNG or WebP; bombs, cut files, other kinds and animations are refused; EXIF stays behind."""
    moving = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(moving, "WEBP", save_all=True, append_images=frames[1:])
    for payload in (b"", bomb(), photo()[:200], b"%!PS-Adobe-3.0 EPSF-3.0\n", photo(kind="GIF"), moving.getvalue()):
        with pytest.raises(PictureRefused):
            read_picture(payload)
    exif = Image.Exif()
    exif[0x010E] = "514 555-0142"
    taken = read_picture(photo(exif=exif))
    assert b"514 555" not in taken.jpeg
    assert taken.codes == ()
