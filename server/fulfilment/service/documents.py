"""Preparing a run's papers: the first download makes every missing invoice, the next ones make nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.billing.queries import live_invoices
from server.billing.service import create_provisional, foresee_invoices, publish_for_order, publish_pending
from server.core import facts
from server.core.gathering import gathered
from server.core.stamp import Stamp
from server.fulfilment.events import RUN_DOCUMENTED
from server.orders.model import Order
from server.orders.service import hold_all
from server.parties.model import BillingType, DeliverWith, SettlementPolicy
from server.planning.model import Run
from server.planning.progress import run_of
from shared.lifecycles import RunState
from shared.problems import Problem, Text


class RunNotPrepared(Problem):
    """Papers are made for a run whose stops are in order."""

    slug = "run-not-prepared"
    status = 409
    title = Text("Tournée pas encore préparée", "Run not prepared yet")


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the first download made: invoices published and provisional ones."""

    run: Run
    published: tuple[Invoice, ...]
    provisional: tuple[Invoice, ...]


_DOCUMENTED = {RunState.DOCUMENTED, RunState.LOADING, RunState.READY, RunState.UNDER_WAY, RunState.BACK,
               RunState.SYNCED, RunState.SETTLED, RunState.CLOSED}  # fmt: skip


def prepare_documents(session: Session, run_id: UUID, *, stamp: Stamp) -> Prepared:
    """Make the invoices that a run's papers need and let its papers be rendered.

    Under *adjust* an invoice is provisional, under *credit* it is published; an order delivered with a purchase
    order, or invoiced outside, gets none. Agent orders of one stop that are to have one invoice become its sections
    (C15). The run's row is locked: a second or simultaneous call makes nothing.

    Raises:
        RunNotPrepared: the run is still a draft, or was cancelled.

    Source: R009, R014; C1, C2, C15.
    """
    run = run_of(session, run_id)
    _require_prepared(run)
    published: list[Invoice] = []
    provisional: list[Invoice] = []
    stops = {ridden.order_id: stop.id for stop in run.stops for ridden in stop.orders}
    with gathered(session):
        for order in _uninvoiced(session, run):
            place_id = stops[order.id]
            if order.settlement_policy is SettlementPolicy.CREDIT:
                published.append(publish_for_order(session, order=order, run_id=run.id, place_id=place_id, stamp=stamp))
            else:
                provisional.append(
                    create_provisional(session, order=order, run_id=run.id, place_id=place_id, stamp=stamp)
                )
        publish_pending(session, stamp=stamp)
    if run.state is RunState.PREPARED:
        run.move_to(RunState.DOCUMENTED)
        run.documented_at = stamp.at
        facts.record(session, RUN_DOCUMENTED, run.id, stamp)
    return Prepared(run, tuple(published), tuple(provisional))


def _require_prepared(run: Run) -> None:
    if run.state is not RunState.PREPARED and run.state not in _DOCUMENTED:
        raise RunNotPrepared(
            Text(
                f"Préparez d’abord la tournée {run.name}, puis téléchargez ses documents.",
                f"Prepare run {run.name} first, then download its documents.",
            ),
            where=run.name,
        )


def _uninvoiced(session: Session, run: Run) -> list[Order]:
    order_ids = [ridden.order_id for stop in run.stops for ridden in stop.orders]
    if run.state is not RunState.PREPARED:
        return []
    wanted = session.scalars(
        select(Order.id).where(
            Order.id.in_(order_ids),
            Order.deliver_with == DeliverWith.INVOICE,
            Order.billing_type != BillingType.EXTERNAL,
        )
    ).all()
    invoiced = live_invoices(session, wanted)
    orders = hold_all(session, order_ids=set(wanted) - invoiced.keys())
    foresee_invoices(session, orders)
    by_id = {order.id: order for order in orders}
    return [by_id[order_id] for order_id in order_ids if order_id in by_id]
