"""What the doors of accounts share: today, the period of a statement, and the currency of an issuer's books."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.api import today
from server.billing.letterhead import letterhead
from server.receivables.service.periods import period_of

__all__ = ["currency_of", "period", "today"]


def period(session: Session, asked: dict[str, Any]) -> tuple[date, date]:
    """Return the first and last day that a query asks for; the running month without them.

    Raises:
        BadPeriod: the last day is before the first.
    """
    return period_of(asked.get("first_day"), asked.get("last_day"), today=today(session))


def currency_of(session: Session, issuer_id: UUID) -> str:
    """Return the currency of an issuer's books."""
    return letterhead(session, org_id=issuer_id).currency
