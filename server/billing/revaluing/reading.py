"""What an issuer owes on containers now, beside what they come to at the price of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.revaluing.counting import held_before
from server.billing.revaluing.model import DepositRevaluation
from server.catalog.model import ContainerClass
from server.catalog.queries import container_classes, known_prices_on
from server.core.acting import acting_org
from server.core.stamp import Stamp

MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositStanding:
    """One class: containers charged less credited, the liability as posted, and the containers at today's price.

    ``due_cents`` and ``unit_cents`` are None for a class that has no price today, ``container`` for one that may not be
    read any more.
    """

    class_id: UUID
    container: ContainerClass | None
    units: int
    liability_cents: int
    unit_cents: int | None
    due_cents: int | None
    currency: str

    @property
    def gap_cents(self) -> int:
        """What the next revaluation would add."""
        return 0 if self.due_cents is None else self.due_cents - self.liability_cents


def deposit_standings(session: Session, *, stamp: Stamp) -> Sequence[DepositStanding]:
    """Return what the acting issuer owes on each container class, by code; classes at nothing are left out.

    Source: law 20.
    """
    me = acting_org(session)
    head = letterhead(session, org_id=me)
    held = held_before(session, issuer_id=me, currency=head.currency, day=None)
    classes = container_classes(session, class_ids=held)
    prices = known_prices_on(session, class_ids=held, day=head.day_of(stamp.at))
    found = [
        DepositStanding(
            class_id=class_id,
            container=classes.get(class_id),
            units=one.units,
            liability_cents=one.liability_cents,
            unit_cents=prices.get(class_id),
            due_cents=one.units * prices[class_id] if class_id in prices else None,
            currency=head.currency,
        )
        for class_id, one in held.items()
        if one.units or one.liability_cents
    ]
    return sorted(found, key=lambda one: (one.container.code if one.container else "", one.class_id))


def revaluations(session: Session, *, limit: int = MOST_SHOWN) -> Sequence[DepositRevaluation]:
    """Return the acting issuer's revaluations, the last first."""
    mine = select(DepositRevaluation).where(DepositRevaluation.owner_id == acting_org(session))
    newest = mine.order_by(DepositRevaluation.as_of.desc(), DepositRevaluation.id.desc())
    return session.scalars(newest.limit(limit)).all()
