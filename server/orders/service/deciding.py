"""The seller's answer to an order: accept, reject, cancel; the clock's: expire."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import facts
from server.core.days import day_text
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import DistributionMethod, Order, RequestKind
from server.orders.pricing import reprice
from server.orders.service.choosing import require_wanted_day
from server.orders.service.holding import held, require_seen, require_seller_side, require_state
from server.orders.service.lines import BadOrder, tax_rules_for
from server.orders.service.rebates import rebates_of, share_rebates
from server.orders.service.requesting import grant_open
from server.orders.service.stock_cover import require_cover
from server.orders.service.timeline import enter
from server.parties import queries as parties
from server.parties.model import BillingType
from server.parties.terms import ChosenTerms, effective_terms
from shared.states import BillingState, OrderState

MAX_REASON: Final = 500
AGREED_DAY: Final = "agreed_day"
"""The timeline's entry in which whoever accepts answers the buyer's wish for a day."""


def accept(
    session: Session,
    *,
    order: Order,
    stamp: Stamp,
    by_system: bool = False,
    planned_on: date | None = None,
    billing_type: BillingType | None = None,
    one_invoice_a_stop: bool | None = None,
    wanted_on: date | None = None,
    seen_revision: int | None = None,
) -> Order:
    """Accept a pending order; its issuer is named now, and who bills and on how many invoices may still be chosen.

    ``order.lines`` must be loaded. ``planned_on`` is the next delivery of the carrier's cycle, when there is one.
    ``wanted_on`` confirms the day that was wished for, or agrees to another: it is the buyer's answer, and no date
    follows it. With ``seen_revision`` the order must still be as the caller read it.

    Raises:
        StaleOrder: it was changed since.
        Forbidden: the buyer acts, or a carrier that does not bill for the seller.
        OutOfStock: the warehouse does not cover it (C9).
        NoBillingAgent: agent billing without an agent in the agreement.
        OneInvoiceNeedsAgent: one invoice a stop without agent billing.
        BadOrder: the agreed day is past, or too far ahead; or a rebate is above the lines that its issuer taxes so.
        IllegalMove: the order is not pending.

    Source: R012, R064, R069, C7, C9, C15, C28.
    """
    if not by_system:
        require_seller_side(session, order)
    with held(session, order):
        require_seen(session, order, seen_revision)
        require_state(order, OrderState.PENDING)  # accepted orders count as reservations: its own must not yet
        require_cover(session, order)
        chosen = chosen_terms(order, billing_type or order.billing_type, one_invoice_a_stop=one_invoice_a_stop)
        settle_terms(session, order, chosen, stamp)
        order.move_to(OrderState.ACCEPTED)
        order.accepted_at = stamp.at
        order.accepted_by_system = by_system
        order.planned_on = order.planned_on or planned_on
        text = (
            Text("Commande acceptée par le système.", "Order accepted by the system.")
            if by_system
            else Text("Commande acceptée.", "Order accepted.")
        )
        enter(session, order, "accepted", text, stamp)
        if wanted_on is not None:
            _agree_on(session, order, wanted_on, stamp)
        facts.record(session, events.ORDER_ACCEPTED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def _agree_on(session: Session, order: Order, wanted_on: date, stamp: Stamp) -> None:
    require_wanted_day(session, seller_id=order.owner_id, wanted_on=wanted_on, at=stamp.at)
    on, before = day_text(wanted_on), order.wanted_on
    if before == wanted_on:
        said = Text(f"Jour souhaité confirmé : {on.fr}.", f"Wanted day confirmed: {on.en}.")
    elif before is None:
        said = Text(f"Jour de livraison convenu : {on.fr}.", f"Agreed day of delivery: {on.en}.")
    else:
        was = day_text(before)
        said = Text(
            f"Jour de livraison convenu : {on.fr}, au lieu du jour souhaité, {was.fr}.",
            f"Agreed day of delivery: {on.en}, instead of the wanted day, {was.en}.",
        )
    order.wanted_on = wanted_on
    enter(session, order, AGREED_DAY, said, stamp)


def reject(session: Session, *, order: Order, reason: str, stamp: Stamp) -> Order:
    """Reject a pending order, with the reason that its parties read.

    Raises:
        Forbidden: the buyer acts, or a carrier that does not bill for the seller.
        BadOrder: no reason, or too long a one.
        IllegalMove: the order is not pending.
    """
    require_seller_side(session, order)
    _require_reason(reason)
    with held(session, order):
        order.move_to(OrderState.REJECTED)
        text = Text(f"Commande rejetée\u00a0: {reason}", f"Order rejected: {reason}")
        enter(session, order, "rejected", text, stamp)
        facts.record(session, events.ORDER_REJECTED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def cancel(session: Session, *, order: Order, reason: str, stamp: Stamp) -> Order:
    """Cancel an order that has not left yet; what it reserved is free again.

    Raises:
        Forbidden: the buyer (R045, C13), or a carrier that does not bill for the seller.
        BadOrder: no reason, or too long a one.
        Conflict: its invoice stands; void it first.
        IllegalMove: it has left, or is over.

    Source: section 4 (annulée, seller side).
    """
    require_seller_side(session, order)
    _require_reason(reason)
    with held(session, order):
        _require_uninvoiced(order)
        order.move_to(OrderState.CANCELLED)
        grant_open(session, order, (RequestKind.CHANGE, RequestKind.CANCEL), stamp)
        text = Text(f"Commande annulée\u00a0: {reason}", f"Order cancelled: {reason}")
        enter(session, order, "cancelled", text, stamp)
        facts.record(session, events.ORDER_CANCELLED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def expire(session: Session, *, order: Order, stamp: Stamp) -> Order:
    """Let a pending order lapse that nobody answered."""
    with held(session, order):
        order.move_to(OrderState.EXPIRED)
        enter(session, order, "expired", Text("Commande expirée.", "Order expired."), stamp)
        facts.record(session, events.ORDER_EXPIRED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def chosen_terms(order: Order, billing_type: BillingType, *, one_invoice_a_stop: bool | None) -> ChosenTerms:
    """Return an order's terms as they are accepted; another billing type leaves what depends on it to the client's."""
    is_same = billing_type is order.billing_type
    kept = order.one_invoice_a_stop if is_same else None
    return ChosenTerms(
        billing_type=billing_type,
        emission=order.emission,
        deliver_with=order.deliver_with if is_same else None,
        one_invoice_a_stop=kept if one_invoice_a_stop is None else one_invoice_a_stop,
    )


def settle_terms(session: Session, order: Order, chosen: ChosenTerms, stamp: Stamp, *, is_final: bool = True) -> None:
    """Settle how an order is billed; ``is_final``, its issuer too. It costs what its issuer would bill for it today.

    Lines keep the taxes that they bear: another issuer charges those that it is registered for, and rebates come off
    the lines that it charges so (R059). A billing agent's fee is what its agreement says now, whatever it says later
    (C28).

    Raises:
        NoBillingAgent, OneInvoiceNeedsAgent: the agreement does not have what was chosen.
        BadOrder: a rebate is above the lines of its taxation, as this issuer charges them.
    """
    contracted = order.distribution is DistributionMethod.DISTRIBUTOR
    terms = effective_terms(
        session,
        seller_id=order.owner_id,
        buyer_id=order.buyer_id,
        carrier_id=order.carrier_id if contracted else None,
        chosen=chosen,
    )
    order.billing_type = terms.billing_type
    order.deliver_with = terms.deliver_with
    order.one_invoice_a_stop = terms.one_invoice_a_stop
    if is_final:
        order.issuer_id, order.agent_fee_bp = terms.issuer_id, terms.agent_fee_bp
        _let_issuer_in(order, terms.issuer_id)
    on = stamp.at.astimezone(parties.zone_of(session, org_id=terms.issuer_id)).date()
    taxes = tax_rules_for(session, issuer_id=terms.issuer_id, on=on)  # a registration may be entered at any hour
    share_rebates(order, rebates_of(order), codes=[rule.code for rule in taxes])
    reprice(order, taxes=taxes, on=on)


def _let_issuer_in(order: Order, issuer_id: UUID) -> None:
    if issuer_id in {order.owner_id, *order.party_ids}:
        return
    readers = sorted({*order.party_ids, issuer_id})
    for row in (order, *order.lines):
        row.party_ids = list(readers)


def _require_uninvoiced(order: Order) -> None:
    if order.billing_state is not BillingState.UNINVOICED:
        raise Conflict(
            Text(
                "Une facture existe pour cette commande. L’annuler d’abord.",
                "An invoice stands for this order. Void it first.",
            ),
            where=order.number,
        )


def _require_reason(reason: str) -> None:
    if not 1 <= len(reason.strip()) <= MAX_REASON:
        raise BadOrder(
            Text(
                f"Donner une raison, de {MAX_REASON} caractères au plus.",
                f"Give a reason of {MAX_REASON} characters at most.",
            ),
            where="reason",
        )
