"""A delivery that was not as first told: the office corrects it the next morning, and everything follows."""

from __future__ import annotations

import io
from uuid import UUID

from pypdf import PdfReader
from sqlalchemy import select

from server.billing.queries import billed_cents
from server.billing.service import publish_pending
from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.delivery.model import Delivery, Proof
from server.delivery.proofs import verify_proof
from server.delivery.queries import latest_delivery
from server.delivery.sharing.model import ProofEntry
from server.documents.model import Document, DocumentKind
from server.fulfilment.service.correcting import correct_by_hand
from server.notifications.model import InboxMessage
from shared.ids import new_id
from tests.factories.corrections import recount
from tests.factories.web import now_stamp
from tests.factories.world import CREDIT, make_order
from tests.scenarios.office import Office
from tests.scenarios.stories import credits_of, invoices_of, live_day, told_documents

SHORT = {"position": 1, "outcome": "short", "lines": {"#0": {"lost": 2, "reason": "breakage"}}}
PDF_TEXT = b"%PDF-"


def recounted(office: Office, order_id: UUID, delivered: int, reason: str) -> Delivery:
    """Correct the first line of the order's delivery at the office, and let every job run."""
    with transaction(office.world.carrier_id) as session:
        now = latest_delivery(session, order_id=order_id)
        assert now is not None
        lines = [recount(line, delivered if line is now.lines[0] else line.delivered) for line in now.lines]
        corrected = correct_by_hand(
            session, delivery_id=now.id, lines=lines, reason=reason, key=new_id(), stamp=now_stamp()
        )
        publish_pending(session, stamp=now_stamp())
        delivery = corrected.delivery
    office.jobs()
    return delivery


def test_two_broken_cases_that_were_only_one_and_the_supplier_sees_both_counts(open_office) -> None:
    """R022-R024, R026, law 19: a case is billed again, a new proof shows both counts, the supplier reads why."""
    office = open_office([CREDIT])
    order_id = make_order(office.world)
    seller_id = office.world.seller.id
    told = told_documents(live_day(office, SHORT))
    (invoice,), (credit,) = invoices_of(seller_id), credits_of(seller_id)
    assert told["credit_note"] == credit.total_cents
    delivery = recounted(office, order_id, 3, "Une caisse retrouvée intacte")
    whole, again = invoices_of(seller_id)
    assert (whole.id, again.supplements_id, bool(again.number)) == (invoice.id, invoice.id, True)
    with transaction(seller_id) as session:
        billed = billed_cents(session, order_id=order_id)
        assert billed == whole.total_cents - credit.total_cents + again.total_cents
        proofs = session.scalars(select(Proof).order_by(Proof.made_at)).all()
        assert [one.delivery_id for one in proofs][1:] == [delivery.id]
        said = session.scalars(
            select(InboxMessage).where(InboxMessage.owner_id == seller_id, InboxMessage.kind == "delivery.corrected")
        ).one()
        assert "Une caisse retrouvée intacte" in said.text_fr
        paper = session.scalars(
            select(Document).where(Document.subject_id == delivery.id, Document.kind == DocumentKind.PROOF_PDF)
        ).one()
    verified = verify_proof(blob_store().get(office.world.carrier_id, proofs[1].file_sha256))
    assert verified.order.lines[0].lost == 2
    line, (statement,) = verified.order.lines[0].line_id, verified.contents.office.corrections
    assert (statement.source, statement.reason) == ("office", "Une caisse retrouvée intacte")
    assert [(one.line_id, one.before.delivered, one.after.delivered) for one in statement.changes] == [(line, 2, 3)]
    assert verified.counted[line].delivered == 3
    with transaction(seller_id) as session:
        entries = {
            one.proof_id: one for one in session.scalars(select(ProofEntry).where(ProofEntry.owner_id == seller_id))
        }
        assert [(entries[one.id].revision, entries[one.id].superseded_by) for one in proofs] == [
            (1, proofs[1].id), (2, None),
        ]  # fmt: skip
        assert entries[proofs[0].id].position > 1  # it comes again in the feed
    text = text_of(blob_store().get(office.world.carrier_id, paper.sha256))
    assert "Une caisse retrouvée intacte" in text
    assert "2 → 3" in text


def text_of(pdf: bytes) -> str:
    """Return the words of a paper on one line."""
    assert pdf.startswith(PDF_TEXT)
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
