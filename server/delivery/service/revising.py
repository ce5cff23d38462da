"""A delivery that was not as first recorded: a further revision, and who says so from what evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.core import facts
from server.core.stamp import Stamp
from server.delivery.events import DELIVERY_CORRECTED, DELIVERY_RECORDED
from server.delivery.model import Correction, CorrectionSource, Delivery, DeliveryLine, Terms, Visit, VisitOutcome
from shared.delivered_line import DeliveredLine
from shared.ids import new_id
from shared.problems import Problem, Text
from shared.wire.event import OrderLeaf

MIN_REASON: Final = 3
MAX_REASON: Final = 500


class ReasonNeeded(Problem):
    """Whoever decides says why, in words that the parties read."""

    slug = "reason-needed"
    status = 422
    title = Text("Motif requis", "Reason required")


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Why a delivery is corrected. ``key`` is the command's or the event's: the same one corrects once."""

    key: UUID
    source: CorrectionSource
    reason: str
    event_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recounted:
    """One order as it is counted now. ``shown`` is what a signer saw of it, None when nobody signed anew."""

    lines: tuple[DeliveredLine, ...]
    outcome: VisitOutcome
    photos: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shown: OrderLeaf | None = None


def reason_of(words: str) -> str:
    """Return a reason without the spaces around it.

    Raises:
        ReasonNeeded: it is too short to say something, or too long.
    """
    reason = words.replace("\x00", "").strip()
    if not MIN_REASON <= len(reason) <= MAX_REASON:
        raise ReasonNeeded(
            Text(
                f"Écrire le motif, de {MIN_REASON} à {MAX_REASON} caractères\u00a0: les parties le lisent.",
                f"Write the reason, {MIN_REASON} to {MAX_REASON} characters: the parties read it.",
            ),
            where="reason",
        )
    return reason


def revise_delivery(
    session: Session,
    *,
    before: Delivery,
    visit: Visit | None,
    terms: Terms,
    now: Recounted,
    because: Because,
    stamp: Stamp,
) -> Delivery:
    """Write the next revision of a delivery, with its lines and its reason; the former one stays as it was.

    ``visit`` is the one that says so: the visit itself when a person corrects it by hand, None of a delivery that was
    recorded by hand and has none.
    """
    shown = now.shown
    delivery = Delivery(
        **before.kin(),
        id=new_id(),
        visit_id=visit.id if visit else None,
        hand_record_id=before.hand_record_id,
        order_id=before.order_id,
        seller_id=before.seller_id,
        buyer_id=before.buyer_id,
        issuer_id=before.issuer_id,
        terms_id=terms.id,
        revision=before.revision + 1,
        outcome=now.outcome,
        delivered_at=(visit or before).delivered_at,
        received_at=stamp.at,
        signer_name=(visit or before).signer_name,
        shown=shown.shown if shown else "none",
        shown_total_cents=shown.shown_total_cents if shown else 0,
        shown_credit_cents=shown.shown_credit_cents if shown else 0,
        shown_supplement_cents=shown.shown_supplement_cents if shown else 0,
    )
    delivery.lines = [
        line_of(delivery, at, line, now.photos.get(line.line_id, ())) for at, line in enumerate(now.lines)
    ]
    set_committed_value(delivery, "by_hand", before.by_hand)
    session.add(delivery)
    session.add(_correction(before, delivery, because, stamp))
    session.flush()
    for name in (DELIVERY_RECORDED, DELIVERY_CORRECTED):
        facts.record(session, name, delivery.id, stamp, readers=tuple(delivery.party_ids))
    return delivery


def line_of(delivery: Delivery, position: int, line: DeliveredLine, photos: Sequence[str] = ()) -> DeliveryLine:
    """Return a line of a delivery as it is counted, ``photos`` being the sha256 of its pictures."""
    return DeliveryLine(
        **delivery.kin(),
        position=position,
        order_line_id=UUID(line.line_id),
        ordered=line.ordered,
        delivered=line.delivered,
        not_shipped=line.not_shipped,
        lost=line.lost,
        returned=line.returned,
        extra=line.extra,
        reason=line.reason,
        photos=list(photos),
    )


def _correction(before: Delivery, delivery: Delivery, because: Because, stamp: Stamp) -> Correction:
    return Correction(
        **before.kin(),
        key=because.key,
        order_id=before.order_id,
        delivery_id=delivery.id,
        replaces_id=before.id,
        source=because.source,
        event_id=because.event_id,
        reason=because.reason,
        by=stamp.by,
        made_at=stamp.at,
    )


def counted(line: DeliveryLine) -> DeliveredLine:
    """Return a recorded line as the delivery rules take it."""
    return DeliveredLine(
        line_id=str(line.order_line_id),
        ordered=line.ordered,
        delivered=line.delivered,
        not_shipped=line.not_shipped,
        lost=line.lost,
        returned=line.returned,
        extra=line.extra,
        reason=line.reason,
    )
