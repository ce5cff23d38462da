"""A payment, unfolded: what it pays, what went back of it, what it still holds, and who says that it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, Source, Step
from server.billing.explaining.steps import closed, summed
from server.billing.model import Invoice
from server.core.database import among
from server.core.days import day_text
from server.ledger.model import Allocation
from server.parties import queries as parties
from server.receivables.model import Payment, ProviderEvent, Refund, RefundState
from server.receivables.queries import allocations_from
from shared.problems import Text
from shared.states import PaymentState

MOST_SHOWN: Final = 500
_LEFT: Final = Text("Ne paie rien encore", "Pays nothing yet")
_FAILED: Final = Text("N’a pas tenu\u00a0: ne paie rien", "Did not hold: pays nothing")
_WAITS: Final = Text("Pas encore confirmé", "Not confirmed yet")


def explain_payment(session: Session, *, payment: Payment) -> Explanation:
    """Return what a payment's amount went to, to the cent, and what changed hands where cash was rounded (T7).

    Sources are the provider's events, for whoever received the money.

    Source: laws 6, 14, 16; T7; the issue's « why this number ».
    """
    parts = [*_paid(session, allocations_from(session, source_id=payment.id)), *_gone(session, payment)]
    whole = summed(Text("Montant du paiement", "Amount of the payment"), parts)
    totals = [closed(whole, payment.amount_cents, _rest(payment))]
    if payment.rounding_cents:
        totals.append(_handed_over(payment))
    return Explanation(currency=payment.currency, totals=totals, sources=list(_events(session, payment)))


def _rest(payment: Payment) -> Text:
    if payment.state is PaymentState.FAILED:
        return _FAILED
    return _LEFT if payment.is_posted else _WAITS


def _handed_over(payment: Payment) -> Step:
    parts = [
        Step(label=Text("Montant du paiement", "Amount of the payment"), amount_cents=payment.amount_cents),
        Step(
            label=Text("Arrondi au comptant", "Cash rounding"), amount_cents=payment.rounding_cents, rule="T7",
            says=Text("Aux cinq cents les plus proches", "To the nearest five cents"),
        ),
    ]  # fmt: skip
    return summed(Text("Remis en argent", "Handed over in cash"), parts)


def _paid(session: Session, rows: Sequence[Allocation]) -> Iterator[Step]:
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


def _gone(session: Session, payment: Payment) -> Iterator[Step]:
    """What went back of it: what failed to is held again, and counts no more."""
    rows = session.scalars(
        select(Refund)
        .where(Refund.source_id == payment.id, Refund.state != RefundState.FAILED)
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


def _events(session: Session, payment: Payment) -> Iterator[Source]:
    if not payment.provider_ref:
        return
    zone = parties.zone_of(session, org_id=payment.owner_id)
    rows = session.scalars(
        select(ProviderEvent)
        .where(ProviderEvent.owner_id == payment.owner_id, ProviderEvent.payment_ref == payment.provider_ref)
        .order_by(ProviderEvent.received_at, ProviderEvent.id)
        .limit(MOST_SHOWN)
    )
    for one in rows:
        on = day_text(one.received_at.astimezone(zone).date())
        name = f"{one.kind} {one.event_id}"
        text = Text(f"Avis de Stripe du {on.fr}\u00a0: {name}", f"Stripe’s notice of {on.en}: {name}")
        yield Source(kind="provider_event", id=one.id, text=text)
