"""What the proof of a corrected delivery says of its revisions, in words and in its file: who, what, when, why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.delivery import queries as delivered
from server.delivery.model import Correction, CorrectionSource, Delivery, DeliveryLine, Visit
from server.delivery.proofs import ProofChange, ProofCorrection, ProofCount
from server.identity.queries import member_names
from server.orders.model import Order
from server.sync.service.streams import unix_ms
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
    chain = _chain(session, delivery, visit)
    said = [
        _said(before, after, correction, order)
        for (before, _), (after, correction) in pairwise(chain)
        if correction is not None
    ]
    return tuple(said[-MOST_REVISIONS:])


def correction_statements(
    session: Session, *, delivery: Delivery, visit: Visit, driver_name: str
) -> tuple[int, tuple[ProofCorrection, ...]]:
    """Return which revision the visit's signed event made, and every correction up to this one, for the proof's file.

    Only this order's own lines are in them (M2). ``delivery.lines`` are loaded.
    """
    chain = _chain(session, delivery, visit)
    names = member_names(session, [one.by for _, one in chain if one is not None and one.by is not None])
    told = tuple(
        _statement(before, after, one, by_name=_author(one, names, driver_name))
        for (before, _), (after, one) in pairwise(chain)
        if one is not None
    )
    signed = [
        revision.revision
        for revision, one in chain
        if revision.visit_id == visit.id and (one is None or one.source is not CorrectionSource.OFFICE)
    ]
    return max(signed), told


def _author(one: Correction, names: Mapping[UUID, str], driver_name: str) -> str:
    known = names.get(one.by, "") if one.by else ""
    return known or (driver_name if one.source is CorrectionSource.TABLET else "")


def _statement(before: Delivery, after: Delivery, one: Correction, *, by_name: str) -> ProofCorrection:
    had = {line.order_line_id: line for line in before.lines}
    pairs = ((str(line.order_line_id), _count(had[line.order_line_id]), _count(line)) for line in after.lines)
    return ProofCorrection(
        revision=after.revision,
        source=one.source.value,
        by_name=by_name,
        made_ms=unix_ms(one.made_at),
        reason=one.reason,
        event_id=str(one.event_id or ""),
        changes=tuple(ProofChange(line_id=name, before=was, after=now) for name, was, now in pairs if was != now),
    )


def _count(line: DeliveryLine) -> ProofCount:
    return ProofCount(
        delivered=line.delivered,
        not_shipped=line.not_shipped,
        lost=line.lost,
        returned=line.returned,
        extra=line.extra,
        reason=line.reason,
    )


def _chain(session: Session, delivery: Delivery, visit: Visit) -> list[tuple[Delivery, Correction | None]]:
    known = delivered.revisions(session, order_id=delivery.order_id, stop_id=visit.stop_id)
    return [(revision, one) for revision, one in known if revision.revision <= delivery.revision]


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
