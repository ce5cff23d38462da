"""What an organisation says of itself: its card, its invoice footers, its tax numbers (R006)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.identity.service import rename_organisation
from server.parties import events
from server.parties.model import Organisation, TaxRegistration
from server.parties.service.cards import revise_card
from server.parties.service.organisations import register_tax

NUMBERS: Final = {
    "gst": (re.compile(r"(\d{9})\s*RT\s*(\d{4})", flags=re.ASCII | re.IGNORECASE), "{} RT{}", "123456789 RT0001"),
    "qst": (re.compile(r"(\d{10})\s*TQ\s*(\d{4})", flags=re.ASCII | re.IGNORECASE), "{} TQ{}", "1234567890 TQ0001"),
}
"""How each tax's number is written."""


class BadRegistration(Problem):
    """A tax number, or the day from which it counts, cannot be."""

    slug = "bad-tax-registration"
    status: ClassVar[int] = 422
    title = Text("Inscription aux taxes à corriger", "Tax registration to correct")


def revise_company(session: Session, *, changes: Mapping[str, Any], stamp: Stamp) -> Organisation:
    """Return the acting organisation with its own card changed as named; what was issued keeps the former one.

    Source: R006 (its footer stands at the bottom of its invoices).
    """
    company = revise_card(session, org_id=acting_org(session), changes=changes, stamp=stamp)
    if "name" in changes:
        rename_organisation(session, name=company.name)
    return company


def registrations_of(session: Session) -> list[TaxRegistration]:
    """Return every tax registration of the acting organisation, by tax, the newest first."""
    mine = select(TaxRegistration).where(TaxRegistration.owner_id == acting_org(session))
    return list(session.scalars(mine.order_by(TaxRegistration.tax_code, TaxRegistration.valid_from.desc())))


def enter_registration(
    session: Session, *, tax_code: str, number: str, valid_from: date, stamp: Stamp
) -> TaxRegistration:
    """Return the acting organisation's registration for a tax from a day on; the former one ends the day before.

    The same day again corrects the number. What was issued keeps the number that it was printed with.

    Raises:
        BadRegistration: no such tax, a number of another form, or a day before the last registration's.
    """
    written = _written(tax_code, number)
    mine = select(TaxRegistration).where(
        TaxRegistration.owner_id == acting_org(session), TaxRegistration.tax_code == tax_code
    )
    last = session.scalars(mine.order_by(TaxRegistration.valid_from.desc()).with_for_update()).first()
    if last is not None and valid_from < last.valid_from:
        raise BadRegistration(
            Text(
                f"Une inscription commence le {last.valid_from}. Choisir ce jour ou un jour d’après.",
                f"A registration starts on {last.valid_from}. Choose that day or a later one.",
            ),
            where="valid_from",
        )
    if last is not None and valid_from == last.valid_from:
        last.number = written
        facts.record(session, events.TAX_REGISTERED, last.id, stamp)
        return last
    if last is not None and (last.valid_until is None or last.valid_until >= valid_from):
        last.valid_until = valid_from - timedelta(days=1)
    return register_tax(session, tax_code=tax_code, number=written, valid_from=valid_from, stamp=stamp)


def _written(tax_code: str, number: str) -> str:
    form, pattern, example = NUMBERS.get(tax_code, (None, "", ""))
    if form is None:
        raise BadRegistration(Text("Choisir TPS ou TVQ.", "Choose GST or QST."), where="tax_code")
    found = form.fullmatch(number.strip())
    if found is None:
        raise BadRegistration(Text(f"Écrire comme {example}.", f"Write like {example}."), where="number")
    return pattern.format(*found.groups())
