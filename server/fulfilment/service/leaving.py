"""Orders that leave their run, one or all: what their papers made provisionally goes with it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.queries import live_invoice
from server.billing.service import drop_provisional
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.orders.model import Order
from server.orders.service import hold_all
from server.planning import service as planning
from server.planning.model import Run
from server.planning.progress import run_of
from shared.states import InvoiceState


def take_off_run(session: Session, *, run_id: UUID, order_id: UUID, stamp: Stamp) -> planning.Recosted:
    """Take an order off the acting carrier's run; its provisional invoice is let go, a published one stays (C27).

    Raises:
        UnknownStop, RunFixed, NotFound: as ``planning.service.remove_order``.
    """
    recosted = planning.remove_order(session, run_id=run_id, order_id=order_id, stamp=stamp)
    (order,) = hold_all(session, order_ids=[order_id])
    let_provisional_go(session, order, stamp=stamp)
    return recosted


def cancel_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Cancel the acting carrier's run that has not left; its orders wait for another one.

    Their provisional invoices are let go, published ones stay (C27). Run and orders are locked first.

    Raises:
        UnknownStop: the carrier has no such run.
        IllegalMove: it has left, or is cancelled already.

    Source: section 4 (provisoire → annulée: removed from run; documentée → annulée).
    """
    riding = [one.order_id for stop in run_of(session, run_id).stops for one in stop.orders]
    orders = hold_all(session, order_ids=riding)
    run = planning.cancel_run(session, run_id=run_id, stamp=stamp)
    for order in orders:
        let_provisional_go(session, order, stamp=stamp)
    return run


def let_provisional_go(session: Session, order: Order, *, stamp: Stamp) -> None:
    """Let go of the order's provisional invoice, if one stands; a published one is not touched."""
    with acting_for(session, order.owner_id):
        invoice = live_invoice(session, order_id=order.id)
    if invoice is not None and invoice.state is InvoiceState.PROVISIONAL:
        drop_provisional(session, invoice=invoice, stamp=stamp)
