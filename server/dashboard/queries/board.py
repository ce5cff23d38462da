"""The day as it goes: what was planned, what happened, and what a person must look at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.explaining import Source, Step
from server.billing.explaining.steps import summed
from server.core.acting import acting_org
from server.dashboard.queries.runs import RunRow, StopRow, list_runs, riding_orders, stop_rows
from server.delivery.model import Delivery, Discrepancy, DiscrepancyState, Visit, VisitOutcome
from server.delivery.service.tablets import TABLET_TAKEN_BACK
from server.orders.model import Order
from shared.problems import Text
from shared.states import OrderState, RunState

LATE_S: Final = 15 * 60
MOST_IN_QUEUE: Final = 100
AT_RISK: Final = Text("En jeu", "At stake")
_ON_THE_ROAD = (RunState.UNDER_WAY, RunState.BACK)
_BAD = (VisitOutcome.REFUSED, VisitOutcome.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRun:
    """One run of the day with its stops, planned and actual."""

    row: RunRow
    stops: Sequence[StopRow]

    @property
    def late_s(self) -> int:
        """Return how much later than planned the last reached stop was reached."""
        reached = [one for one in self.stops if one.stop.arrived_at is not None]
        return reached[-1].late_s if reached else 0

    @property
    def waiting(self) -> StopRow | None:
        """Return the next stop that is still to be done, if any."""
        return next((one for one in self.stops if not one.is_ended), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One day of a carrier."""

    runs: Sequence[BoardRun]
    unplanned: Sequence[Order]

    def ended(self, *outcomes: str) -> int:
        """Return how many stops ended with one of these outcomes."""
        return sum(
            one.visit is not None and one.visit.outcome.value in outcomes for run in self.runs for one in run.stops
        )

    @property
    def stops(self) -> int:
        """Return how many stops the day has."""
        return sum(len(run.stops) for run in self.runs)

    @property
    def done(self) -> int:
        """Return how many stops are done."""
        return sum(run.row.ended for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that a person must look at, with the money that depends on it, order by order.

    ``decide`` is the address of the page where it is decided, if it is decided by itself.
    """

    kind: Text
    text: Text
    subject: str
    link: str
    at_risk: Step
    since: datetime
    tone: str = "amber"
    decide: str = ""


def board(session: Session, *, day: date) -> Board:
    """Return the acting carrier's day: its runs that stand, and the orders that no run takes."""
    rows = [row for row in list_runs(session, day=day) if row.run.state is not RunState.CANCELLED]
    riding = riding_orders(session, [row.run for row in rows])
    runs = [BoardRun(row=row, stops=stop_rows(session, row.run, riding)) for row in rows]
    return Board(runs=runs, unplanned=_unplanned(session, day))


def matters(session: Session, *, seen: Board, now: datetime) -> list[Matter]:
    """Return what waits for a person: discrepancies, failed and overdue stops, orders without a run."""
    failed = {order.id for run in seen.runs for one in run.stops for order in one.orders}
    found = [
        *_discrepancies(session),
        *(
            _failure(one, one.visit, run)
            for run in seen.runs
            for one in run.stops
            if one.visit and one.visit.outcome in _BAD
        ),
        *(_overdue(one, run) for run in seen.runs for one in run.stops if _is_overdue(one, run, now)),
        *(_left_behind(order) for order in seen.unplanned if order.id not in failed),
    ]
    return by_risk(found)


def by_risk(found: Iterable[Matter]) -> list[Matter]:
    """Return the matters with most money at risk first, older ones first among equals; bounded."""
    return sorted(found, key=lambda one: (-one.at_risk.amount_cents, one.since))[:MOST_IN_QUEUE]


def at_risk(orders: Iterable[Order]) -> Step:
    """Return the cents that these orders ask for: one order's own, or the sum of each one's."""
    steps = [_asked_for(order) for order in orders]
    return steps[0] if len(steps) == 1 else summed(AT_RISK, steps)


def _asked_for(order: Order) -> Step:
    text = Text(f"Commande {order.number}", f"Order {order.number}")
    source = Source(kind="order", id=order.id, text=text, link=f"/commandes/{order.id}", billed=order.billing_type)
    return Step(label=text, amount_cents=order.total_cents, source=source)


def _unplanned(session: Session, day: date) -> Sequence[Order]:
    return session.scalars(
        select(Order)
        .where(
            Order.carrier_id == acting_org(session),
            Order.state.in_((OrderState.ACCEPTED, OrderState.NOT_DELIVERED)),
            Order.planned_on <= day,
        )
        .order_by(Order.total_cents.desc(), Order.id)
        .limit(MOST_IN_QUEUE)
    ).all()


def _discrepancies(session: Session) -> list[Matter]:
    rows = session.execute(
        select(Discrepancy, Delivery, Order)
        .outerjoin(Delivery, Delivery.id == Discrepancy.subject_id)
        .outerjoin(Order, Order.id == Delivery.order_id)
        .where(Discrepancy.owner_id == acting_org(session), Discrepancy.state == DiscrepancyState.OPEN)
        .order_by(Discrepancy.opened_at, Discrepancy.id)
        .limit(MOST_IN_QUEUE)
    )
    return [_discrepancy(row[0], row[2]) for row in rows]


def _discrepancy(found: Discrepancy, order: Order | None) -> Matter:
    return Matter(
        kind=Text("Écart", "Discrepancy"),
        text=Text(found.text_fr, found.text_en),
        subject=order.number if order else "",
        link=_about(found, order),
        at_risk=at_risk([order] if order else ()),
        since=found.opened_at,
        decide=f"/ecarts/{found.id}",
    )


def _about(found: Discrepancy, order: Order | None) -> str:
    if found.kind == TABLET_TAKEN_BACK:
        return f"/tablettes/{found.subject_id}"
    return f"/commandes/{order.id}" if order else f"/tournees/{found.run_id}" if found.run_id else ""


def _failure(one: StopRow, visit: Visit, run: BoardRun) -> Matter:
    refused = visit.outcome is VisitOutcome.REFUSED
    return Matter(
        kind=Text("Refus", "Refusal") if refused else Text("Échec", "Failure"),
        text=Text(
            "Livraison refusée\u00a0: marchandise à reprendre, client à joindre."
            if refused
            else "Personne n’a reçu\u00a0: commandes à remettre sur une tournée.",
            "Delivery refused: goods to take back, client to call."
            if refused
            else "Nobody received: orders to put on a run again.",
        ),
        subject=_stop_name(one, run),
        link=f"/tournees/{run.row.run.id}",
        at_risk=at_risk(one.orders),
        since=visit.received_at,
        tone="red",
    )


def _is_overdue(one: StopRow, run: BoardRun, now: datetime) -> bool:
    is_out = run.row.run.state in _ON_THE_ROAD
    return is_out and not one.is_ended and one.stop.planned_at + timedelta(seconds=LATE_S) < now


def _overdue(one: StopRow, run: BoardRun) -> Matter:
    return Matter(
        kind=Text("Retard", "Late"),
        text=Text(
            "Pas de nouvelles de cet arrêt, dont l’heure est passée.", "No news of this stop, whose time has passed."
        ),
        subject=_stop_name(one, run),
        link=f"/tournees/{run.row.run.id}",
        at_risk=at_risk(one.orders),
        since=one.stop.planned_at,
    )


def _left_behind(order: Order) -> Matter:
    return Matter(
        kind=Text("Sans tournée", "Without a run"),
        text=Text("Cette commande attend une tournée.", "This order waits for a run."),
        subject=order.number,
        link=f"/commandes/{order.id}",
        at_risk=at_risk([order]),
        since=order.accepted_at or order.submitted_at,
        tone="neutral",
    )


def _stop_name(one: StopRow, run: BoardRun) -> str:
    place = one.site.name if one.site else one.buyer_name
    return f"{run.row.run.name} · {one.stop.position} · {place}"
