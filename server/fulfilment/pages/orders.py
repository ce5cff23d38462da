"""Doors of the verbs that span contexts: a run's papers, and the seller's answer to an order."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from server.billing.service import publish_pending
from server.conversations import service as talk
from server.conversations.model import ThreadSubject
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_day, form_id
from server.fulfilment.api.access import require_whole
from server.fulfilment.api.showing import listed, speaker
from server.fulfilment.pages.order_form import chosen_billing
from server.fulfilment.pages.order_reading import seen_revision
from server.fulfilment.service.by_hand import ship_by_hand
from server.fulfilment.service.documents import prepare_documents
from server.fulfilment.service.leaving import cancel_run, take_off_run
from server.fulfilment.service.orders import (
    accept_order,
    ask_change,
    cancel_order,
    choose_paper,
    replan_order,
    submit_order,
)
from server.fulfilment.service.orders import choose_billing as choose_order_billing
from server.fulfilment.service.relieving import relieve_order
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.model import RequestKind
from server.parties.model import DeliverWith

pages = Blueprint("fulfilment", __name__)
LONGEST_REASON = 500


@pages.post("/tournees/<uuid:run_id>/documents")
@requires(Permission.RUN_DOCUMENTS)
def prepare_run_documents(run_id: UUID) -> Response:
    """Make the run's papers and its missing invoices; asking again makes nothing."""
    with transaction(actor().org_id) as session:
        prepare_documents(session, run_id, stamp=stamp())
        require_whole(Permission.RUN_DOCUMENTS)
    return redirect(f"/tournees/{run_id}#run-papers", code=303)


@pages.post("/tournees/<uuid:run_id>/commandes/<uuid:order_id>/retirer")
@requires(Permission.RUN_PLAN)
def take_off(run_id: UUID, order_id: UUID) -> Response:
    """Take an order off a run that has not left; it waits for another one."""
    with transaction(actor().org_id) as session:
        take_off_run(session, run_id=run_id, order_id=order_id, stamp=stamp())
    return redirect(f"/tournees/{run_id}", code=303)


@pages.post("/tournees/<uuid:run_id>/annuler")
@requires(Permission.RUN_PLAN)
def cancel_whole_run(run_id: UUID) -> Response:
    """Cancel a run that has not left; its orders wait for another one."""
    with transaction(actor().org_id) as session:
        cancel_run(session, run_id=run_id, stamp=stamp())
    return redirect(f"/tournees/{run_id}", code=303)


@pages.post("/commandes/<uuid:order_id>/accepter")
@requires(Permission.ORDER_ACCEPT)
def accept(order_id: UUID) -> Response:
    """Accept a pending order, billed by its terms or as is chosen; its invoice follows at once when they say so.

    The day that was wished for is confirmed, or another one agreed to.
    """
    now, (billing_type, one_invoice_a_stop) = stamp(), chosen_billing()
    with transaction(actor().org_id) as session:
        accept_order(
            session,
            order=orders_read.order(session, order_id=order_id),
            billing_type=billing_type,
            one_invoice_a_stop=one_invoice_a_stop,
            wanted_on=form_day("wanted_on"),
            seen_revision=seen_revision(request.form),
            stamp=now,
        )
        publish_pending(session, stamp=now)
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/facturation")
@requires(Permission.TERMS_SET)
def choose_billing(order_id: UUID) -> Response:
    """Choose how an order is billed, until an invoice stands for it (R012)."""
    billing_type, one_invoice_a_stop = chosen_billing()
    if billing_type is None:
        raise BadRequest(Text("Choisir la facturation.", "Choose the billing."), where="facturation")
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_whole(Permission.TERMS_SET)
        choose_order_billing(
            session,
            order=order,
            billing_type=billing_type,
            one_invoice_a_stop=one_invoice_a_stop,
            seen_revision=seen_revision(request.form),
            stamp=stamp(),
        )
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/rejeter")
@requires(Permission.ORDER_ACCEPT)
def reject(order_id: UUID) -> Response:
    """Reject a pending order with a reason."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        orders.reject(session, order=order, reason=_reason(), stamp=stamp())
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/soumettre")
@requires(Permission.ORDER_CREATE)
def submit(order_id: UUID) -> Response:
    """Submit a draft; its group may accept it at once."""
    now = stamp()
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_whole(Permission.ORDER_CREATE)
        submit_order(session, order=order, seen_revision=seen_revision(request.form), stamp=now)
        publish_pending(session, stamp=now)
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/restaurer")
@requires(Permission.ORDER_ACCEPT)
def restore(order_id: UUID) -> Response:
    """Give a pending order the content that was submitted (R066)."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        orders.restore(session, order=order, seen_revision=seen_revision(request.form), stamp=stamp())
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/etape")
@requires(Permission.ORDER_ACCEPT)
def step(order_id: UUID) -> Response:
    """Say by hand that an order without a carrier left; that it arrived is recorded line by line."""
    if request.form.get("etape", "") != "expedier":
        raise BadRequest(Text("Choisir l’étape.", "Choose the step."), where="etape")
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        ship_by_hand(session, order=order, stamp=stamp())
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/document-de-livraison")
@requires(Permission.DELIVER_WITH_CHOOSE)
def deliver_with(order_id: UUID) -> Response:
    """Choose the paper that goes along with an order (R013)."""
    chosen = DeliverWith.INVOICE if request.form.get("avec") == DeliverWith.INVOICE.value else DeliverWith.PO
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        choose_paper(session, order=order, deliver_with=chosen, stamp=stamp())
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/messages")
@requires(Permission.ORDER_CHAT)
def say(order_id: UUID) -> Response:
    """Say something to the parties of an order (R046)."""
    words = request.form.get("message", "").replace("\x00", "").replace("\r\n", "\n").strip()
    with transaction(actor().org_id) as session:
        order = listed(session, order_id).order
        talk.say(
            session,
            subject=ThreadSubject.ORDER,
            subject_id=order.id,
            text=Text(words, words),
            readers=(order.owner_id, *order.party_ids),
            author_name=speaker(),
            key=form_id("key"),
            stamp=stamp(),
        )
    return redirect(f"/commandes/{order_id}#messages", code=303)


@pages.post("/commandes/<uuid:order_id>/demandes")
@requires(Permission.ORDER_CHAT)
def ask(order_id: UUID) -> Response:
    """Ask the seller to change or cancel one's order (C13)."""
    kind = RequestKind.CANCEL if request.form.get("sorte") == RequestKind.CANCEL.value else RequestKind.CHANGE
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        ask_change(session, order=order, kind=kind, words=_words("mots"), by_name=speaker(), stamp=stamp())
    return redirect(f"/commandes/{order_id}#messages", code=303)


@pages.post("/commandes/<uuid:order_id>/demandes/<uuid:request_id>/refuser")
@requires(Permission.ORDER_ACCEPT)
def decline(order_id: UUID, request_id: UUID) -> Response:
    """Decline what the retailer asked for, with the reason."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        orders.decline(session, order=order, request_id=request_id, answer=_words("mots"), stamp=stamp())
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/lots")
@requires(Permission.ORDER_EDIT)
def note_lots(order_id: UUID) -> Response:
    """Note the lots of the lines that the form names."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_whole(Permission.ORDER_EDIT)
        said = {line.id: request.form[str(line.id)].split(",") for line in order.lines if str(line.id) in request.form}
        orders.note_lots(session, order=order, lots=said, stamp=stamp())
    return _back_to(order_id)


@pages.post("/commandes/<uuid:order_id>/allegements")
@requires(Permission.ORDER_RELIEVE)
def relieve(order_id: UUID) -> Response:
    """Take taxes or deposits off an order, or put them back, whoever edits it otherwise (R052)."""
    told = {"taxed": "taxed" in request.form, "with_deposits": "with_deposits" in request.form}
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_whole(Permission.ORDER_RELIEVE)
        relieve_order(session, order=order, seen_revision=seen_revision(request.form), stamp=stamp(), **told)
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
    now = stamp()
    with transaction(actor().org_id) as session:
        replan_order(session, order=orders_read.order(session, order_id=order_id), stamp=now)
        publish_pending(session, stamp=now)
    return _back_to(order_id)


def _words(name: str) -> str:
    return request.form.get(name, "").replace("\x00", "").strip()


def _reason() -> str:
    return request.form.get("reason", "").strip()[: LONGEST_REASON + 1]


def _back_to(order_id: UUID) -> Response:
    return redirect(f"/commandes/{order_id}", code=303)
