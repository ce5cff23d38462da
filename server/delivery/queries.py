"""Reads over deliveries and proofs; the session acts for somebody who may read them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from server.core.problems import NotFound, Problem, Text
from server.delivery.model import Correction, Delivery, Discrepancy, HandRecord, Proof, ProofInclusion, Terms, Visit


class DayOpen(Problem):
    """The day of a proof is not over, or its root is still being made."""

    slug = "proof-day-open"
    status = 404
    title = Text("Pas encore de racine du jour", "No root of the day yet")


_REVISIONS = (
    select(Delivery, Correction)
    .outerjoin(Correction, Correction.delivery_id == Delivery.id)
    .options(selectinload(Delivery.lines))
    .order_by(Delivery.revision, Delivery.received_at)
)


def delivery(session: Session, delivery_id: UUID) -> Delivery:
    """Return a delivery with its lines.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = find_delivery(session, delivery_id)
    if found is None:
        raise NotFound(Text("Cette livraison n’existe pas.", "There is no such delivery."), where=str(delivery_id))
    return found


def find_delivery(session: Session, delivery_id: UUID) -> Delivery | None:
    """Return a delivery with its lines that the acting organisation may read, or None."""
    return session.get(Delivery, delivery_id, options=[selectinload(Delivery.lines), selectinload(Delivery.by_hand)])


def latest_delivery(session: Session, *, order_id: UUID, stop_id: UUID | None = None) -> Delivery | None:
    """Return the last revision of an order's delivery with its lines, at one stop if named, or None."""
    chosen = (
        select(Delivery)
        .where(Delivery.order_id == order_id)
        .options(selectinload(Delivery.lines), selectinload(Delivery.by_hand))
    )
    if stop_id is not None:
        chosen = chosen.join(Visit, Visit.id == Delivery.visit_id).where(Visit.stop_id == stop_id)
    return session.scalars(
        chosen.order_by(Delivery.received_at.desc(), Delivery.revision.desc(), Delivery.id.desc()).limit(1)
    ).first()


def settled_terms(session: Session, delivery: Delivery) -> Terms:
    """Return the terms that a delivery was settled by."""
    return session.scalars(select(Terms).where(Terms.id == delivery.terms_id)).one()


def visit(session: Session, visit_id: UUID) -> Visit:
    """Return a visit of the acting carrier.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.get(Visit, visit_id)
    if found is None:
        raise NotFound(Text("Cette visite n’existe pas.", "There is no such visit."), where=str(visit_id))
    return found


def visit_of_event(session: Session, event_id: UUID) -> Visit | None:
    """Return the acting carrier's visit that a sealed event tells, or None."""
    return session.scalars(select(Visit).where(Visit.event_id == event_id)).one_or_none()


def revisions(session: Session, *, order_id: UUID, stop_id: UUID) -> list[tuple[Delivery, Correction | None]]:
    """Return an order's deliveries at one stop with what corrected each, first one first."""
    here = _REVISIONS.join(Visit, Visit.id == Delivery.visit_id)
    rows = session.execute(here.where(Delivery.order_id == order_id, Visit.stop_id == stop_id))
    return [(row[0], row[1]) for row in rows]


def revisions_of(session: Session, one: Delivery) -> list[tuple[Delivery, Correction | None]]:
    """Return the revisions of the acting carrier's delivery with what corrected each, first one first.

    Raises:
        NotFound: its visit is somebody else's.
    """
    if one.visit_id is not None:
        return revisions(session, order_id=one.order_id, stop_id=visit(session, one.visit_id).stop_id)
    rows = session.execute(_REVISIONS.where(Delivery.hand_record_id == one.hand_record_id))
    return [(row[0], row[1]) for row in rows]


def delivery_of_hand(session: Session, *, order_id: UUID, key: UUID) -> Delivery | None:
    """Return what a command's key recorded by hand of an order, as it was told, or None."""
    told = select(HandRecord.id).where(HandRecord.order_id == order_id, HandRecord.key == key)
    return session.scalars(
        select(Delivery)
        .where(Delivery.hand_record_id.in_(told), Delivery.revision == 1)
        .options(selectinload(Delivery.lines), selectinload(Delivery.by_hand))
    ).one_or_none()


def correction_of_key(session: Session, *, owner_id: UUID, key: UUID) -> Correction | None:
    """Return what a command's key corrected, or None."""
    return session.scalars(
        select(Correction).where(Correction.owner_id == owner_id, Correction.key == key).limit(1)
    ).one_or_none()


def proof(session: Session, proof_id: UUID, *, driver_id: UUID | None = None) -> Proof:
    """Return a sealed proof; a driver's must be of an own visit.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(all_proofs(proof_id=proof_id, driver_id=driver_id)).one_or_none()
    if found is None:
        raise NotFound(Text("Cette preuve n’existe pas.", "There is no such proof."), where=str(proof_id))
    return found


def inclusion(session: Session, proof_id: UUID) -> ProofInclusion:
    """Return what ties a readable proof to its day's root.

    Raises:
        DayOpen: its day is not sealed yet.
    """
    found = session.scalars(select(ProofInclusion).where(ProofInclusion.proof_id == proof_id)).one_or_none()
    if found is None:
        raise DayOpen(
            Text(
                "La racine de ce jour se fait après minuit. Revenez demain.",
                "This day’s root is made after midnight. Come back tomorrow.",
            ),
            where=str(proof_id),
        )
    return found


def discrepancy(session: Session, discrepancy_id: UUID) -> Discrepancy:
    """Return a discrepancy, locked for its decision.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(select(Discrepancy).where(Discrepancy.id == discrepancy_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound(Text("Cet écart n’existe pas.", "There is no such discrepancy."), where=str(discrepancy_id))
    return found


def all_deliveries(*, order_id: UUID | None = None, driver_id: UUID | None = None) -> Select[Delivery]:
    """Return the query of every readable delivery with its lines, of one order or one driver's own."""
    query = select(Delivery).options(selectinload(Delivery.lines), selectinload(Delivery.by_hand))
    if order_id is not None:
        query = query.where(Delivery.order_id == order_id)
    return query if driver_id is None else query.where(Delivery.visit_id.in_(_visits_of(driver_id)))


def all_proofs(
    *, order_id: UUID | None = None, driver_id: UUID | None = None, proof_id: UUID | None = None
) -> Select[Proof]:
    """Return the query of every readable proof, of one order, one driver's own, or one alone."""
    query = select(Proof)
    for column, wanted in ((Proof.order_id, order_id), (Proof.id, proof_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    if driver_id is None:
        return query
    return query.join(Delivery, Delivery.id == Proof.delivery_id).where(Delivery.visit_id.in_(_visits_of(driver_id)))


def _visits_of(driver_id: UUID) -> Select[UUID]:
    return select(Visit.id).where(Visit.driver_id == driver_id)


def all_discrepancies(state: str | None = None) -> Select[Discrepancy]:
    """Return the query of every discrepancy, or of those in one state."""
    query = select(Discrepancy)
    return query if state is None else query.where(Discrepancy.state == state)
