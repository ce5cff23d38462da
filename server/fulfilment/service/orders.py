"""An order's turning points, where cycles, runs and invoices have a say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server.billing.queries import live_invoice
from server.billing.service import publish_for_order, void_spent
from server.conversations import service as talk
from server.conversations.model import ThreadSubject
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import Conflict, Forbidden, Text
from server.core.stamp import Stamp
from server.fulfilment.service.leaving import let_provisional_go, take_off_run
from server.fulfilment.service.riding_again import require_billed_whole, require_order_decided
from server.fulfilment.service.under_invoice import require_no_invoice
from server.fulfilment.service.waiting import reason_to_wait, terms_of
from server.orders import events
from server.orders import service as orders
from server.orders.model import Order, OrderRequest, RequestKind
from server.orders.service.holding import held, refuse_buyer, require_seller_side
from server.orders.service.requesting import WORDS as REQUEST_WORDS
from server.parties import queries as parties
from server.parties.model import BillingType, DeliverWith, Emission
from server.planning import queries as planning_read
from shared.states import OrderState

_UNDOCUMENTED = (OrderState.DRAFT, OrderState.PENDING, OrderState.ACCEPTED, OrderState.PLANNED)


def submit_order(session: Session, *, order: Order, stamp: Stamp, seen_revision: int | None = None) -> Order:
    """Submit a draft; its group may accept it at once, by the system. ``order.lines`` must be loaded.

    With ``seen_revision`` the draft must still be as the caller read it.

    Accepted without anyone's hand when the group says so, both minimums are met (equality passes) and stock covers
    it. Under the minimums, or short of stock, it waits and its seller is warned. The door ends with
    ``billing.service.publish_pending``.

    Raises:
        Forbidden: neither who made it nor the seller's side acts.
        StaleOrder: it was changed since.
        IllegalMove: it is no draft.

    Source: R067-R070, C8, C9; section 4 (its creator submits).
    """
    if acting_org(session) != order.created_by_org_id:
        require_seller_side(session, order)
    orders.submit(session, order=order, stamp=stamp, seen_revision=seen_revision)
    terms = terms_of(session, order)
    if not terms.auto_accept:
        return order
    if reason := reason_to_wait(session, order, terms):
        with acting_for(session, order.owner_id):
            orders.enter(session, order, "waits_for_seller", reason, stamp)
            facts.record(session, events.ORDER_UNDER_MINIMUM, order.id, stamp)
        return order
    return accept_order(session, order=order, stamp=replace(stamp, by=None, device_id=None), by_system=True)


def accept_order(
    session: Session,
    *,
    order: Order,
    stamp: Stamp,
    by_system: bool = False,
    billing_type: BillingType | None = None,
    one_invoice_a_stop: bool | None = None,
    wanted_on: date | None = None,
    seen_revision: int | None = None,
) -> Order:
    """Accept an order; with emission on acceptance its one invoice is made in the same transaction.

    Its day comes from the carrier's cycles, and its issuer is named now; ``wanted_on`` answers the buyer's wish.
    ``order.lines`` must be loaded. The door ends with ``billing.service.publish_pending``.

    Raises:
        Forbidden, StaleOrder, OutOfStock, NoBillingAgent, BadOrder, IllegalMove: as ``orders.service.accept``.
        MissingRegistration: the invoice would charge a tax without a number; then nothing is accepted either.

    Source: R004, R012, R064, R072, R074, R076, R077.
    """
    planned_on = order.planned_on or _next_delivery_on(session, order, stamp)
    orders.accept(
        session,
        order=order,
        stamp=stamp,
        by_system=by_system,
        planned_on=planned_on,
        billing_type=billing_type,
        one_invoice_a_stop=one_invoice_a_stop,
        wanted_on=wanted_on,
        seen_revision=seen_revision,
    )
    if order.emission is Emission.ON_ACCEPT and order.billing_type is not BillingType.EXTERNAL:
        publish_for_order(session, order=order, stamp=stamp)
    return order


def revise_order(session: Session, *, order: Order, stamp: Stamp, **content: Any) -> Order:
    """Change what was ordered, unless an invoice stands, be it provisional; ``content`` is what ``revise`` takes.

    Raises:
        Conflict: an invoice stands (R043); a provisional one goes when the order leaves its run, or is on none.
        Forbidden, StaleOrder, BadOrder, TermsMismatch: as ``orders.service.revise``.
    """
    refuse_buyer(session, order)
    require_no_invoice(session, order, stamp=stamp)
    return orders.revise(session, order=order, stamp=stamp, **content)


def ask_change(
    session: Session, *, order: Order, kind: RequestKind, words: str, by_name: str, stamp: Stamp
) -> OrderRequest:
    """Return the buyer's request to change or cancel its order; it stands in the order's chat, too (C13).

    Raises:
        Forbidden, BadOrder, Conflict: as ``orders.service.ask``.
    """
    made = orders.ask(session, order=order, kind=kind, words=words, by_name=by_name, stamp=stamp)
    head = REQUEST_WORDS[kind]
    talk.say(
        session,
        subject=ThreadSubject.ORDER,
        subject_id=order.id,
        text=Text(f"{head.fr}\u00a0: {made.words}", f"{head.en}: {made.words}"),
        readers=(order.owner_id, *order.party_ids),
        author_name=by_name,
        stamp=stamp,
    )
    return made


def choose_paper(session: Session, *, order: Order, deliver_with: DeliverWith, stamp: Stamp) -> Order:
    """Choose the paper that an order is delivered with, until its run's papers are made.

    Raises:
        Forbidden: neither its carrier nor the seller's side acts.
        Conflict: it is billed outside (R009), has left, or an invoice stands.

    Source: R013.
    """
    if acting_org(session) != order.carrier_id:
        require_seller_side(session, order)
    with held(session, order):
        is_free = order.billing_type is not BillingType.EXTERNAL and order.state in _UNDOCUMENTED
        standing = live_invoice(session, order_id=order.id)
    if not is_free or standing is not None:
        raise Conflict(
            Text(
                "Une commande facturée, partie ou facturée à l’externe garde son document de livraison.",
                "An order that is invoiced, has left or is billed outside keeps its paper.",
            ),
            where=order.number,
        )
    return orders.deliver_with(session, order=order, paper=deliver_with, stamp=stamp)


def cancel_order(session: Session, *, order: Order, reason: str, stamp: Stamp) -> Order:
    """Cancel an order that has not left: it leaves its run, and a provisional invoice is let go, whoever made it.

    Raises:
        RunFixed: its run is being loaded or has left.
        Conflict: a published invoice stands; void it first. Or a run took the order while it was looked at.
        Forbidden, IllegalMove: as ``orders.service.cancel``.
    """
    require_seller_side(session, order)
    is_planned = order.state is OrderState.PLANNED
    if is_planned and order.carrier_id is not None:
        with acting_for(session, order.carrier_id):
            run = planning_read.run_of_order(session, order_id=order.id)
            if run is not None:
                take_off_run(session, run_id=run.id, order_id=order.id, stamp=stamp)
    with held(session, order):  # runs are locked before orders: it is too late to look for its run
        if order.state is OrderState.PLANNED and not is_planned:
            raise Conflict(
                Text(
                    f"La commande {order.number} vient d’être mise sur une tournée. Recommencez\u00a0: elle en sera "
                    "retirée, puis annulée.",
                    f"Order {order.number} was just put on a run. Start over: it will be taken off it, then cancelled.",
                ),
                where=order.number,
            )
    let_provisional_go(session, order, stamp=stamp)
    return orders.cancel(session, order=order, reason=reason, stamp=stamp)


def choose_billing(
    session: Session,
    *,
    order: Order,
    billing_type: BillingType,
    one_invoice_a_stop: bool | None,
    stamp: Stamp,
    seen_revision: int | None = None,
) -> Order:
    """Choose how an order is billed; a provisional invoice of the former choice is let go (R007).

    Raises:
        Forbidden, StaleOrder, BillingFixed, NoBillingAgent, OneInvoiceNeedsAgent: as ``orders.service.choose_billing``.

    Source: R001, R012.
    """
    revision = order.revision
    chosen = orders.choose_billing(
        session,
        order=order,
        billing_type=billing_type,
        one_invoice_a_stop=one_invoice_a_stop,
        stamp=stamp,
        seen_revision=seen_revision,
    )
    if chosen.revision != revision:
        let_provisional_go(session, chosen, stamp=stamp)
    return chosen


def _next_delivery_on(session: Session, order: Order, stamp: Stamp) -> date | None:
    if order.carrier_id is None:
        return None
    zone = parties.zone_of(session, org_id=order.carrier_id)
    return planning_read.next_delivery_on(
        session,
        carrier_id=order.carrier_id,
        seller_id=order.owner_id,
        site_id=order.site_id,
        after=stamp.at.astimezone(zone).date(),
    )


def replan_order(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Let an order that nobody accepted ride again: its carrier, or its seller, decides (C27).

    An invoice of which people credited everything is voided, so that the next delivery is billed. The door ends with
    ``billing.service.publish_pending``.

    Raises:
        Forbidden: another party of the order acts.
        CreditUndecided: a credit that its delivery proposed waits for its issuer's decision.
        BilledInPart: the invoice that stands bills what a delivery left of the order; void it first.
        IllegalMove: the order was not left undelivered.
    """
    if acting_org(session) not in {order.owner_id, order.carrier_id}:
        raise Forbidden(
            Text(
                "Seul le transporteur ou le vendeur remet une commande à planifier.",
                "Only the carrier or the seller puts an order back to plan.",
            ),
            where=order.number,
        )
    with held(session, order):
        came_back = order.state is OrderState.NOT_DELIVERED
    if came_back:
        require_order_decided(session, order)
        void_spent(session, order=order, stamp=stamp)
        require_billed_whole(session, order)
    return orders.reopen(session, order=order, stamp=stamp)
