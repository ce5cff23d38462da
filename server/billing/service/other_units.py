"""An invoice that does not bill what was delivered, line by line: what a person reads of it (law 19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session

from server.billing.drafting import priced_of
from server.billing.model import Invoice
from server.billing.service.supplementary import billed_units
from shared.pricing import price_order
from shared.problems import Text
from shared.wire.terms import Goods, Prices

_NAMED: Final = 3
"""So many lines are named; a discrepancy is read at a glance."""


def other_units(
    session: Session, *, invoice: Invoice, agreed: tuple[Goods, Prices], delivered: Mapping[str, int]
) -> Text | None:
    """Return how the units that an invoice bills differ from those ``delivered`` by line, or None where none does.

    What was credited of the invoice counts, and what supplements it; units that cost nothing do not. ``invoice.lines``
    must be loaded; the session acts for its issuer.

    Source: law 19; C1.
    """
    goods, prices = agreed
    billed = billed_units(session, invoice)
    costs = {
        line.line_id for line in (*priced_of(invoice).lines, *price_order(goods, prices).lines) if line.total_cents
    }
    names = {line.key: Text(line.description_fr, line.description_en) for line in invoice.lines}
    names |= {line.line_id: Text(line.description_fr, line.description_en) for line in goods.lines}
    other = [key for key in names if key in costs and billed[key] != delivered.get(key, 0)]
    if not other:
        return None
    said = [_counted(names[key], billed[key], delivered.get(key, 0)) for key in other[:_NAMED]]
    more = len(other) - len(said)
    return Text(
        "; ".join(one.fr for one in said) + (f"; et {more} autre(s)" if more else ""),
        "; ".join(one.en for one in said) + (f"; and {more} more" if more else ""),
    )


def said_of_units(units: Text, number: str) -> Text:
    """Return what a person reads, and is to do, of an order whose newer invoice bills other ``units``."""
    return Text(
        f"Commande {number}\u00a0: une facture plus récente ne facture pas ce qui a été livré ({units.fr}). "
        "L’annuler, puis facturer ce qui a été livré.",
        f"Order {number}: a newer invoice does not bill what was delivered ({units.en}). "
        "Void it, then bill what was delivered.",
    )


def _counted(name: Text, billed: int, delivered: int) -> Text:
    return Text(
        f"{name.fr}\u00a0: facturé {billed}, livré {delivered}", f"{name.en}: billed {billed}, delivered {delivered}"
    )
