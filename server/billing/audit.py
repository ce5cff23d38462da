"""Walking an issuer's documents: numbers without gaps, an unbroken chain, sums that hold, postings that agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, selectinload

from server.billing.billed import credit_billed, invoice_billed
from server.billing.chain import Document, Walk, fault_of, section_of
from server.billing.frozen import credit_bytes, invoice_bytes
from server.billing.model import CreditLine, CreditNote, Invoice, InvoiceKind, InvoiceLine, InvoiceOrder
from server.billing.numbering import Series
from server.billing.queries import is_voided, with_lines
from server.core.problems import Text
from server.ledger.audit import Head, LedgerFault, head_fault, heads_of, posting_fault, sides_of
from server.ledger.entries import EntryKind, credit_sides, invoice_sides
from server.orders.model import Order
from shared.priced import sum_by_code
from shared.states import BillingState, CreditState, InvoiceState

_BATCH = 500


def document_faults(session: Session, *, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Yield what does not hold in an issuer's numbered documents, series by series in the order of their numbers.

    Source: laws 2, 3, 4, 8, 9, 17; the page on documents, « a command walks the chain ».
    """
    yield from _unnumbered(session, issuer_id)
    for series in Series:
        yield from _series_faults(session, issuer_id, series)
    yield from _credited_faults(session, issuer_id)
    yield from _recharged_faults(session, issuer_id)
    yield from _standing_faults(session, issuer_id)
    yield from _billing_faults(session, issuer_id)


def _series_faults(session: Session, issuer_id: UUID, series: Series) -> Iterator[LedgerFault]:
    walk = Walk(series)
    for batch in _batches(session, issuer_id, series):
        bodies = _bodies(session, batch)
        for document in batch:
            if document.year != walk.year:
                yield from walk.counter_faults(session, issuer_id)
                walk.start(document.year or 0)
            yield from walk.step(document, bodies[document.id])
        yield from _amount_faults(batch)
        yield from _posting_faults(session, issuer_id, batch)
    yield from walk.counter_faults(session, issuer_id)
    yield from walk.lost_faults(session, issuer_id)


def _batches(session: Session, issuer_id: UUID, series: Series) -> Iterator[Sequence[Document]]:
    """In the order of their numbers; by the last seen number, so that a batch never holds all documents."""
    last = (0, 0, 0)
    while documents := _after(session, issuer_id, series, last):
        last = (documents[-1].year or 0, documents[-1].sequence or 0, section_of(documents[-1]))
        _load_lines(session, documents)
        yield documents
        session.expunge_all()


def _after(session: Session, issuer_id: UUID, series: Series, last: tuple[int, int, int]) -> Sequence[Document]:
    if series is Series.INVOICE:
        seen = tuple_(Invoice.year, Invoice.sequence, Invoice.section) > tuple_(*map(literal, last))
        invoices = select(Invoice).where(Invoice.owner_id == issuer_id, Invoice.series == series.value, seen)
        return session.scalars(invoices.order_by(Invoice.year, Invoice.sequence, Invoice.section).limit(_BATCH)).all()
    seen = or_(CreditNote.year > last[0], (CreditNote.year == last[0]) & (CreditNote.sequence > last[1]))
    notes = select(CreditNote).where(CreditNote.owner_id == issuer_id, CreditNote.series == series.value, seen)
    return session.scalars(notes.order_by(CreditNote.year, CreditNote.sequence).limit(_BATCH)).all()


def _load_lines(session: Session, documents: Sequence[Document]) -> None:
    with_lines(session, [one for one in documents if isinstance(one, Invoice)])
    note_ids = [one.id for one in documents if isinstance(one, CreditNote)]
    session.scalars(
        select(CreditNote)
        .where(CreditNote.id.in_(note_ids))
        .options(selectinload(CreditNote.lines))
        .execution_options(populate_existing=True)
    ).all()


def _bodies(session: Session, documents: Sequence[Document]) -> dict[UUID, bytes]:
    covered: dict[UUID, list[UUID]] = {one.id: [] for one in documents}
    rows = session.execute(
        select(InvoiceOrder.invoice_id, InvoiceOrder.order_id).where(InvoiceOrder.invoice_id.in_(covered))
    )
    for invoice_id, order_id in rows:
        covered[invoice_id].append(order_id)
    return {
        one.id: invoice_bytes(one, one.lines, covered[one.id])
        if isinstance(one, Invoice)
        else credit_bytes(one, one.lines)
        for one in documents
    }


def _amount_faults(documents: Iterable[Document]) -> Iterator[LedgerFault]:
    for one in documents:
        lines: Sequence[InvoiceLine | CreditLine] = one.lines
        taxes = sum_by_code(part for line in lines for part in (line.taxes, line.deposit_taxes))
        sums = (
            sum(line.net_cents for line in lines) == one.net_cents,
            sum(line.deposit_cents for line in lines) == one.deposit_cents,
            {code: cents for code, cents in taxes.items() if cents}
            == {row["code"]: row["amount_cents"] for row in one.taxes if row["amount_cents"]},
            sum(taxes.values()) == one.tax_cents,
            one.net_cents + one.tax_cents + one.deposit_cents == one.total_cents,
        )
        if not all(sums):
            yield fault_of("wrong-sums", one, "a des lignes qui ne font pas son total", "has lines that miss its total")


def _posting_faults(session: Session, issuer_id: UUID, documents: Sequence[Document]) -> Iterator[LedgerFault]:
    kind = EntryKind.INVOICE if isinstance(documents[0], Invoice) else EntryKind.CREDIT_NOTE
    posted = sides_of(session, issuer_id=issuer_id, kind=kind, document_ids=[one.id for one in documents])
    heads = heads_of(session, issuer_id=issuer_id, kind=kind, document_ids=[one.id for one in documents])
    agents = _agents(session, documents)
    for one in documents:
        if isinstance(one, Invoice):
            expected = invoice_sides(invoice_billed(one, one.lines))
        else:
            expected = credit_sides(credit_billed(one, one.lines, by_agent=one.invoice_id in agents))
        head = Head(one.currency, one.issued_on, one.published_at)
        if fault := posting_fault(issuer_id, one.number, expected=expected, posted=posted.get(one.id)):
            yield fault
        if fault := head_fault(issuer_id, one.number, expected=head, posted=heads.get(one.id)):
            yield fault


def _agents(session: Session, documents: Sequence[Document]) -> set[UUID]:
    invoice_ids = [one.invoice_id for one in documents if isinstance(one, CreditNote) and one.invoice_id]
    return set(
        session.scalars(select(Invoice.id).where(Invoice.id.in_(invoice_ids), Invoice.kind == InvoiceKind.AGENT))
    )


def _unnumbered(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    for kind, state in ((Invoice, InvoiceState.PUBLISHED), (CreditNote, CreditState.ISSUED)):
        rows = select(kind.id).where(kind.owner_id == issuer_id, kind.state == state, kind.sequence.is_(None))
        for document_id in session.scalars(rows):
            text = Text("Un document publié n’a pas de numéro.", "A published document has no number.")
            yield LedgerFault("no-number", issuer_id, str(document_id), text)


def _credited_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    rows = session.execute(
        select(Invoice.number, InvoiceLine.position)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .join(CreditLine, CreditLine.invoice_line_id == InvoiceLine.id)
        .join(CreditNote, CreditNote.id == CreditLine.credit_note_id)
        .where(Invoice.owner_id == issuer_id, CreditNote.state == CreditState.ISSUED)
        .group_by(Invoice.number, InvoiceLine.id)
        .having(
            or_(
                func.sum(CreditLine.quantity) > InvoiceLine.quantity,
                func.sum(CreditLine.net_cents) > InvoiceLine.net_cents,
                func.sum(CreditLine.deposit_cents) > InvoiceLine.deposit_cents,
            )
        )
    )
    for number, position in rows:
        text = Text(f"La ligne {position} est créditée de trop.", f"Line {position} is credited too much.")
        yield LedgerFault("credited-too-much", issuer_id, number, text)


def _recharged_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    """What bills a credit's deposits again, and stands, never comes to more than the credit gave back."""
    rows = session.execute(
        select(CreditNote.number, CreditLine.position)
        .join(CreditLine, CreditLine.credit_note_id == CreditNote.id)
        .join(InvoiceLine, InvoiceLine.credit_line_id == CreditLine.id)
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.owner_id == issuer_id, Invoice.state == InvoiceState.PUBLISHED, ~is_voided())
        .group_by(CreditNote.number, CreditLine.id)
        .having(
            or_(
                func.sum(InvoiceLine.quantity) > CreditLine.quantity,
                func.sum(InvoiceLine.deposit_cents) > CreditLine.deposit_cents,
            )
        )
    )
    for number, position in rows:
        text = Text(
            f"Les consignes de la ligne {position} sont facturées de nouveau au-delà de ce qu’elle rend.",
            f"The deposits of line {position} are billed again beyond what it gives back.",
        )
        yield LedgerFault("recharged-too-much", issuer_id, number, text)


_CLOSES_AN_ORDER = (InvoiceKind.STANDARD, InvoiceKind.AGENT, InvoiceKind.FINAL)


def _standing_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    """R042: an invoice stands for its orders exactly until it is void; what supplements another never does."""
    stands = Invoice.supplements_id.is_(None) & ~is_voided()
    rows = session.scalars(
        select(Invoice.number)
        .join(InvoiceOrder, InvoiceOrder.invoice_id == Invoice.id)
        .where(Invoice.owner_id == issuer_id, Invoice.state == InvoiceState.PUBLISHED)
        .where(Invoice.kind.in_(_CLOSES_AN_ORDER), InvoiceOrder.live_final != stands)
        .order_by(Invoice.number)
    )
    for number in rows:
        text = Text(
            "La facture tient lieu de finale à tort, ou ne le fait plus.",
            "The invoice stands as an order’s final one wrongly, or no longer does.",
        )
        yield LedgerFault("standing-differs", issuer_id, number, text)


def _billing_faults(session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
    """R042, R100: an order is billed exactly while a published final invoice stands for it."""
    stands = (
        select(InvoiceOrder.id)
        .join(Invoice, Invoice.id == InvoiceOrder.invoice_id)
        .where(InvoiceOrder.order_id == Order.id, InvoiceOrder.live_final, Invoice.state == InvoiceState.PUBLISHED)
        .correlate(Order)
        .exists()
    )
    settled = Order.billing_state == BillingState.SETTLED
    rows = session.scalars(
        select(Order.number).where(Order.issuer_id == issuer_id, settled != stands).order_by(Order.number)
    )
    for number in rows:
        text = Text(
            "La commande est à facturer bien que sa facture finale tienne, ou ne l’est pas bien qu’aucune ne tienne.",
            "The order is to be billed although its final invoice stands, or is not although none does.",
        )
        yield LedgerFault("billing-differs", issuer_id, number, text)
