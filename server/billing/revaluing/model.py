"""The revaluation of one class's deposits on one day: what was counted, at which price, and the difference."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from server.core.database import Owned, cents


class DepositRevaluation(Owned):
    """What brings an issuer's liability for a class to its containers at the price of a day (law 20).

    Everything but the price is counted before the day begins: ``units`` are the containers charged less those
    credited, ``standing_cents`` the liability as posted; units × unit_cents − standing_cents is what is posted.
    """

    __tablename__ = "deposit_revaluation"
    __table_args__ = (UniqueConstraint("owner_id", "class_id", "as_of"),)
    append_only: ClassVar[bool] = True

    class_id: Mapped[UUID]
    as_of: Mapped[date]
    price_id: Mapped[UUID]  # the line of the class's table of deposits
    units: Mapped[int]
    unit_cents: Mapped[int]
    standing_cents: Mapped[cents]
    amount_cents: Mapped[cents]
    currency: Mapped[str]
    recorded_at: Mapped[datetime]
