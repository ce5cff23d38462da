"""A cent that nobody decided: the same units at the same prices, rounded together or one after the other."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from server.billing.drafting import priced_of, quantities_of
from server.billing.model import Invoice
from server.billing.service.supplementary import billed_units
from shared.delivery import price_accepted
from shared.pricing import price_order
from shared.wire.terms import Goods, Prices

_CENTS_A_LINE = 1


def is_rounded_apart(
    session: Session, *, invoice: Invoice, agreed: tuple[Goods, Prices], delivered: Mapping[str, int], cents: int
) -> bool:
    """Say whether ``cents`` lie between two roundings of what was ``delivered`` by line, and nothing else does.

    The invoice bills what the ``agreed`` terms price, and with its credits and supplements the delivered units: a
    credit is a share of the invoice (T5), while the signer of fewer units was shown them priced afresh (T3). Each
    document and line moves them by a cent at most. ``invoice.lines`` must be loaded; the session acts for its issuer.

    Source: T3, T5; law 19.
    """
    goods, prices = agreed
    units, ordered = quantities_of(invoice), {line.line_id: line.quantity for line in goods.lines}
    if any(quantity > ordered.get(key, 0) for key, quantity in units.items()):
        return False
    if priced_of(invoice) not in (price_order(goods, prices, units), price_accepted(goods, prices, units)):
        return False
    billed = billed_units(session, invoice)
    if any(billed[key] != delivered.get(key, 0) for key in billed.keys() | delivered.keys()):
        return False
    return abs(cents) <= _CENTS_A_LINE * len(ordered)
