"""Which papers a subject has: drafts with what is needed to keep them once they are rendered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from server.billing import queries as billing
from server.catalog import queries as catalog
from server.delivery.model import VarianceNotice
from server.documents import queries
from server.documents.drafting.goods import (
    draft_load_list,
    draft_run_sheet,
    draft_slip,
    draft_slip_by_hand,
    draft_variance_notice,
    invoice_collectables,
)
from server.documents.drafting.money import draft_credit_note, issued_at, notes_of
from server.documents.drafting.ordered import draft_purchase_order
from server.documents.model import DocumentKind
from server.documents.queries import DeliverySubject, RunSubject
from server.documents.rendering.papers import DeliverySlip, PacketItem
from server.documents.rendering.render import render_packet
from server.documents.service.drafts import Draft, language_of, qr_of
from server.documents.service.invoicing import invoice_drafts_of
from server.documents.service.keeping import Rendered
from server.orders.model import Order
from server.parties.model import BillingType
from server.parties.terms import ChosenTerms, effective_terms
from shared.codes import PaperKind
from shared.problems import Language


@dataclass(frozen=True, slots=True)
class RunDrafts:
    """A run's papers one by one, and the order in which they stand in its packet."""

    subject: RunSubject
    drafts: tuple[Draft, ...]

    def packet(self) -> Rendered:
        """Return all papers in one PDF: run sheet, load list, then each stop's papers in the order of the run."""
        run, language = self.subject.run, language_of(self.subject.carrier.language)
        at = run.documented_at or run.starts_at
        items = [PacketItem(paper=draft.paper, language=draft.language) for draft in self.drafts if draft.is_packed]
        payload = render_packet(items, title=run.name, author=self.subject.carrier.name, issued_at=at)
        return Rendered(
            kind=DocumentKind.RUN_PACKET,
            owner_id=run.owner_id,
            readers=(),
            subject_id=run.id,
            name=f"{run.name}.pdf",
            language=language,
            payload=payload,
            run_id=run.id,
        )


def draft_run_papers(session: Session, run_id: UUID) -> RunDrafts:
    """Return the papers of a run: sheet, load list, and for each order its invoice or its slip (R013, R014)."""
    subject = queries.run_subject(session, run_id)
    return RunDrafts(subject, (*_carrier_papers(subject), *_order_papers(subject)))


def draft_order_paper(session: Session, order_id: UUID) -> Draft:
    """Return an order's purchase order as it stands now (R038-R040)."""
    order = queries.order_with_lines(session, order_id)
    cast = queries.cast_of(session, [order])
    seller, language = cast.organisations[order.owner_id], language_of(cast.organisations[order.buyer_id].language)
    paper = draft_purchase_order(
        order,
        cast,
        ordered_on=order.submitted_at.astimezone(ZoneInfo(seller.timezone)).date(),
        qr=qr_of(PaperKind.PURCHASE_ORDER, order.id),
        taxes=catalog.tax_rules(session, codes=order.charged_taxes, on=order.priced_on),
        containers=queries.containers(session),
        delivery=queries.delivery_of_order(session, order_id),
        note=_order_note(session, order, language),
    )
    return Draft(
        paper=paper,
        kind=DocumentKind.PURCHASE_ORDER,
        owner_id=order.owner_id,
        readers=tuple(order.party_ids),
        subject_id=order.id,
        name=f"{order.number}.pdf",
        language=language,
        at=order.submitted_at,
        order_id=order.id,
    )


def _order_note(session: Session, order: Order, language: Language) -> str:
    """Return the client's standing note as it is now, and the order's own (R051, R071)."""
    terms = effective_terms(
        session,
        seller_id=order.owner_id,
        buyer_id=order.buyer_id,
        carrier_id=order.carrier_id,
        chosen=ChosenTerms(billing_type=BillingType.PLATFORM),
    )
    return notes_of({"fr": terms.note_fr, "en": terms.note_en, "order": order.note}, language)


def draft_credit_paper(session: Session, credit_id: UUID) -> Draft:
    """Return an issued credit note as it was frozen."""
    note = billing.credit_note(session, credit_id=credit_id)
    invoice = queries.invoice_of_credit(session, note)
    orders = note.parties_text.get("orders", ())
    return Draft(
        paper=draft_credit_note(
            note, invoice=invoice, qr=qr_of(PaperKind.CREDIT_NOTE, note.id), containers=queries.containers(session)
        ),
        kind=DocumentKind.CREDIT_NOTE,
        owner_id=note.owner_id,
        readers=tuple(note.party_ids),
        subject_id=note.id,
        name=f"{note.number}.pdf",
        language=language_of(note.parties_text["buyer"].get("language", "fr")),
        at=issued_at(note),
        order_id=UUID(orders[0]["id"]) if len(orders) == 1 else None,
    )


def draft_delivery_papers(session: Session, delivery_id: UUID) -> tuple[Draft, ...]:
    """Return what a delivery changes on paper: order and slip with received quantities, and the notice (R020, C14)."""
    subject = queries.delivery_subject(session, delivery_id)
    drafts = [draft_order_paper(session, subject.order.id), _slip_draft_after(subject)]
    if subject.notice is not None:
        drafts.append(_notice_draft(subject, subject.notice))
    return tuple(drafts)


def _carrier_papers(subject: RunSubject) -> Iterator[Draft]:
    run, language = subject.run, language_of(subject.carrier.language)
    names = {org_id: organisation.name for org_id, organisation in subject.cast.organisations.items()}
    sheet = draft_run_sheet(
        run,
        subject.vehicle,
        subject.cast,
        orders=subject.orders,
        collect=invoice_collectables(subject.invoices, run, names),
        timezone=subject.carrier.timezone,
        qr=qr_of(PaperKind.RUN_SHEET, run.id),
    )
    load = draft_load_list(
        run, subject.vehicle, subject.cast, orders=subject.orders, qr=qr_of(PaperKind.LOAD_LIST, run.id)
    )
    for paper, kind, name in (
        (sheet, DocumentKind.RUN_SHEET, f"{run.name}-feuille.pdf"),
        (load, DocumentKind.LOAD_LIST, f"{run.name}-chargement.pdf"),
    ):
        yield Draft(
            paper=paper,
            kind=kind,
            owner_id=run.owner_id,
            readers=(),
            subject_id=run.id,
            name=name,
            language=language,
            at=run.documented_at or run.starts_at,
            run_id=run.id,
        )


def _order_papers(subject: RunSubject) -> Iterator[Draft]:
    for stop in subject.run.stops:
        joined: set[UUID] = set()
        for ridden in stop.orders:
            order = subject.orders[ridden.order_id]
            invoice = subject.invoices.get(order.id)
            if invoice is None or order.deliver_with.value != "invoice":
                yield _slip_draft(subject, order.id, stop.id)
                continue
            yield from invoice_drafts_of(invoice, subject, joined)


def _slip_draft(subject: RunSubject, order_id: UUID, stop_id: UUID) -> Draft:
    order = subject.orders[order_id]
    stop = next(stop for stop in subject.run.stops if stop.id == stop_id)
    paper = draft_slip(order, subject.cast, run=subject.run, stop=stop, qr=qr_of(PaperKind.DELIVERY_SLIP, order.id))
    buyer = subject.cast.organisations[order.buyer_id]
    return Draft(
        paper=paper,
        kind=DocumentKind.DELIVERY_SLIP,
        owner_id=subject.run.owner_id,
        readers=(order.owner_id, order.buyer_id),
        subject_id=order.id,
        name=f"{order.number}-bon.pdf",
        language=language_of(buyer.language),
        at=subject.run.documented_at or subject.run.starts_at,
        order_id=order.id,
        run_id=subject.run.id,
    )


def _slip_draft_after(subject: DeliverySubject) -> Draft:
    order = subject.order
    return Draft(
        paper=_slip_after(subject),
        kind=DocumentKind.DELIVERY_SLIP,
        owner_id=subject.delivery.owner_id,
        readers=(order.owner_id, order.buyer_id),
        subject_id=order.id,
        name=f"{order.number}-bon.pdf",
        language=language_of(subject.cast.organisations[order.buyer_id].language),
        at=subject.delivery.received_at,
        order_id=order.id,
        run_id=subject.run.id if subject.run else None,
    )


def _slip_after(subject: DeliverySubject) -> DeliverySlip:
    order, delivery, qr = subject.order, subject.delivery, qr_of(PaperKind.DELIVERY_SLIP, subject.order.id)
    if subject.run is not None and subject.stop is not None:
        return draft_slip(order, subject.cast, run=subject.run, stop=subject.stop, qr=qr, delivery=delivery)
    if delivery.by_hand is None:
        raise ValueError("a delivery rests on a visit or on a record at hand")
    return draft_slip_by_hand(order, subject.cast, record=delivery.by_hand, delivery=delivery, qr=qr)


def _notice_draft(subject: DeliverySubject, notice: VarianceNotice) -> Draft:
    order = subject.order
    paper = draft_variance_notice(
        subject.delivery,
        order,
        subject.cast,
        signer_role=subject.visit.signer_role if subject.visit else "",
        timezone=subject.carrier.timezone,
        uncertainty_s=subject.visit.uncertainty_s if subject.visit else 0,
        qr=qr_of(PaperKind.VARIANCE_NOTICE, notice.id),
    )
    return Draft(
        paper=paper,
        kind=DocumentKind.VARIANCE_NOTICE,
        owner_id=notice.owner_id,
        readers=(order.owner_id,),
        subject_id=notice.id,
        name=f"AE-{order.number}.pdf",
        language=language_of(subject.cast.organisations[order.owner_id].language),
        at=notice.made_at,
        order_id=order.id,
        run_id=subject.run.id if subject.run else None,
    )
