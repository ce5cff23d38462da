"""Each supplier holds the proof of its own lines, and no byte of another's, by any way."""

from __future__ import annotations

import hashlib
import io
import json
import random
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from server.core.blobs import blob_store
from server.core.keys import server_key
from server.core.transaction import transaction
from server.delivery.model import Delivery, Proof, Visit
from server.delivery.proofs import verify_proof
from server.identity.model import OrganisationKind, Role
from server.notifications.following.jobs import tell_fact
from server.notifications.model import EmailMessage, InboxMessage, WebhookCall, WebhookEndpoint
from server.sync import jobs as sync
from shared.sealing import public_bytes
from tests.factories.hand_tablet import HandTablet, Yard, make_yard, short
from tests.factories.web import Organisation, make_member, program_of
from tests.factories.world import ADJUST, CREDIT, EXTERNAL, Seller, make_order, make_world

PHOTO = b"\xff\xd8 a photo of broken bottles"


@pytest.fixture
def yard(app) -> Yard:
    """Three suppliers at one shop."""
    world = make_world([ADJUST, CREDIT, EXTERNAL])
    for seller in world.sellers:
        make_order(world, seller=seller)
        with transaction(seller.id) as session:
            session.add(WebhookEndpoint(owner_id=seller.id, url="http://127.0.0.1:9/"))
    return make_yard(app, world)


def deliver(yard: Yard, **said: Any) -> UUID:
    tablet = yard.tablet
    tablet.visit(tablet.stop(), **said)
    assert tablet.push()["results"][-1]["status"] == "applied"
    with transaction(yard.world.carrier_id) as session:
        return session.scalars(select(Visit.id)).one()


def seal(yard: Yard, visit_id: UUID, *, only_complete: int = 1) -> list[Proof]:
    """Seal what is ready and tell its parties, as the worker does."""
    owner_id = str(yard.world.carrier_id)
    sync.seal_visit(owner_id=owner_id, subject_id=str(visit_id), only_complete=only_complete)
    with transaction(yard.world.carrier_id) as session:
        found = list(session.scalars(select(Proof)))
        deliveries = list(session.scalars(select(Delivery.id)))
    for proof in found:
        tell_fact(owner_id=owner_id, subject_id=str(proof.id))
    for delivery_id in deliveries:
        tell_fact(owner_id=owner_id, subject_id=str(delivery_id))
    return found


def file_of(proof: Proof) -> bytes:
    return blob_store().get(proof.owner_id, proof.file_sha256)


def pdf_text(proof: Proof) -> str:
    payload = blob_store().get(proof.owner_id, proof.pdf_sha256)
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(payload)).pages)


def secrets_of(tablet: HandTablet, seller: Seller) -> set[str]:
    """Return every word that only this supplier, the shop and the carrier may read."""
    order = next(one for one in tablet.stop().orders if one.goods.seller_id == str(seller.id))
    group = next(one for one in tablet.events[-1].groups if one.key == f"order:{order.order_id}")
    salts = {json.loads(leaf)["salt"] for leaf in group.leaves}
    lines = {word for line in order.goods.lines for word in (line.line_id, line.description_fr)}
    return {order.order_id, order.order_number, order.terms_hash} | salts | lines | set(group.padding)


def everything_for(yard: Yard, seller: Seller, proofs: list[Proof]) -> str:
    """Return all that reaches one supplier, as one text: files, papers, answers, inbox, mail, calls."""
    mine = [proof for proof in proofs if proof.seller_id == seller.id]
    texts = [file_of(proof).decode("latin-1") + pdf_text(proof) for proof in mine]
    member = make_member(Organisation(OrganisationKind.SUPPLIER, seller.id), Role.OWNER)
    program = program_of(yard.app, member)
    for path in ("deliveries", "proofs", "inbox", "invoices", "credits", "orders", "documents"):
        answer = program.get(f"/api/v1/{path}")
        if answer.status_code == 200:
            texts.append(answer.text)
    with transaction(seller.id) as session:
        for kind in (InboxMessage, EmailMessage, WebhookCall):
            texts += [str(vars(row)) for row in session.scalars(select(kind))]
    return "\n".join(texts)


@pytest.mark.parametrize("draw", range(3))
def test_nothing_of_another_supplier_reaches_a_supplier(draw: int, yard: Yard) -> None:
    """R018, R026, G10: random visits; ids, descriptions, numbers, salts and padding stay with their own."""
    choose = random.Random(draw)
    tablet = yard.tablet
    counted: dict[str, Any] = {}
    for order in tablet.stop().orders:
        for line in order.goods.lines:
            if choose.random() < 0.5:
                counted |= short(line.line_id, line.quantity, choose.randint(1, line.quantity))
    tablet.upload_signature()
    proofs = seal(yard, deliver(yard, counted=counted))
    assert len(proofs) == 3
    for seller in yard.world.sellers:
        told = everything_for(yard, seller, proofs)
        own = secrets_of(tablet, seller)
        assert sum(word in told for word in own) > 3
        others = set().union(*(secrets_of(tablet, other) for other in yard.world.sellers if other is not seller)) - own
        assert [word for word in others if word in told] == []


def test_every_proof_of_a_visit_verifies_with_the_published_key(yard: Yard) -> None:
    """G9: the three files of one signature hold, each by itself."""
    yard.tablet.upload_signature()
    key = public_bytes(server_key()).hex()
    for proof in seal(yard, deliver(yard)):
        found = verify_proof(file_of(proof), server_key=key)
        assert found.contents.subject.order_id == str(proof.order_id)
        assert found.finished.signer_name == "Luce Tremblay"


def test_a_refused_stop_has_a_proof_without_a_signature(yard: Yard) -> None:
    """R018: a failed stop is proven too: what was refused, when, by which tablet."""
    proofs = seal(yard, deliver(yard, unmet="refused"))
    assert len(proofs) == 3
    found = verify_proof(file_of(proofs[0]))
    assert (found.order.leaf.outcome, found.finished.signer_name) == ("refused", "")
    assert all(line.delivered == 0 for line in found.order.lines)


def test_a_proof_waits_for_its_late_photo_and_for_no_other(yard: Yard) -> None:
    """G7: the order with the photo is sealed when it came; the others at once."""
    tablet = yard.tablet
    order = tablet.stop().orders[0]
    line = order.goods.lines[0]
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    tablet.upload_signature()
    visit_id = deliver(yard, counted=short(line.line_id, line.quantity), line_photos={line.line_id: [sha256]})
    assert {str(proof.order_id) for proof in seal(yard, visit_id)} == {one.order_id for one in tablet.stop().orders[1:]}
    tablet.upload(PHOTO)
    late = next(proof for proof in seal(yard, visit_id) if str(proof.order_id) == order.order_id)
    assert sha256 in verify_proof(file_of(late)).contents.attachments
    assert late.missing_attachments == []


def test_a_photo_that_never_comes_is_declared(yard: Yard) -> None:
    """G7: sealed in the end without it, the proof says which one is missing."""
    tablet = yard.tablet
    order = tablet.stop().orders[0]
    line = order.goods.lines[0]
    tablet.upload_signature()
    visit_id = deliver(yard, counted=short(line.line_id, line.quantity), line_photos={line.line_id: ["ab" * 32]})
    proofs = seal(yard, visit_id, only_complete=0)
    declared = {str(proof.order_id): verify_proof(file_of(proof)).contents.missing for proof in proofs}
    assert declared[order.order_id] == ("ab" * 32,)
    assert all(not missing for order_id, missing in declared.items() if order_id != order.order_id)


def test_sealing_again_changes_nothing(yard: Yard) -> None:
    """G8: the same job twice leaves one proof, one message."""
    yard.tablet.upload_signature()
    visit_id = deliver(yard)
    first = {proof.id for proof in seal(yard, visit_id)}
    assert {proof.id for proof in seal(yard, visit_id)} == first
    with transaction(yard.world.seller.id) as session:
        assert len(session.scalars(select(InboxMessage).where(InboxMessage.kind == "proof.sealed")).all()) == 1
