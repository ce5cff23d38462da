"""What a visit leaves to ask: a plan that changed, orders it does not mention, and a stop that was visited twice."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.database import among
from server.core.memory import remembered
from server.core.stamp import Stamp
from server.delivery.model import Delivery, Visit
from server.delivery.queries import latest_delivery
from server.delivery.service import open_discrepancy
from server.fulfilment.service.handed_over import collections_before, containers_before
from server.orders.model import Order
from server.planning.model import Run, Stop
from shared.problems import Text
from shared.visit import OrderFacts, VisitFacts

_UNDELIVERED, _UNVISITED = "undelivered", "unvisited"  # of runs that are locked, each to be used once


def remember_first(session: Session, *, order_ids: Iterable[UUID], stop_ids: Iterable[UUID]) -> None:
    """Note which of these orders and stops no visit has touched yet; the runs that they ride on are locked."""
    orders, stops = set(order_ids), set(stop_ids)
    delivered = session.scalars(select(Delivery.order_id).where(among(Delivery.order_id, orders)))
    remembered(session, _UNDELIVERED).update(dict.fromkeys(orders - set(delivered), True))
    visited = session.scalars(select(Visit.stop_id).where(among(Visit.stop_id, stops)))
    remembered(session, _UNVISITED).update(dict.fromkeys(stops - set(visited), True))


def is_known_first(session: Session, *, order_ids: Iterable[UUID], stop_id: UUID) -> bool:
    """Say whether ``remember_first`` found the stop and all these orders untouched, and nothing touched them since."""
    undelivered = remembered(session, _UNDELIVERED)
    return stop_id in remembered(session, _UNVISITED) and all(one in undelivered for one in order_ids)


def is_first_delivery(session: Session, visit: Visit, said: OrderFacts, *, stamp: Stamp) -> bool:
    """Say whether no earlier visit of the stop delivered the order; one that differs from what stands is a dispute."""
    if remembered(session, _UNDELIVERED).pop(UUID(said.order_id), False):
        return True
    stands = latest_delivery(session, order_id=UUID(said.order_id), stop_id=visit.stop_id)
    if stands is None:
        return True
    before = {str(line.order_line_id): (line.delivered, line.extra) for line in stands.lines}
    if before != {line.line_id: (line.delivered, line.extra) for line in said.lines}:
        open_discrepancy(
            session,
            kind="two_deliveries",
            subject_id=stands.id,
            against_id=visit.id,
            text=Text(
                "Deux tablettes disent des quantités différentes; la première livraison reste.",
                "Two tablets say different quantities; the first delivery stands.",
            ),
            stamp=stamp,
            run_id=visit.run_id,
            stop_id=visit.stop_id,
        )
    return False


def is_first_visit(session: Session, visit: Visit, said: VisitFacts, *, stamp: Stamp) -> bool:
    """Say whether the stop had no visit before; empties and money of a second one count only once a person says so.

    A second visit that says the same as the first is the same truth from another tablet, and opens nothing.
    """
    if remembered(session, _UNVISITED).pop(visit.stop_id, False):
        return True
    of_stop = select(Visit.id).where(Visit.stop_id == visit.stop_id, Visit.id != visit.id).order_by(Visit.position)
    first_id = session.scalar(of_stop.limit(1))
    if first_id is None:
        return True
    if _stands(session, visit) != _said_taken(said):
        open_discrepancy(
            session,
            kind="two_visits",
            subject_id=first_id,
            against_id=visit.id,
            text=Text(
                "Deux tablettes disent des consignes ou des encaissements différents; ceux de la première restent.",
                "Two tablets say different empties or payments; those of the first stand.",
            ),
            stamp=stamp,
            run_id=visit.run_id,
            stop_id=visit.stop_id,
        )
    return False


def note_unmentioned(session: Session, visit: Visit, said: VisitFacts, *, stop: Stop, stamp: Stamp) -> None:
    """Ask about each order of the stop of which the signed visit says nothing: it may have been withheld."""
    for ridden in stop.orders:
        if said.order(str(ridden.order_id)) is None:
            open_discrepancy(
                session,
                kind="order_not_mentioned",
                subject_id=ridden.order_id,
                text=Text(
                    "La visite signée ne dit rien d’une commande de cet arrêt.",
                    "The signed visit says nothing of one order of this stop.",
                ),
                stamp=stamp,
                run_id=visit.run_id,
                stop_id=visit.stop_id,
                details={"visit": str(visit.id)},
            )


def ask_about_struck_lines(
    session: Session, delivery: Delivery, order: Order, *, stamp: Stamp, before: Delivery | None = None
) -> None:
    """Ask about lines that the order has lost: the bill follows the delivery, but nothing says what goods they are.

    Of a correction, about those that count otherwise than in the revision ``before`` it; the lines are loaded.
    """
    standing = {line.id for line in order.lines}
    had, has = ({} if one is None else _moved(one) for one in (before, delivery))
    struck = sum(had.get(line_id) != has.get(line_id) for line_id in (had.keys() | has.keys()) - standing)
    if struck:
        open_discrepancy(
            session,
            kind="line_struck_out",
            subject_id=delivery.id,
            text=Text(
                f"{struck} ligne(s) livrée(s) ne sont plus à la commande {order.number}\u00a0: la facture suit la "
                "livraison, corriger leur stock à la main.",
                f"{struck} delivered line(s) are on order {order.number} no more: the bill follows the delivery, "
                "correct their stock by hand.",
            ),
            stamp=stamp,
        )


def _moved(delivery: Delivery) -> dict[UUID, tuple[int, int, int]]:
    """Return how many units of each line went to the customer, were lost, and came back."""
    return {
        line.order_line_id: (line.delivered + line.extra, line.lost, line.returned + line.not_shipped)
        for line in delivery.lines
    }


def ask_about_changed_plan(session: Session, plan_version: int, *, run: Run, stop: Stop, stamp: Stamp) -> None:
    """Ask about a visit that was made from a version of the run that said otherwise of its stop."""
    open_discrepancy(
        session,
        kind="plan_changed",
        subject_id=stop.id,
        text=Text(
            f"Livré d’après la version {plan_version} de la tournée; elle en est à {run.version}.",
            f"Delivered from version {plan_version} of the run, which is now at {run.version}.",
        ),
        stamp=stamp,
        run_id=run.id,
        stop_id=stop.id,
    )


type _Taken = frozenset[tuple[str, ...]]


def _stands(session: Session, visit: Visit) -> _Taken:
    returned = [rows[-1] for rows in containers_before(session, visit).values()]
    collected = collections_before(session, visit).values()
    return frozenset(
        {(str(one.container_owner_id), one.class_code, str(one.quantity)) for one in returned if one.quantity}
        | {(str(one.issuer_id), one.method, str(one.amount_cents)) for one in collected if one.amount_cents}
    )


def _said_taken(said: VisitFacts) -> _Taken:
    return frozenset(
        {(leaf.owner_id, leaf.container_class, str(leaf.returned)) for leaf in said.containers if leaf.returned}
        | {(leaf.issuer_id, leaf.method, str(leaf.amount_cents)) for leaf in said.collections if leaf.amount_cents}
    )
