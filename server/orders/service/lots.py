"""Lots of an order's lines: what the seller knows of the goods, for recalls and for the search of proofs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import facts
from server.core.problems import Text
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import Order
from server.orders.service.holding import held, require_seller_side
from server.orders.service.lines import BadOrder

MAX_LOTS: Final = 20
MAX_LOT: Final = 40
_FORM = re.compile(r"[^\W_](?:[\w./ -]*[^\W_])?")


def note_lots(session: Session, *, order: Order, lots: Mapping[UUID, Sequence[str]], stamp: Stamp) -> Order:
    """Note the lots of the named lines, in any state: a lot is no term of the order, and no paper or seal holds it.

    ``order.lines`` must be loaded. An empty list takes a line's lots away.

    Raises:
        Forbidden: somebody else than the seller's side acts.
        BadOrder: a line is another order's, or a lot is empty, too long or one of too many.
    """
    require_seller_side(session, order)
    with held(session, order):
        lines = {line.id: line for line in order.lines}
        for line_id, named in lots.items():
            if line_id not in lines:
                raise BadOrder(
                    Text("Cette ligne n’est pas de cette commande.", "This line is not of this order."),
                    where=str(line_id),
                )
            lines[line_id].lots = _tidy(named)
        facts.record(session, events.ORDER_LOTS_NOTED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def _tidy(named: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(" ".join(lot.split()) for lot in named if lot.strip()))
    if len(found) > MAX_LOTS or any(len(lot) > MAX_LOT or not _FORM.fullmatch(lot) for lot in found):
        raise BadOrder(
            Text(
                f"Au plus {MAX_LOTS} lots par ligne, chacun de lettres et de chiffres, {MAX_LOT} au plus.",
                f"At most {MAX_LOTS} lots a line, each of letters and digits, {MAX_LOT} at most.",
            ),
            where="lots",
        )
    return found
