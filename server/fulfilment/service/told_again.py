"""A key of a delivery by hand, or of a correction, that comes back: the same again, or what must not be lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.once import require_same
from server.delivery.model import Correction, Delivery, DeliveryLine
from server.fulfilment.service.told_lines import Told
from server.fulfilment.service.told_taken import containers_told
from server.orders.model import Order
from shared.delivered_line import DeliveredLine
from shared.problems import Text

type Line = tuple[str, int, int, str]


def require_same_told(session: Session, order: Order, known: Delivery, told: Told, *, words: str) -> None:
    """Refuse a key that recorded something else of the order; ``words`` are those that would be kept.

    Without a day, it is the day of the command, whichever it was.

    Raises:
        KeyUsed: they differ.
    """
    record = known.by_hand
    if record is None:
        return
    emptied = containers_told(session, order, told.containers, on=record.delivered_on)
    asked = (
        sorted(_asked(known.lines, told)),
        told.delivered_on or record.delivered_on,
        words,
        sorted((UUID(one.owner_id), one.container_class, one.returned) for one in emptied),
        sorted((one.method, one.amount_cents, one.reference) for one in told.collections if one.amount_cents),
    )
    made = (
        sorted(_kept(known.lines)),
        record.delivered_on,
        record.words,
        sorted((one.container_owner_id, one.class_code, one.quantity) for one in record.containers),
        sorted((one.method, one.amount_cents, one.reference) for one in record.collections),
    )
    number = order.number
    what = Text(f"consigner la livraison de la commande {number}", f"record the delivery of order {number}")
    require_same(asked, made, what=what, path=f"/livraisons/{known.id}")


def require_same_correction(
    known: Correction, revision: Delivery, *, delivery_id: UUID, lines: Sequence[DeliveredLine], reason: str, order: str
) -> None:
    """Refuse a key that corrected another delivery, otherwise or for another reason; ``order`` is the order's page.

    Raises:
        KeyUsed: they differ.
    """
    what = Text(
        f"la correction no {revision.revision - 1} de cette livraison",
        f"correction no. {revision.revision - 1} of this delivery",
    )
    made = [
        DeliveredLine(
            str(one.order_line_id),
            one.ordered,
            one.delivered,
            one.not_shipped,
            one.lost,
            one.returned,
            one.extra,
            one.reason,
        )
        for one in revision.lines
    ]
    asked = (delivery_id, reason, sorted(lines, key=_named))
    require_same(asked, (known.replaces_id, known.reason, sorted(made, key=_named)), what=what, path=order)


def _asked(lines: Iterable[DeliveryLine], told: Told) -> Iterable[Line]:
    """Return what is told of every line of the order: all of it, none of it, or as it was counted."""
    counted: Mapping[UUID, Line] = {
        one.line_id: (str(one.line_id), one.delivered, one.extra, one.reason if one.delivered < one.ordered else "")
        for one in told.lines
    }
    for line in lines:
        line_id = str(line.order_line_id)
        if told.failure:
            yield line_id, 0, 0, told.failure if line.ordered else ""
        elif counted:
            yield counted.get(line.order_line_id, (line_id, -1, 0, ""))
        else:
            yield line_id, line.ordered, 0, ""


def _kept(lines: Iterable[DeliveryLine]) -> Iterable[Line]:
    return ((str(one.order_line_id), one.delivered, one.extra, one.reason) for one in lines)


def _named(line: DeliveredLine) -> str:
    return line.line_id
