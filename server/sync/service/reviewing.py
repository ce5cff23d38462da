"""When a visit or a correction that a tablet sealed may be applied, and when a dispatcher looks at it first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.delivery import queries as delivered
from server.delivery.model import Correction, CorrectionSource, Delivery, Visit
from server.parties import queries as parties
from server.parties.model import CorrectionPolicy
from server.planning.model import Stop
from server.sync.service.clock import Moment
from shared.problems import Problem, Text
from shared.visit import VisitFacts
from shared.wire.event import Envelope, VisitFinished


class CorrectionWaits(Problem):
    """A correction of a visit that was already received is looked at by a dispatcher."""

    slug = "correction-waits"
    title = Text("Correction à revoir", "Correction to review")


class CorrectsUnknown(Problem):
    """The visit that a correction names is not here, or is of another stop."""

    slug = "corrects-unknown-visit"
    title = Text("Visite corrigée inconnue", "Corrected visit unknown")


class UnsignedDelivery(Problem):
    """A visit handed goods over, and nobody signed for them."""

    slug = "unsigned-delivery"
    title = Text("Livraison non signée", "Unsigned delivery")


class FailureDelivered(Problem):
    """A visit says that nothing could be delivered, and that goods were."""

    slug = "failure-delivered"
    title = Text("Échec avec marchandise livrée", "Failure with delivered goods")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A person's word about one parked event that is applied.

    ``replaces`` lets a visit stand in place of what was received before. What follows behind it has no such word.
    """

    replaces: bool = False
    reason: str = ""


def require_signed(finished: VisitFinished, facts: VisitFacts) -> None:
    """Let a visit through whose failure, lines and signature agree.

    A failure delivers nothing and needs no signature; every other visit is signed, with a name and strokes.

    Raises:
        FailureDelivered: a failure is said, and a line says that units were handed over.
        UnsignedDelivery: no failure is said, and there is no signer or no signature.

    Source: R019, R025.
    """
    if not finished.failure:
        _require_signer(finished)
        return
    handed = next((line for order in facts.orders for line in order.lines if line.delivered or line.extra), None)
    if handed is not None:
        raise FailureDelivered(
            Text(
                f"La visite dit que rien n’a pu être livré, et {handed.delivered + handed.extra} unités livrées à une "
                "ligne. Appelez le livreur, puis appliquer ou écarter.",
                f"The visit says that nothing could be delivered, and {handed.delivered + handed.extra} units "
                "delivered on a line. Call the driver, then apply or set aside.",
            ),
            where=handed.line_id,
        )


def _require_signer(finished: VisitFinished) -> None:
    if finished.signer_name.strip() and finished.signature_sha256:
        return
    raise UnsignedDelivery(
        Text(
            "Personne n’a signé cette visite, et aucun échec n’y est dit. Appelez le livreur ou le client, puis "
            "appliquer ou écarter.",
            "Nobody signed this visit, and it says no failure. Call the driver or the customer, then apply or set "
            "aside.",
        )
    )


def require_correction(
    session: Session, finished: VisitFinished, envelope: Envelope, *, stop: Stop, moment: Moment, now: datetime
) -> None:
    """Let a correction through that its driver may make alone: sealed before the office had the visit, or by policy.

    What comes in one batch with its visit was sealed before, whatever the tablet's clocks say. The visit is the first
    of those that were corrected one after the other: that a dispatcher let one correction through approves no other.

    Raises:
        CorrectsUnknown: it corrects nothing that this stop has.
        CorrectionWaits: the visit was received, was corrected since, or was another tablet's.

    Source: requirements, section 3 (driver until sync) and section 4 (Stop).
    """
    first = require_known(session, finished, stop=stop)
    told = _told_by(session, first)
    is_own = first.device_id == UUID(envelope.device_id) and not _is_superseded(session, first, told)
    had_at = min(visit.received_at for visit in told)
    is_early = had_at == now or (not moment.skewed and moment.at < had_at)
    if is_own and (is_early or _policy(session) is CorrectionPolicy.AUTOMATIC):
        return
    raise CorrectionWaits(
        Text(
            "Cette visite en corrige une autre déjà reçue\u00a0: un répartiteur la revoit.",
            "This visit corrects one that was already received: a dispatcher reviews it.",
        ),
        where=finished.corrects,
    )


def require_known(session: Session, finished: VisitFinished, *, stop: Stop) -> Visit:
    """Return the visit that a correction names.

    Raises:
        CorrectsUnknown: this stop has none such; the correction can only replace what stands, or be set aside.
    """
    first = delivered.visit_of_event(session, UUID(finished.corrects))
    if first is None or first.stop_id != stop.id:
        raise CorrectsUnknown(
            Text(
                "La visite que cette correction nomme n’est pas à cet arrêt. La comparer, puis remplacer ou écarter.",
                "The visit that this correction names is not at this stop. Compare, then replace or set aside.",
            ),
            where=finished.corrects,
        )
    return first


def _is_superseded(session: Session, first: Visit, told: Sequence[Visit]) -> bool:
    """Say whether another visit, or somebody at the office, has the word about its orders: before it, or since.

    What a correction left as it was stands by the visit that it corrects.
    """
    visit_ids = {visit.id for visit in told}
    rows = session.scalars(select(Delivery.order_id).where(Delivery.visit_id.in_(visit_ids)).distinct()).all()
    if not rows and _is_another_tablets(session, first):
        return True
    for order_id in rows:
        latest = delivered.latest_delivery(session, order_id=order_id)
        if latest is None or latest.visit_id not in visit_ids or _by_hand(session, latest):
            return True
    return False


def _told_by(session: Session, visit: Visit) -> Sequence[Visit]:
    """Return a visit and those that it corrects, one after the other."""
    told = [visit]
    while (corrected := told[-1].corrects_id) is not None:
        earlier = delivered.visit_of_event(session, corrected)
        if earlier is None or earlier in told:
            break
        told.append(earlier)
    return told


def _is_another_tablets(session: Session, first: Visit) -> bool:
    """Say whether the stop counts as another tablet told it: then a person decides between the two."""
    theirs = exists().where(
        Delivery.visit_id == Visit.id, Visit.stop_id == first.stop_id, Visit.device_id != first.device_id
    )
    return bool(session.scalar(select(theirs)))


def _by_hand(session: Session, delivery: Delivery) -> bool:
    source = session.scalar(select(Correction.source).where(Correction.delivery_id == delivery.id))
    return source is CorrectionSource.OFFICE


def _policy(session: Session) -> CorrectionPolicy:
    return parties.organisation(session, org_id=acting_org(session)).correction_policy
