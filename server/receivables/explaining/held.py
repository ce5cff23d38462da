"""What a payment or a credit note still holds: its amount less all that it pays and all that went back of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, Source, Step, explain_credit
from server.billing.explaining.steps import summed
from server.billing.model import Invoice
from server.billing.queries import credit_note
from server.core.acting import acting_org
from server.core.database import among
from server.core.days import day_text
from server.ledger.model import Allocation
from server.receivables.model import PaymentMethod, Refund, RefundState
from server.receivables.queries import allocations_from
from shared.problems import Text
from shared.states import CreditState

MOST_SHOWN: Final = 500
LEFT: Final = Text("Reste à affecter", "Left to set")


def explain_credit_note(session: Session, *, credit_id: UUID) -> Explanation:
    """Return how a credit note's total comes about and, for its two sides, what it still holds, if anything.

    Raises:
        NotFound: there is none, or it is somebody else's.

    Source: T5, T6; C30; law 6.
    """
    explained, note = explain_credit(session, credit_id=credit_id), credit_note(session, credit_id=credit_id)
    if note.state is not CreditState.ISSUED or acting_org(session) not in {note.owner_id, note.buyer_id}:
        return explained
    left = left_of(explained.totals[0], [*paid_from(session, note.id), *given_back(session, note.id)])
    return replace(explained, totals=[*explained.totals, *left])


def left_of(whole: Step, gone: Sequence[Step]) -> list[Step]:
    """Return the step of what is left of an amount, or none where nothing is."""
    taken = [replace(one, amount_cents=-one.amount_cents, parts=()) for one in gone]
    left = summed(LEFT, [replace(whole, parts=()), *taken])
    return [left] if left.amount_cents else []


def paid_from(session: Session, source_id: UUID) -> Iterator[Step]:
    """Yield what a payment or a credit note pays now, each invoice with its page; many end in one step."""
    rows: Sequence[Allocation] = allocations_from(session, source_id=source_id)
    wanted = {one.invoice_id for one in rows}
    invoices = {one.id: one for one in session.scalars(select(Invoice).where(among(Invoice.id, wanted)))}
    for one in rows[:MOST_SHOWN]:
        on, invoice = day_text(one.allocated_on), invoices.get(one.invoice_id)
        number = f" {invoice.number}" if invoice else ""
        text = Text(f"Facture{number}, {on.fr}", f"Invoice{number}, {on.en}")
        link = f"/factures/{one.invoice_id}" if invoice else ""
        yield Step(
            label=text,
            amount_cents=one.amount_cents,
            source=Source(kind="invoice", id=one.invoice_id, text=text, link=link),
        )
    if rest := rows[MOST_SHOWN:]:
        label = Text(f"{len(rest)} autres factures", f"{len(rest)} more invoices")
        yield Step(label=label, amount_cents=sum(one.amount_cents for one in rest))


def given_back(session: Session, source_id: UUID, *, by_hand: bool = False) -> Iterator[Step]:
    """Yield what went back of it, or by a person's hand alone: what failed to is held again, and counts no more."""
    rows = session.scalars(
        select(Refund)
        .where(Refund.source_id == source_id, Refund.state != RefundState.FAILED)
        .where(Refund.method != PaymentMethod.GATEWAY if by_hand else true())
        .order_by(Refund.recorded_at, Refund.id)
    )
    for one in rows:
        on = day_text(one.refunded_on)
        text = Text(f"Remboursement, {on.fr}", f"Refund, {on.en}")
        if one.is_chargeback:
            text = Text(f"Contestation bancaire, {on.fr}", f"Chargeback, {on.en}")
        yield Step(
            label=text,
            amount_cents=one.amount_cents,
            says=Text(one.reason, one.reason),
            source=Source(kind="chargeback" if one.is_chargeback else "refund", id=one.id, text=text),
        )
