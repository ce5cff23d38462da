"""What the printed proof of a corrected delivery says of its earlier revisions: who changed what, when and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from sqlalchemy.orm import Session

from server.delivery import queries as delivered
from server.delivery.model import Correction, CorrectionSource, Delivery, Visit
from server.orders.model import Order
from shared.problems import Text

MOST_REVISIONS: Final = 20
MOST_LINES: Final = 12
_BY: Final = {
    CorrectionSource.TABLET: Text("par la tablette", "by the tablet"),
    CorrectionSource.OFFICE: Text("au bureau", "at the office"),
    CorrectionSource.DISPUTE: Text("d’après une autre tablette", "from another tablet"),
}


def correction_words(session: Session, *, delivery: Delivery, visit: Visit, order: Order) -> tuple[Text, ...]:
    """Return a sentence for each correction up to this revision, oldest first: quantities before and after, reason.

    The latest ones are kept where there are very many. ``delivery.lines`` and ``order.lines`` are loaded.
    """
    chain = [
        (revision, correction)
        for revision, correction in delivered.revisions(session, order_id=delivery.order_id, stop_id=visit.stop_id)
        if revision.revision <= delivery.revision
    ]
    said = [
        _said(before, after, correction, order)
        for (before, _), (after, correction) in pairwise(chain)
        if correction is not None
    ]
    return tuple(said[-MOST_REVISIONS:])


def _said(before: Delivery, after: Delivery, correction: Correction, order: Order) -> Text:
    by, on = _BY[correction.source], correction.made_at.strftime("%Y-%m-%d %H:%M UTC")
    changes = list(_changes(before, after, order))
    shown = changes[:MOST_LINES]
    more = Text(" …", " …") if len(changes) > MOST_LINES else Text("", "")
    reason = f" ({correction.reason})" if correction.reason else ""
    return Text(
        f"Révision {after.revision}, {by.fr}, {on}{reason}\u00a0: " + "; ".join(one.fr for one in shown) + more.fr,
        f"Revision {after.revision}, {by.en}, {on}{reason}: " + "; ".join(one.en for one in shown) + more.en,
    )


def _changes(before: Delivery, after: Delivery, order: Order) -> Iterator[Text]:
    names = {line.id: Text(line.description_fr, line.description_en) for line in order.lines}
    had = {line.order_line_id: line for line in before.lines}
    for line in after.lines:
        was, name = had.get(line.order_line_id), names.get(line.order_line_id, Text("?", "?"))
        counted, old = line.delivered + line.extra, was.delivered + was.extra if was else 0
        if counted != old:
            yield Text(f"{name.fr}\u00a0: {old} → {counted}", f"{name.en}: {old} → {counted}")
        elif was is None or (was.not_shipped, was.lost, was.returned, was.reason) != (
            line.not_shipped, line.lost, line.returned, line.reason,
        ):  # fmt: skip
            yield Text(f"{name.fr}\u00a0: motif du manquant", f"{name.en}: reason of the shortage")
