"""Invoices and credit notes in lists and whole, with how they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from server.billing import queries as billing
from server.billing.joined import JoinedInvoice, joined_invoice
from server.billing.model import CreditNote, Invoice
from server.dashboard.listing import Listed, Rows, like, mine, page_of
from server.dashboard.queries.runs import organisation_names
from server.documents.model import Document
from server.orders.model import Order
from server.parties.model import Organisation
from server.receivables.queries import STANDING_LABELS, Standing, standings
from shared.states import InvoiceState

__all__ = ["STANDING_LABELS", "Standing"]


class InvoiceTab(StrEnum):
    """Which invoices a list shows."""

    PUBLISHED = "published"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """One invoice of a list with names and how it stands; ``standing`` is None before publication."""

    invoice: Invoice
    issuer_name: str
    buyer_name: str
    standing: Standing | None
    open_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceWhole:
    """One invoice with its orders, credit notes and papers."""

    row: InvoiceRow
    orders: Sequence[Order]
    credits: Sequence[CreditNote]
    documents: Sequence[Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRow:
    """One credit note of a list with names and the invoice that it is on."""

    credit: CreditNote
    issuer_name: str
    buyer_name: str
    invoice: Invoice | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditWhole:
    """One credit note with its papers, and the invoices that bill its deposits again."""

    row: CreditRow
    documents: Sequence[Document]
    billed_again: Sequence[Invoice]


_Issuer, _Buyer = aliased(Organisation), aliased(Organisation)


def list_invoices(
    session: Session, *, tab: InvoiceTab, words: str, today: date, page: int, client_id: UUID | None = None
) -> Listed[InvoiceRow]:
    """Return one page of the invoices that the acting organisation may read, newest first."""
    rows = (
        select(Invoice, func.coalesce(_Issuer.name, ""), func.coalesce(_Buyer.name, ""))
        .outerjoin(_Issuer, _Issuer.id == Invoice.owner_id)
        .outerjoin(_Buyer, _Buyer.id == Invoice.buyer_id)
        .where(mine(session, Invoice), Invoice.state == InvoiceState(tab.value))
    )
    if words:
        pattern = like(words)
        rows = rows.where(
            or_(Invoice.number.ilike(pattern), Invoice.reference.ilike(pattern), _Issuer.name.ilike(pattern),
                _Buyer.name.ilike(pattern))
        )  # fmt: skip
    if client_id is not None:
        rows = rows.where(Invoice.buyer_id == client_id)
    order = (Invoice.published_at.desc().nulls_last(), Invoice.created_at.desc(), Invoice.number.desc(), Invoice.id)
    found = page_of(session, rows.order_by(*order), page=page)
    known = standings(session, invoices=[row[0] for row in found.rows], on=today)
    return Listed([_invoice_row(row, known) for row in found.rows], found.page, found.more)


def tab_counts(session: Session) -> Mapping[InvoiceTab, int]:
    """Return how many invoices each tab has."""
    rows = session.execute(
        select(Invoice.state, func.count())
        .where(mine(session, Invoice), Invoice.state.in_((InvoiceState.PUBLISHED, InvoiceState.PROVISIONAL)))
        .group_by(Invoice.state)
    )
    return dict.fromkeys(InvoiceTab, 0) | {InvoiceTab(row[0].value): int(row[1]) for row in rows}


def invoice_whole(session: Session, *, invoice_id: UUID, today: date) -> InvoiceWhole:
    """Return an invoice that the acting organisation may read, with its orders, credits and papers.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    invoice = billing.invoice(session, invoice_id=invoice_id)
    names = organisation_names(session, {invoice.owner_id, invoice.buyer_id})
    known = standings(session, invoices=[invoice], on=today)
    order_ids = billing.order_ids_of(session, invoice_id=invoice_id)
    orders = session.scalars(select(Order).where(Order.id.in_(order_ids)).order_by(Order.number)).all()
    row = _invoice_row((invoice, names.get(invoice.owner_id, ""), names.get(invoice.buyer_id, "")), known)
    return InvoiceWhole(
        row=row,
        orders=orders,
        credits=billing.credits_of(session, invoice_id=invoice_id),
        documents=papers_of(session, invoice_id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedWhole:
    """One agent invoice for several orders: a row for each section, its order by section, seller names, papers."""

    joined: JoinedInvoice
    issuer_name: str
    buyer_name: str
    rows: Sequence[InvoiceRow]
    orders: Mapping[UUID, Order]
    names: Mapping[UUID, str]
    credits: Sequence[CreditNote]
    documents: Sequence[Document]

    @property
    def open_cents(self) -> int:
        """What is still to be paid of it."""
        return sum(row.open_cents for row in self.rows)

    @property
    def is_void(self) -> bool:
        """Whether every section of it was voided."""
        return all(row.standing is Standing.ANNULLED for row in self.rows)


def joined_whole(session: Session, *, joined_id: UUID, today: date) -> JoinedWhole:
    """Return one agent invoice for several orders that the acting organisation reads whole (C15).

    Raises:
        NotFound: there is none, or parts of it are somebody else's.
    """
    joined = joined_invoice(session, joined_id=joined_id)
    sellers = {seller_id for one in joined.sections for seller_id in one.seller_ids}
    names = organisation_names(session, sellers | {joined.first.owner_id, joined.first.buyer_id})
    issuer, buyer = names.get(joined.first.owner_id, ""), names.get(joined.first.buyer_id, "")
    known = standings(session, invoices=joined.sections, on=today)
    by_order = {line.order_id: one.id for one in joined.sections for line in one.lines}
    orders = session.scalars(select(Order).where(Order.id.in_(by_order))).all()
    return JoinedWhole(
        joined=joined,
        issuer_name=issuer,
        buyer_name=buyer,
        rows=[_invoice_row((one, issuer, buyer), known) for one in joined.sections],
        orders={by_order[order.id]: order for order in orders},
        names=names,
        credits=[note for one in joined.sections for note in billing.credits_of(session, invoice_id=one.id)],
        documents=papers_of(session, joined_id),
    )


def list_credits(session: Session, *, words: str, page: int, client_id: UUID | None = None) -> Listed[CreditRow]:
    """Return one page of the credit notes that the acting organisation may read, those to approve first."""
    rows = _credit_rows().where(mine(session, CreditNote))
    if words:
        pattern = like(words)
        rows = rows.where(
            or_(CreditNote.number.ilike(pattern), _Issuer.name.ilike(pattern), _Buyer.name.ilike(pattern))
        )
    if client_id is not None:
        rows = rows.where(CreditNote.buyer_id == client_id)
    newest = (CreditNote.published_at.desc().nulls_first(), CreditNote.created_at.desc(), CreditNote.id)
    found = page_of(session, rows.order_by(*newest), page=page)
    return Listed([_credit_row(row) for row in found.rows], found.page, found.more)


def credit_whole(session: Session, *, credit_id: UUID) -> CreditWhole:
    """Return a credit note that the acting organisation may read, with its lines and papers.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    note = billing.credit_note(session, credit_id=credit_id)
    names = organisation_names(session, {note.owner_id, note.buyer_id})
    invoice = session.get(Invoice, note.invoice_id) if note.invoice_id else None
    row = CreditRow(
        credit=note,
        issuer_name=names.get(note.owner_id, ""),
        buyer_name=names.get(note.buyer_id, ""),
        invoice=invoice,
    )
    again = select(Invoice).where(Invoice.takes_back_id == credit_id).order_by(Invoice.created_at, Invoice.id)
    return CreditWhole(row=row, documents=papers_of(session, credit_id), billed_again=session.scalars(again).all())


def papers_of(session: Session, subject_id: UUID) -> list[Document]:
    """Return the newest revision of each paper of a subject that the acting organisation may read."""
    rows = session.scalars(
        select(Document).where(mine(session, Document), Document.subject_id == subject_id).order_by(Document.revision)
    )
    return list({(one.kind, one.language): one for one in rows}.values())


def _credit_rows() -> Rows:
    return (
        select(CreditNote, func.coalesce(_Issuer.name, ""), func.coalesce(_Buyer.name, ""), Invoice)
        .outerjoin(_Issuer, _Issuer.id == CreditNote.owner_id)
        .outerjoin(_Buyer, _Buyer.id == CreditNote.buyer_id)
        .outerjoin(Invoice, Invoice.id == CreditNote.invoice_id)
    )


def _credit_row(row: Any) -> CreditRow:
    return CreditRow(credit=row[0], issuer_name=row[1], buyer_name=row[2], invoice=row[3])


def _invoice_row(row: Any, known: Mapping[UUID, tuple[Standing, int]]) -> InvoiceRow:
    invoice = row[0]
    standing, open_cents = known.get(invoice.id, (None, 0))
    return InvoiceRow(invoice=invoice, issuer_name=row[1], buyer_name=row[2], standing=standing, open_cents=open_cents)
