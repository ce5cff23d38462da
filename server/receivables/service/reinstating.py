"""What a provider gives back of a charge that its payer's bank had taken whole: payments of their own, followed on."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.core.stamp import Stamp
from server.ledger import service as ledger
from server.receivables.model import Payment, PaymentMethod
from server.receivables.providers import Standing
from server.receivables.queries import holders_of, reinstated_cause
from server.receivables.service.mirroring import mirror_chargebacks, mirror_refunds, was_booked
from server.receivables.service.payments import new_payment, received_of, succeed


def follow_reinstated(session: Session, origin: Payment, standing: Standing, stamp: Stamp) -> None:
    """Let the books agree with a charge whose payment failed: what came back of it, and what was taken again since.

    A dispute that was won gives the money back: payments of their own, as much as came back since the last one. What is
    refunded or charged back after that is booked onto them, the last one first.

    The session acts for the issuer and holds the account. Source: R080; laws 13, 14, 15 and 16.
    """
    holders = list(holders_of(session, origin))
    if not holders and standing.is_charged_back:
        return
    since = [one for one in standing.refunds if not was_booked(session, origin, one)]
    since_cents = sum(one.amount_cents for one in since if one.arrived is not False)
    before_cents = standing.refunded_cents - since_cents
    back_cents = max(since_cents, standing.amount_cents - before_cents - standing.charged_back_cents)
    beyond_cents = back_cents - sum(one.amount_cents for one in holders)
    if beyond_cents > 0:
        holders.append(_reinstate(session, origin, beyond_cents, turn=len(holders) + 1, stamp=stamp))
    mirror_refunds(session, holders, since, stamp)
    mirror_chargebacks(session, holders, max(0, -beyond_cents), stamp)


def _reinstate(session: Session, origin: Payment, amount_cents: int, *, turn: int, stamp: Stamp) -> Payment:
    on = letterhead(session, org_id=origin.owner_id).day_of(stamp.at)
    again = new_payment(
        issuer_id=origin.owner_id,
        party_ids=origin.party_ids,
        buyer_id=origin.buyer_id,
        method=PaymentMethod.GATEWAY,
        currency=origin.currency,
        amount_cents=amount_cents,
        received_on=on,
        reference=origin.reference,
        cause_id=reinstated_cause(origin, turn),
        stamp=stamp,
    )
    again.invoice_id = origin.invoice_id
    session.add(again)
    ledger.post_payment(session, received=received_of(again), in_transit=False, posted_on=on, stamp=stamp)
    succeed(session, again, on=on, stamp=stamp, first=again.invoice_id)
    return again
