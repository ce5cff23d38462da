"""Bringing what is owed on containers to the price of the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing import events
from server.billing.letterhead import letterhead
from server.billing.numbering import Series, hold_counters, lock_counter
from server.billing.revaluing.counting import Held, held_before
from server.billing.revaluing.model import DepositRevaluation
from server.catalog.model import ContainerPrice
from server.catalog.queries import deposits_on
from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.ledger import service as ledger
from shared.ids import new_id


def revalue_deposits(session: Session, *, stamp: Stamp) -> Sequence[DepositRevaluation]:
    """Return the revaluations that the acting issuer's deposits ask for today, each written and posted once a day.

    A class asks for one when its containers at today's price are not what is posted: its price changed, or orders
    delivered since still bore the former one. What was issued today is counted tomorrow. A class that has no price
    today, or was revalued today, waits.

    Source: law 20.
    """
    me = acting_org(session)
    head = letterhead(session, org_id=me)
    on = head.day_of(stamp.at)
    if not hold_counters(session, issuer_id=me):
        return []
    held = held_before(session, issuer_id=me, currency=head.currency, day=on)
    prices = deposits_on(session, class_ids=held.keys() - _revalued(session, me, on), day=on)
    due = [one for _, one in sorted(prices.items()) if _differs(held[one.class_id], one)]
    if due:
        _close_former_days(session, me, on)
    return [_write(session, one, held[one.class_id], head.currency, on=on, stamp=stamp) for one in due]


def _differs(held: Held, price: ContainerPrice) -> bool:
    return held.units * price.unit_cents != held.liability_cents


def _close_former_days(session: Session, issuer_id: UUID, on: date) -> None:
    """Whoever publishes under a stamp of yesterday still gets today's date: what was counted stays counted."""
    for series in Series:
        lock_counter(session, issuer_id=issuer_id, series=series, on=on)


def _revalued(session: Session, issuer_id: UUID, on: date) -> set[UUID]:
    known = select(DepositRevaluation.class_id).where(DepositRevaluation.owner_id == issuer_id)
    return set(session.scalars(known.where(DepositRevaluation.as_of == on)))


def _write(
    session: Session, price: ContainerPrice, held: Held, currency: str, *, on: date, stamp: Stamp
) -> DepositRevaluation:
    made = DepositRevaluation(
        id=new_id(),
        owner_id=acting_org(session),
        party_ids=[],
        class_id=price.class_id,
        as_of=on,
        price_id=price.id,
        units=held.units,
        unit_cents=price.unit_cents,
        standing_cents=held.liability_cents,
        amount_cents=held.units * price.unit_cents - held.liability_cents,
        currency=currency,
        recorded_at=stamp.at,
    )
    session.add(made)
    session.flush()
    ledger.post_revaluation(
        session, revaluation_id=made.id, class_id=made.class_id, currency=currency, amount_cents=made.amount_cents,
        on=on, stamp=stamp,
    )  # fmt: skip
    facts.record(session, events.DEPOSITS_REVALUED, made.id, stamp)
    return made
