"""What the pages of accounts show; the session acts for the issuer unless it says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.model import CreditNote, Invoice
from server.billing.queries import credited_quantities, waiting_credits
from server.billing.service import takes_back
from server.catalog.queries import readable_classes
from server.conversations.model import Message
from server.core.acting import acting_for, acting_org
from server.core.database import among
from server.ledger.model import Allocation, AllocationSource
from server.ledger.queries import open_cents
from server.parties.model import Organisation
from server.receivables.accounts import Account, accounts, documents_on
from server.receivables.model import CustomerAccount, Payment, Refund, WriteOff
from server.receivables.movements import Line
from server.receivables.queries import allocations_from, allocations_of, open_invoices
from server.receivables.service.chatting import account_messages
from server.receivables.service.customers import account_of, credit_limit, require_customer
from server.receivables.statements import transactions

TRANSACTIONS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Held:
    """A payment or credit note that still holds so many cents."""

    source: Payment | CreditNote
    held_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWhole:
    """One customer's account as its page shows it."""

    card: Organisation | None
    account: Account
    decided: CustomerAccount | None
    limit_cents: int | None
    open_invoices: Sequence[tuple[Invoice, int]]
    held: Sequence[Held]
    lines: Sequence[Line]
    more: bool
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One allocation with the names of both its ends."""

    allocation: Allocation
    source_name: str
    invoice_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentWhole:
    """One payment with what it pays, what it still holds, and what went back of it."""

    payment: Payment
    held_cents: int
    applied: Sequence[Applied]
    refunds: Sequence[Refund]
    open_invoices: Sequence[tuple[Invoice, int]]
    issuer_name: str
    buyer_name: str


def customer_whole(session: Session, *, buyer_id: UUID, on: date, page: int, day: date | None = None) -> CustomerWhole:
    """Return a customer's account at the acting issuer with its open documents, transactions and chat.

    With a ``day``, all that has an amount is as it stood at its end; without, as it stands, its ages those of ``on``.

    Raises:
        NoAccount: it is no customer.

    Source: R078, R087, R090.
    """
    me = acting_org(session)
    require_customer(session, issuer_id=me, buyer_id=buyer_id)
    currency = letterhead(session, org_id=me).currency
    found = accounts(session, on=day or on, buyer_id=buyer_id)
    rows = transactions(
        session,
        buyer_id=buyer_id,
        currency=currency,
        limit=TRANSACTIONS_A_PAGE + 1,
        offset=(page - 1) * TRANSACTIONS_A_PAGE,
        on=day,
    )
    still, held = _open_documents(session, buyer_id=buyer_id, currency=currency, day=day)
    return CustomerWhole(
        card=session.get(Organisation, buyer_id),
        account=next((one for one in found if one.currency == currency), found[0]),
        decided=account_of(session, issuer_id=me, buyer_id=buyer_id),
        limit_cents=credit_limit(session, issuer_id=me, buyer_id=buyer_id),
        open_invoices=still,
        held=held,
        lines=rows[:TRANSACTIONS_A_PAGE],
        more=len(rows) > TRANSACTIONS_A_PAGE,
        messages=account_messages(session, issuer_id=me, buyer_id=buyer_id),
    )


def held_by(session: Session, *, buyer_id: UUID, currency: str) -> Sequence[Held]:
    """Return the payments and credit notes of a customer that still hold something, oldest first."""
    me = acting_org(session)
    payments = session.scalars(
        select(Payment)
        .where(Payment.owner_id == me, Payment.buyer_id == buyer_id, Payment.currency == currency)
        .order_by(Payment.received_on, Payment.id)
    ).all()
    still = open_cents(session, issuer_id=me, document_ids=[one.id for one in payments])
    credits_ = waiting_credits(session, issuer_id=me, buyer_ids=[buyer_id], currency=currency)
    held = [Held(one, -still[one.id]) for one in payments if still[one.id] < 0]
    return [*held, *(Held(note, cents) for note, cents in credits_)]


def _open_documents(
    session: Session, *, buyer_id: UUID, currency: str, day: date | None
) -> tuple[Sequence[tuple[Invoice, int]], Sequence[Held]]:
    """Return a customer's open invoices, oldest due first, and what holds money: now, or at the end of a day."""
    me = acting_org(session)
    if day is None:
        still = open_invoices(session, issuer_id=me, buyer_id=buyer_id, currency=currency)
        return still, held_by(session, buyer_id=buyer_id, currency=currency)
    then = documents_on(issuer_id=me, on=day, buyer_id=buyer_id).subquery()
    rows = session.execute(
        select(then).where(then.c.cents != 0, then.c.currency == currency).order_by(then.c.due_on, then.c.document_id)
    ).all()
    invoices, notes, payments = (_named(session, kind, rows) for kind in (Invoice, CreditNote, Payment))
    return (
        [(invoices[row.document_id], int(row.cents)) for row in rows if row.document_id in invoices],
        [Held((notes | payments)[row.document_id], -int(row.cents)) for row in rows if row.document_id not in invoices],
    )


def _named(session: Session, kind: type[Any], rows: Sequence[Any]) -> dict[UUID, Any]:
    found = session.scalars(select(kind).where(among(kind.id, [row.document_id for row in rows])))
    return {one.id: one for one in found}


def payment_whole(session: Session, *, payment: Payment) -> PaymentWhole:
    """Return a payment as its issuer or its buyer may see it; the issuer also sees where else it could go."""
    is_own = payment.owner_id == acting_org(session)
    applied = [
        Applied(allocation=one, source_name="", invoice_number=_number(session, one.invoice_id))
        for one in allocations_from(session, source_id=payment.id)
    ]
    refunds = session.scalars(select(Refund).where(Refund.source_id == payment.id).order_by(Refund.recorded_at)).all()
    still = open_invoices(session, issuer_id=payment.owner_id, buyer_id=payment.buyer_id, currency=payment.currency)
    return PaymentWhole(
        payment=payment,
        held_cents=held_cents(session, payment.id) if is_own else 0,
        applied=applied,
        refunds=refunds,
        open_invoices=still if is_own else (),
        issuer_name=_name(session, payment.owner_id),
        buyer_name=_name(session, payment.buyer_id),
    )


def held_cents(session: Session, source_id: UUID) -> int:
    """Return what a payment or credit note of the acting issuer still holds."""
    return -open_cents(session, issuer_id=acting_org(session), document_ids=[source_id])[source_id]


def applied_to(session: Session, *, invoice_id: UUID) -> Sequence[Applied]:
    """Return what pays an invoice now, undone allocations left out; readable by whoever reads the invoice."""
    rows = allocations_of(session, invoice_id=invoice_id)
    undone = {one.reverses_id for one in rows}
    return [
        Applied(allocation=one, source_name=_source_name(session, one), invoice_number="")
        for one in rows
        if one.reverses_id is None and one.id not in undone
    ]


def applied_from(session: Session, *, credit_id: UUID) -> Sequence[Applied]:
    """Return what a credit note pays now."""
    return [
        Applied(allocation=one, source_name="", invoice_number=_number(session, one.invoice_id))
        for one in allocations_from(session, source_id=credit_id)
    ]


def creditable(session: Session, invoice: Invoice) -> Sequence[tuple[UUID, str, str, int, int]]:
    """Return each line of an invoice that has units left to credit: id, French and English words, left, net cents."""
    with acting_for(session, invoice.owner_id):
        taken = credited_quantities(session, invoice_id=invoice.id)
    rows = (
        (line.id, line.description_fr, line.description_en, line.quantity - taken.get(line.id, 0), line.net_cents)
        for line in invoice.lines
    )
    return [row for row in rows if row[3] > 0]


def container_choices(session: Session, *, buyer_id: UUID) -> Sequence[tuple[UUID, str, str]]:
    """Return the container classes that the acting issuer credits this buyer by hand: id, French and English names."""
    me = acting_org(session)
    found = [one for one in readable_classes(session) if takes_back(session, one, issuer_id=me, buyer_id=buyer_id)]
    return [(one.id, one.name_fr, one.name_en) for one in found]


def _number(session: Session, invoice_id: UUID) -> str:
    found = session.get(Invoice, invoice_id)
    return found.number if found else ""


def _name(session: Session, org_id: UUID) -> str:
    found = session.get(Organisation, org_id)
    return found.name if found else ""


def _source_name(session: Session, allocation: Allocation) -> str:
    kind: type[Payment | CreditNote | WriteOff]
    if allocation.source is AllocationSource.PAYMENT:
        payment = session.get(Payment, allocation.source_id)
        return payment.reference if payment else ""
    kind = CreditNote if allocation.source is AllocationSource.CREDIT_NOTE else WriteOff
    found = session.get(kind, allocation.source_id)
    return str(getattr(found, "number", "")) if found else ""
