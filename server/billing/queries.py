"""Reads over invoices and credit notes; the session acts for somebody who may read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, cast, func, select
from sqlalchemy import Text as TextType
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from server.billing.model import CreditKind, CreditLine, CreditNote, Invoice, InvoiceLine, InvoiceOrder
from server.core.database import among
from server.core.memory import remembered
from server.core.problems import NotFound, Text
from server.ledger.model import Posting
from server.ledger.queries import IS_OWED
from shared.states import CreditState, InvoiceState

_LIVE: Final = "live invoices"


def invoice(session: Session, *, invoice_id: UUID) -> Invoice:
    """Return an invoice with the lines of its current revision.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.get(Invoice, invoice_id)
    if found is None:
        raise NotFound(Text("Cette facture n’existe pas.", "There is no such invoice."), where=str(invoice_id))
    return with_lines(session, [found])[0]


def credit_note(session: Session, *, credit_id: UUID) -> CreditNote:
    """Return a credit note with its lines.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.get(CreditNote, credit_id, options=[selectinload(CreditNote.lines)])
    if found is None:
        raise NotFound(
            Text("Cette note de crédit n’existe pas.", "There is no such credit note."), where=str(credit_id)
        )
    return found


def live_invoice(session: Session, *, order_id: UUID) -> Invoice | None:
    """Return the one final invoice that stands for an order, provisional or published, with its lines (R042)."""
    known = remembered(session, _LIVE)
    if order_id in known:
        remembered_one: Invoice | None = known.pop(order_id)
        return remembered_one
    found = session.scalars(
        select(Invoice)
        .join(InvoiceOrder, InvoiceOrder.invoice_id == Invoice.id)
        .where(InvoiceOrder.order_id == order_id, InvoiceOrder.live_final)
    ).one_or_none()
    return with_lines(session, [found])[0] if found else None


def remember_live_invoices(session: Session, *, order_ids: Iterable[UUID], is_issuer: bool) -> set[UUID]:
    """Read the live invoices of these orders at once, each for the next ``live_invoice`` of its order.

    The orders are locked, so that nobody else makes or publishes one. Only for their issuer, for whom the session then
    acts, does it count that there is none: whoever else asks might not be a reader. Returns the orders without any.
    """
    wanted = set(order_ids)
    found = live_invoices(session, wanted)
    with_lines(session, list(found.values()))
    known = remembered(session, _LIVE)
    known.update(found)
    if is_issuer:
        known.update(dict.fromkeys(wanted - found.keys()))
    return wanted - found.keys()


def forget_live_invoices(session: Session) -> None:
    """Let the next ``live_invoice`` of every order ask the database."""
    remembered(session, _LIVE).clear()


def live_invoices(session: Session, order_ids: Iterable[UUID]) -> dict[UUID, Invoice]:
    """Return the one final invoice that stands for each order that has one, without its lines (R042)."""
    rows = session.execute(
        select(InvoiceOrder.order_id, Invoice)
        .join(Invoice, Invoice.id == InvoiceOrder.invoice_id)
        .where(among(InvoiceOrder.order_id, order_ids), InvoiceOrder.live_final)
    )
    return {row[0]: row[1] for row in rows}


def invoices_of_orders(session: Session, *, order_ids: Iterable[UUID]) -> dict[UUID, list[Invoice]]:
    """Return every invoice of these orders with current lines, voided and dropped ones included, oldest first."""
    rows = session.execute(
        select(InvoiceOrder.order_id, Invoice)
        .join(Invoice, Invoice.id == InvoiceOrder.invoice_id)
        .where(InvoiceOrder.order_id.in_(set(order_ids)))
        .order_by(Invoice.created_at, Invoice.id)
    ).all()
    with_lines(session, [row[1] for row in rows])
    found: dict[UUID, list[Invoice]] = {}
    for order_id, one in rows:
        found.setdefault(order_id, []).append(one)
    return found


def with_lines(session: Session, invoices: Sequence[Invoice]) -> Sequence[Invoice]:
    """Load the current revision's lines of these invoices in one query, and return the invoices."""
    session.flush()
    rows = session.scalars(
        select(InvoiceLine)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(among(Invoice.id, {one.id for one in invoices}), InvoiceLine.revision == Invoice.revision)
        .order_by(InvoiceLine.position)
    )
    lines: dict[UUID, list[InvoiceLine]] = {}
    for line in rows:
        lines.setdefault(line.invoice_id, []).append(line)
    for one in invoices:
        set_committed_value(one, "lines", lines.get(one.id, []))
    return invoices


def load_lines(session: Session, document: Invoice | CreditNote) -> None:
    """Load the lines of a document that lost them when a savepoint ended; the session acts for its issuer."""
    if isinstance(document, Invoice):
        with_lines(session, [document])
    else:
        loaded = select(CreditNote).where(CreditNote.id == document.id).options(selectinload(CreditNote.lines))
        session.scalars(loaded).one()


def supplementary_of(session: Session, invoice: Invoice) -> Sequence[Invoice]:
    """Return the supplementary invoices of a published one, oldest first, with their lines."""
    found = session.scalars(
        select(Invoice)
        .where(Invoice.supplements_id == invoice.id, Invoice.owner_id == invoice.owner_id)
        .order_by(Invoice.year, Invoice.sequence, Invoice.section)
    ).all()
    return with_lines(session, found) if found else ()


def order_ids_of(session: Session, *, invoice_id: UUID) -> list[UUID]:
    """Return the orders that an invoice covers."""
    return sorted(session.scalars(select(InvoiceOrder.order_id).where(InvoiceOrder.invoice_id == invoice_id)))


def credits_of(session: Session, *, invoice_id: UUID) -> list[CreditNote]:
    """Return the credit notes on an invoice with their lines, refused ones left out, oldest first."""
    return list(
        session.scalars(
            select(CreditNote)
            .where(CreditNote.invoice_id == invoice_id, CreditNote.state != CreditState.REFUSED)
            .order_by(CreditNote.created_at, CreditNote.id)
            .options(selectinload(CreditNote.lines))
        )
    )


def is_voided() -> ColumnElement[bool]:
    """Return the condition that an invoice is annulled: its mirror credit note is issued (C6)."""
    return (
        select(CreditNote.id)
        .where(
            CreditNote.invoice_id == Invoice.id,
            CreditNote.kind == CreditKind.VOID,
            CreditNote.state == CreditState.ISSUED,
        )
        .correlate(Invoice)
        .exists()
    )


def voided_among(session: Session, *, invoice_ids: Iterable[UUID]) -> set[UUID]:
    """Return which of these invoices are annulled."""
    return set(session.scalars(select(Invoice.id).where(among(Invoice.id, invoice_ids), is_voided())))


def billed_documents(session: Session, *, order_id: UUID) -> list[Invoice | CreditNote]:
    """Return what an order is billed by now: its published final invoice, what supplements it, and every credit."""
    invoice = live_invoice(session, order_id=order_id)
    if invoice is None or invoice.state is InvoiceState.PROVISIONAL:
        return []
    chain = [invoice, *supplementary_of(session, invoice)]
    return [*chain, *(note for one in chain for note in credits_of(session, invoice_id=one.id))]


def credit_of_cause(session: Session, *, issuer_id: UUID, cause_kind: str, cause_id: UUID) -> CreditNote | None:
    """Return the credit note that this cause made, if any: a cause never makes two of an issuer."""
    return session.scalars(
        select(CreditNote)
        .where(CreditNote.owner_id == issuer_id, CreditNote.cause_kind == cause_kind, CreditNote.cause_id == cause_id)
        .options(selectinload(CreditNote.lines))
    ).one_or_none()


def latest_visit_credit(session: Session, *, issuer_id: UUID, visit_ids: Iterable[UUID]) -> CreditNote | None:
    """Return the last credit of empties that an issuer gave at one of these visits, if it gave any."""
    given = select(CreditNote).where(
        CreditNote.owner_id == issuer_id, CreditNote.cause_kind == "visit", among(CreditNote.cause_id, visit_ids)
    )
    return session.scalars(given.order_by(CreditNote.created_at.desc(), CreditNote.id.desc()).limit(1)).one_or_none()


def credited_quantities(session: Session, *, invoice_id: UUID) -> Mapping[UUID, int]:
    """Return the units that credit notes took of each invoice line; proposed ones count, refused ones do not."""
    rows = session.execute(
        select(CreditLine.invoice_line_id, func.sum(CreditLine.quantity))
        .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(CreditNote.invoice_id == invoice_id, CreditNote.state != CreditState.REFUSED)
        .where(CreditLine.invoice_line_id.is_not(None))
        .group_by(CreditLine.invoice_line_id)
    )
    return {row[0]: int(row[1]) for row in rows if row[0] is not None}


def waiting_credits(
    session: Session, *, issuer_id: UUID, buyer_ids: Iterable[UUID], currency: str
) -> list[tuple[CreditNote, int]]:
    """Return issued credit notes that still hold something, with the cents that they hold, oldest first (R083)."""
    posted = (
        select(func.coalesce(func.sum(Posting.amount_cents), 0))
        .where(Posting.owner_id == issuer_id, IS_OWED, Posting.detail == cast(CreditNote.id, TextType))
        .correlate(CreditNote)
        .scalar_subquery()
    )
    left = -posted  # what was applied, and what was refunded, is gone
    rows = session.execute(
        select(CreditNote, left)
        .where(
            CreditNote.owner_id == issuer_id,
            among(CreditNote.buyer_id, buyer_ids),
            CreditNote.currency == currency,
            CreditNote.state == CreditState.ISSUED,
            left > 0,
        )
        .order_by(CreditNote.published_at, CreditNote.id)
    )
    return [(row[0], int(row[1])) for row in rows]


def all_invoices(order_id: UUID | None = None) -> Select[Invoice]:
    """Return the query of every readable invoice, or of those that cover one order."""
    query = select(Invoice)
    if order_id is None:
        return query
    return query.join(InvoiceOrder, InvoiceOrder.invoice_id == Invoice.id).where(InvoiceOrder.order_id == order_id)


def all_credit_notes(order_id: UUID | None = None) -> Select[CreditNote]:
    """Return the query of every readable credit note, or of those on one order's invoices."""
    query = select(CreditNote)
    if order_id is None:
        return query
    covered = select(InvoiceOrder.invoice_id).where(InvoiceOrder.order_id == order_id)
    return query.where(CreditNote.invoice_id.in_(covered))
