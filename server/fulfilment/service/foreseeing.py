"""What many visits of one batch will ask for one by one, read and locked beforehand in a few queries."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.queries import forget_live_invoices
from server.billing.service import foresee_invoices
from server.core.acting import acting_org
from server.delivery.service import remember_terms
from server.fulfilment.service.questions import remember_first
from server.fulfilment.service.stock_effects import remember_class_owners
from server.orders.service import hold_all
from server.planning import progress
from server.stock.service import remember_depots
from shared.problems import Problem


def foresee(session: Session, *, run_ids: Iterable[UUID], stop_ids: Iterable[UUID], order_ids: Iterable[UUID]) -> None:
    """Lock these runs and orders and remember what their visits will read; unknown ids are left to the visits.

    In one order for all transactions: runs, then orders by (seller, order). Whether a visit may touch any of it is
    decided by the visit's own verbs, which ask here instead of the database.
    """
    for run_id in sorted(set(run_ids)):
        _hold_run(session, run_id)
    wanted = set(order_ids)
    remember_terms(session, order_ids=wanted)
    orders = hold_all(session, carrier_id=acting_org(session), order_ids=wanted)
    remember_first(session, order_ids=wanted, stop_ids=stop_ids)
    foresee_invoices(session, orders)
    remember_class_owners(session, orders)
    remember_depots(session, seller_ids={order.owner_id for order in orders}, carrier_id=acting_org(session))


def forget_foreseen(session: Session) -> None:
    """Let what comes next ask the database for invoices: it may touch some that were read beforehand."""
    forget_live_invoices(session)


def _hold_run(session: Session, run_id: UUID) -> None:
    try:
        progress.run_of(session, run_id)
    except Problem:  # the event that names it is parked with this reason when its turn comes
        return
