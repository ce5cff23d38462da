"""Recording a delivery that no tablet saw: the form, and the page that says plainly what it is."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.billing.service import publish_pending
from server.catalog.queries import readable_classes
from server.core import clock
from server.core.problems import Conflict, NotFound, Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import MAX_CHOICES, form_cents, form_day, form_id, form_whole, form_words, read_id
from server.delivery import queries as delivered
from server.delivery.model import Delivery
from server.delivery.reasons import FAILURES, REASONS
from server.delivery.service.revising import MAX_REASON
from server.fulfilment.api.access import require_teller
from server.fulfilment.api.corrections import MOST_UNITS
from server.fulfilment.api.showing import listed, speaker
from server.fulfilment.service.by_hand import (
    LOOKED_BACK,
    WITHOUT_CARRIER,
    RidesOnRun,
    deliver_by_hand,
    is_told_by_hand,
    keeper_of,
    require_answering,
    require_off_runs,
)
from server.fulfilment.service.told_lines import Counted, Told
from server.fulfilment.service.told_taken import CountedEmpties, ReceivedMoney, empties_offered
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders.model import Order, OrderLine
from server.orders.service import BadOrder
from server.parties import queries as parties
from server.parties.model import BillingType
from server.receivables.service.payments import MAX_PAYMENT_CENTS, MAX_REFERENCE
from shared.ids import new_id

by_hand_pages = Blueprint("by_hand", __name__, template_folder="../templates")
_COUNTED: Final = "compte"
_NOTHING: Final = "rien"
_OUTCOMES: Final = ("tout", _COUNTED, _NOTHING)
_EMPTIES: Final = "vide-"
_MENDED: Final = (409, 422)


class NotToRecord(Conflict):
    """The order does not stand where somebody may say that it was delivered."""

    slug = "not-to-record"
    title = Text("Rien à consigner", "Nothing to record")


@by_hand_pages.get("/commandes/<uuid:order_id>/livraison")
@requires(Permission.ORDER_ACCEPT, Permission.DELIVERY_RECORD)
def form(order_id: UUID) -> str:
    """Show every line of an order as if all of it had arrived, to be counted."""
    with transaction(actor().org_id) as session:
        return _form(session, _order(session, order_id))


@by_hand_pages.post("/commandes/<uuid:order_id>/livraison")
@requires(Permission.ORDER_ACCEPT, Permission.DELIVERY_RECORD)
def record(order_id: UUID) -> Response | tuple[str, int]:
    """Record what was accepted and settle it; what is refused is shown with everything that was typed."""
    refused = _attempt(order_id)
    if refused is not None:
        return _refused(order_id, refused), refused.status
    return redirect(url_for("dashboard.order", order_id=order_id), code=303)


@by_hand_pages.get("/livraisons/<uuid:delivery_id>")
@requires(Permission.PROOF_READ)
def recorded(delivery_id: UUID) -> str:
    """Show what was recorded by hand: who says so, that nobody signed, and how it was corrected since."""
    with transaction(actor().org_id) as session:
        delivery = delivered.delivery(session, delivery_id)
        if delivery.by_hand is None:
            raise NotFound(
                Text(
                    "Cette livraison a été notée par une tablette. Voir sa preuve, à la page de la commande.",
                    "This delivery was noted by a tablet. See its proof, on the order’s page.",
                ),
                where=str(delivery_id),
            )
        order = listed(session, delivery.order_id).order
        revisions = delivered.revisions_of(session, delivery)
        return render_template(
            "fulfilment/recorded.html",
            order=order,
            record=delivery.by_hand,
            revisions=revisions,
            delivery=revisions[-1][0],
            names=parties.names(session, org_ids=_named(order, delivery)),
            container_names={one.code: Text(one.name_fr, one.name_en) for one in readable_classes(session)},
            items={line.id: line for line in order.lines},
            reasons={one.code: one for one in (*REASONS, *FAILURES)},
            zone=parties.zone_or_ours(session, org_id=actor().org_id),
        )


def _named(order: Order, delivery: Delivery) -> set[UUID]:
    """Return the organisations that the page of a record names."""
    record = delivery.by_hand
    credited = {one.creditor_id for one in record.containers} if record else set()
    issued = {one.issuer_id for one in record.collections} if record else set()
    return {order.owner_id, order.buyer_id, delivery.owner_id} | credited | issued


def _order(session: Session, order_id: UUID) -> Order:
    """Return an order whose delivery the caller may record now.

    Raises:
        Forbidden: somebody else answers for it.
        RidesOnRun, NotToRecord: a tablet says it, or it has not left or has arrived.
    """
    order = orders_read.order(session, order_id=order_id)
    require_teller(order)
    require_answering(session, order)
    require_off_runs(session, order)
    if not is_told_by_hand(order):
        raise NotToRecord(
            Text(
                f"La commande {order.number} n’attend pas de livraison\u00a0: elle n’est pas partie, ou est arrivée.",
                f"Order {order.number} waits for no delivery: it has not left, or it has arrived.",
            ),
            where=order.number,
        )
    return order


def _attempt(order_id: UUID) -> Problem | None:
    """Record what the form says; what can be mended in the form is returned, to be shown beside it."""
    now = stamp()
    try:
        with transaction(actor().org_id) as session:
            order = orders_read.order(session, order_id=order_id)
            require_teller(order)
            deliver_by_hand(session, order=order, told=_told(order), stamp=now)
            publish_pending(session, stamp=now)
    except Problem as problem:
        if problem.status in _MENDED:
            return problem
        raise
    return None


def _refused(order_id: UUID, problem: Problem) -> str:
    """Show the form again with what was typed; where nothing is to be recorded any more, the refusal alone."""
    with transaction(actor().org_id) as session:
        try:
            order = _order(session, order_id)
        except (NotToRecord, RidesOnRun):
            raise problem from None
        return _form(session, order, problem=problem)


def _form(session: Session, order: Order, *, problem: Problem | None = None) -> str:
    today = clock.now().astimezone(parties.zone_of(session, org_id=keeper_of(order))).date()
    orgs = {order.buyer_id, order.owner_id, order.carrier_id, order.issuer_id}
    names = parties.names(session, org_ids=[one for one in orgs if one])
    return render_template(
        "fulfilment/by_hand.html",
        order=order,
        buyer_name=names.get(order.buyer_id, ""),
        typed=request.form,
        reasons=REASONS,
        failures=FAILURES,
        needs_words=order.distribution not in WITHOUT_CARRIER,
        most_words=MAX_REASON,
        problem=problem,
        today=today,
        first_day=today - LOOKED_BACK,
        key=request.form.get("key") or new_id(),
        empties=empties_offered(session, order, on=today),
        takes_money=order.billing_type is not BillingType.EXTERNAL,
        issuer_name=names.get(order.issuer_id or order.owner_id, ""),
        names=names,
    )


def _told(order: Order) -> Told:
    """Return what the form says: all of it arrived, each line as it is counted, or nothing and why.

    Raises:
        BadOrder: it says none of these; nothing is taken for granted.
        UnreadableField: a field holds what cannot be read.
    """
    outcome, failure = request.form.get("resultat", ""), form_words("echec", longest=40)
    if outcome not in _OUTCOMES or (outcome == _NOTHING) is not bool(failure):
        raise BadOrder(
            Text("Dire ce qui a été remis, ou pourquoi rien.", "Say what was handed over, or why nothing."),
            where="resultat",
        )
    return Told(
        key=form_id("key") or new_id(),
        by_name=speaker(),
        lines=[_counted(line) for line in order.lines] if outcome == _COUNTED else (),
        failure=failure,
        delivered_on=form_day("le"),
        words=form_words("mots", longest=MAX_REASON),
        seen_revision=form_whole("revision", least=1, most=MOST_UNITS),
        containers=_empties(),
        collections=_money(),
    )


def _empties() -> list[CountedEmpties]:
    """Return what the form counts of each class; an empty field is none.

    Raises:
        UnreadableField: a field holds no count, or its name no class.
    """
    names = [name for name in request.form if name.startswith(_EMPTIES)][:MAX_CHOICES]
    counted = ((name, form_whole(name, most=MOST_UNITS) or 0) for name in names)
    return [
        CountedEmpties(class_id=read_id(name, name.removeprefix(_EMPTIES)), units=units)
        for name, units in counted
        if units
    ]


def _money() -> list[ReceivedMoney]:
    """Return what the form says was paid, by cash and by cheque.

    Raises:
        UnreadableField: an amount cannot be read.
    """
    cash, cheque = (form_cents(name, most=MAX_PAYMENT_CENTS) for name in ("comptant", "cheque"))
    number = form_words("cheque-numero", longest=MAX_REFERENCE)
    if number and not cheque:
        raise BadOrder(
            Text("Donner le montant du chèque, ou effacer son numéro.", "Give the cheque’s amount, or clear it."),
            where="cheque",
        )
    found = [ReceivedMoney(method="cash", amount_cents=cash)] if cash else []
    return [*found, ReceivedMoney(method="cheque", amount_cents=cheque, reference=number)] if cheque else found


def _counted(line: OrderLine) -> Counted:
    key = str(line.id)
    accepted = form_whole(f"recu-{key}", most=MOST_UNITS)
    if accepted is None:
        raise BadOrder(Text("Donner un nombre pour chaque ligne.", "Give a number for each line."), where=f"recu-{key}")
    return Counted(
        line_id=line.id,
        ordered=line.quantity,
        delivered=accepted,
        extra=form_whole(f"plus-{key}", most=MOST_UNITS) or 0,
        reason=form_words(f"motif-{key}", longest=40),
    )
