"""Doors of the verbs that span contexts: a run's papers, and the seller's answer to an order."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from server.billing.service import publish_pending
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.fulfilment.service.documents import prepare_documents
from server.fulfilment.service.orders import accept_order, cancel_order, replan_order
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders import service as orders

pages = Blueprint("fulfilment", __name__)
LONGEST_REASON = 500


@pages.post("/tournees/<uuid:run_id>/documents")
@requires(Permission.RUN_PLAN)
def prepare_run_documents(run_id: UUID) -> Response:
    """Make the run's papers and its missing invoices; asking again makes nothing."""
    with transaction(actor().org_id) as session:
        prepare_documents(session, run_id, stamp=stamp())
    return redirect(f"/tournees/{run_id}#run-papers", code=303)


@pages.post("/commandes/<uuid:order_id>/accepter")
@requires(Permission.ORDER_ACCEPT)
def accept(order_id: UUID) -> Response:
    """Accept a pending order; its invoice follows at once when its terms say so."""
    now = stamp()
    with transaction(actor().org_id) as session:
        accept_order(session, order=orders_read.order(session, order_id=order_id), stamp=now)
        publish_pending(session, stamp=now)
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/rejeter")
@requires(Permission.ORDER_ACCEPT)
def reject(order_id: UUID) -> Response:
    """Reject a pending order with a reason."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        orders.reject(session, order=order, reason=_reason(), stamp=stamp())
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/lots")
@requires(Permission.ORDER_EDIT)
def note_lots(order_id: UUID) -> Response:
    """Note the lots of the lines that the form names."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        said = {line.id: request.form[str(line.id)].split(",") for line in order.lines if str(line.id) in request.form}
        orders.note_lots(session, order=order, lots=said, stamp=stamp())
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/annuler")
@requires(Permission.ORDER_CANCEL)
def cancel(order_id: UUID) -> Response:
    """Cancel an order that has not left, with a reason."""
    now = stamp()
    with transaction(actor().org_id) as session:
        cancel_order(session, order=orders_read.order(session, order_id=order_id), reason=_reason(), stamp=now)
        publish_pending(session, stamp=now)
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/replanifier")
@requires(Permission.RUN_PLAN)
def replan(order_id: UUID) -> Response:
    """Put an order that was not delivered back among those to plan."""
    with transaction(actor().org_id) as session:
        replan_order(session, order=orders_read.order(session, order_id=order_id), stamp=stamp())
    return _back_to(order_id)


def _reason() -> str:
    return request.form.get("reason", "").strip()[: LONGEST_REASON + 1]


def _back_to(order_id: UUID) -> Response:
    return redirect(f"/commandes/{order_id}", code=303)
