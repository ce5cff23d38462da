"""A payment, unfolded: what it pays, what went back of it, what it still holds, and who says that it came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, Source, Step
from server.billing.explaining.steps import closed, summed
from server.core.days import day_text
from server.parties import queries as parties
from server.receivables.explaining.held import MOST_SHOWN, given_back, left_of, paid_from
from server.receivables.model import Payment, ProviderEvent
from server.receivables.queries import origin_of
from shared.problems import Text
from shared.states import PaymentState

AMOUNT: Final = Text("Montant du paiement", "Amount of the payment")
OWED: Final = Text("Remboursé par ailleurs, donc dû", "Refunded another way, hence owed")
_LEFT: Final = Text("Ne paie rien encore", "Pays nothing yet")
_FAILED: Final = Text("N’a pas tenu\u00a0: ne paie rien", "Did not hold: pays nothing")
_WAITS: Final = Text("Pas encore confirmé", "Not confirmed yet")


def explain_payment(session: Session, *, payment: Payment) -> Explanation:
    """Return what a payment's amount went to, to the cent, and what changed hands where cash was rounded (T7).

    Sources are the provider's events, for whoever received the money.

    Source: laws 6, 14, 16; T7; the issue's « why this number ».
    """
    parts = [*paid_from(session, payment.id), *given_back(session, payment.id)]
    gone = summed(AMOUNT, parts)
    is_beyond = _is_held(payment) and gone.amount_cents > payment.amount_cents
    whole = closed(gone, payment.amount_cents, OWED if is_beyond else _rest(payment))
    totals = [whole]
    if is_beyond:
        held = replace(whole, amount_cents=-whole.amount_cents, parts=())
        totals.append(summed(OWED, [*parts, held]))
    elif _is_held(payment):
        totals.extend(left_of(whole, parts))
    if payment.state is PaymentState.FAILED and (owed := list(given_back(session, payment.id, by_hand=True))):
        totals.append(summed(OWED, owed))
    if payment.rounding_cents:
        totals.append(_handed_over(payment))
    return Explanation(currency=payment.currency, totals=totals, sources=list(_events(session, payment)))


def _is_held(payment: Payment) -> bool:
    return payment.is_posted and payment.state is not PaymentState.FAILED


def _rest(payment: Payment) -> Text:
    if payment.state is PaymentState.FAILED:
        return _FAILED
    return _LEFT if payment.is_posted else _WAITS


def _handed_over(payment: Payment) -> Step:
    parts = [
        Step(label=AMOUNT, amount_cents=payment.amount_cents),
        Step(
            label=Text("Arrondi au comptant", "Cash rounding"), amount_cents=payment.rounding_cents, rule="T7",
            says=Text("Aux cinq cents les plus proches", "To the nearest five cents"),
        ),
    ]  # fmt: skip
    return summed(Text("Remis en argent", "Handed over in cash"), parts)


def _events(session: Session, payment: Payment) -> Iterator[Source]:
    ref = origin_of(session, payment).provider_ref
    if not ref:
        return
    zone = parties.zone_of(session, org_id=payment.owner_id)
    rows = session.scalars(
        select(ProviderEvent)
        .where(ProviderEvent.owner_id == payment.owner_id, ProviderEvent.payment_ref == ref)
        .order_by(ProviderEvent.received_at, ProviderEvent.id)
        .limit(MOST_SHOWN)
    )
    for one in rows:
        on = day_text(one.received_at.astimezone(zone).date())
        name = f"{one.kind} {one.event_id}"
        text = Text(f"Avis de Stripe du {on.fr}\u00a0: {name}", f"Stripe’s notice of {on.en}: {name}")
        yield Source(kind="provider_event", id=one.id, text=text)
