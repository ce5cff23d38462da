"""What the doors of accounts share: days, the currency of an issuer's books, and how a balance is unfolded."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.api import today
from server.billing.explaining import Explanation
from server.billing.explaining.paging import A_PAGE
from server.billing.letterhead import letterhead
from server.receivables.explaining import Asked, Page, Period, explain_account, explain_statement
from server.receivables.service.periods import period_of

__all__ = ["currency_of", "dated", "few", "period", "today", "why_account", "why_statement"]
_FEW: Final = 20


def period(session: Session, asked: dict[str, Any]) -> tuple[date, date]:
    """Return the first and last day that a query asks for; the running month without them.

    Raises:
        BadPeriod: the last day is before the first.
    """
    return period_of(asked.get("first_day"), asked.get("last_day"), today=today(session))


def currency_of(session: Session, issuer_id: UUID) -> str:
    """Return the currency of an issuer's books."""
    return letterhead(session, org_id=issuer_id).currency


def dated(session: Session, asked: dict[str, Any]) -> dict[str, Any]:
    """Return a query with its days: today, and the running month, for those that it does not say.

    Raises:
        BadPeriod: the last day is before the first.
    """
    first, last = period(session, asked)
    return asked | {"on": asked.get("on") or today(session), "first_day": first, "last_day": last}


def why_account(session: Session, issuer_id: UUID, buyer_id: UUID, asked: dict[str, Any], *, at: str) -> Explanation:
    """Return what an account is made of, as a ``dated`` query asks; the session acts for the issuer.

    ``at`` is the page of the account, for whoever asks.
    """
    return explain_account(
        session,
        buyer_id=buyer_id,
        currency=asked.get("currency") or currency_of(session, issuer_id),
        asked=Asked(
            on=asked["on"],
            link=f"{at}/pourquoi",
            age=asked.get("age"),
            page=Page(number=asked.get("page", 1), size=asked.get("size", A_PAGE)),
        ),
    )


def why_statement(session: Session, issuer_id: UUID, buyer_id: UUID, asked: dict[str, Any], *, at: str) -> Explanation:
    """Return what a statement is made of, as a ``dated`` query asks; the session acts for the issuer.

    ``at`` is the page of the account, for whoever asks.
    """
    wanted = Period(
        first_day=asked["first_day"],
        last_day=asked["last_day"],
        link=f"{at}/releve/pourquoi",
        statement_link=f"{at}/releve",
        account_link=f"{at}/pourquoi",
        page=Page(number=asked.get("page", 1)),
    )
    currency = currency_of(session, issuer_id)
    return explain_statement(session, buyer_id=buyer_id, currency=currency, period=wanted)


def few(on: date, currency: str) -> dict[str, Any]:
    """Return the query of an account's explanation as its own page shows it: the first few of each list."""
    return {"on": on, "currency": currency, "size": _FEW}
