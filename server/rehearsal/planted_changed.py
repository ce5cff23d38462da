"""Planted mistakes about orders that change while they ride, and about credits that people decide of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import server.billing.service.approvals
import server.billing.service.settlement
import server.fulfilment.service.orders
import shared.correction
from server.billing.service.credits import approve_credit
from server.rehearsal.office import Office
from server.rehearsal.patches import Patch
from server.rehearsal.planting import Plant, nothing
from shared.priced import PricedDocument


def _struck_unbilled(_: Office) -> Iterator[Patch]:
    """Of what an older tablet delivered, only the lines that the order still has are billed."""
    settlement: Any = server.billing.service.settlement
    publish = settlement.publish_bill

    def publish_standing(session: Any, *, order: Any, bill: Any, **more: Any) -> Any:
        standing = {str(line.id) for line in order.lines}
        priced = PricedDocument.of(tuple(line for line in bill.priced.lines if line.line_id in standing))
        return publish(session, order=order, bill=replace(bill, priced=priced), **more)

    yield Patch(settlement, "publish_bill", publish_standing)


def _changed_under_invoice(_: Office) -> Iterator[Patch]:
    """An order changes though an invoice stands."""
    yield Patch(server.fulfilment.service.orders, "require_no_invoice", nothing)


def _refusal_credits(_: Office) -> Iterator[Patch]:
    """A credit that its issuer refuses is issued all the same."""
    yield Patch(server.billing.service.approvals, "refuse_credit", approve_credit)


def _cents_left(_: Office) -> Iterator[Patch]:
    """What a correction issues keeps the cents of its shares, whatever was signed."""
    yield Patch(shared.correction, "absorb_rounding", nothing)


CHANGED: Final[Mapping[str, Plant]] = {
    "struck-unbilled": _struck_unbilled,
    "changed-under-invoice": _changed_under_invoice,
    "refusal-credits": _refusal_credits,
    "cents-left": _cents_left,
}
