"""Changing an order before it is filled, and taking every change back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.catalog.service import name_of
from server.core import facts
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import Order, OrderLine, RequestKind
from server.orders.pricing import reprice
from server.orders.service.choosing import has_priced_items, prices_are_the_sellers
from server.orders.service.differences import changes, in_one, reprices, seen
from server.orders.service.holding import held, is_seller_side, refuse_buyer, require_seen, require_seller_side
from server.orders.service.lines import OrderItem, make_lines, tax_rules_for
from server.orders.service.rebates import Rebate, reshare, share_rebates
from server.orders.service.requesting import grant_open
from server.orders.service.stock_cover import require_cover
from server.orders.service.timeline import enter
from server.orders.snapshot import header_from, lines_from
from server.parties import queries as parties
from server.parties.terms import ChosenTerms, effective_terms
from shared.states import BillingState, OrderState

_OPEN: Final = (OrderState.DRAFT, OrderState.PENDING, OrderState.ACCEPTED, OrderState.PLANNED)


def revise(
    session: Session,
    *,
    order: Order,
    items: Sequence[OrderItem],
    stamp: Stamp,
    document_discount_cents: int = 0,
    taxed: bool = True,
    with_deposits: bool = True,
    rebates: Sequence[Rebate] = (),
    note: str | None = None,
    seen_revision: int | None = None,
) -> Order:
    """Replace what was ordered, until the goods leave; nothing is accepted by it (R065).

    ``order.lines`` must be loaded. Items that name a line keep what was frozen on it; others are frozen at today's
    prices. Every change stands in the timeline, in words. With ``seen_revision`` the order must still be as read.

    Raises:
        Forbidden: the buyer acts (R045), or a carrier that does not bill says more than quantities and formats
            of the catalogue: a price, a discount, a tax, a deposit, a charge (R063, C22).
        StaleOrder: it was changed since ``seen_revision``.
        Conflict: an invoice stands (R043), or the goods have left.
        BadOrder, TermsMismatch: the content cannot be.

    Source: R043, R049, R052, R057, R059, R062, R063, R065.
    """
    refuse_buyer(session, order)
    typed_by, may_price = name_of(session, stamp), is_seller_side(session, order)
    with held(session, order):
        require_seen(session, order, seen_revision)
        _require_open(order)
        before = seen(order)
        order.document_discount_cents = document_discount_cents
        order.taxed, order.with_deposits = taxed, with_deposits
        order.note = order.note if note is None else note
        on = _business_day(session, order, stamp)
        taxes = tax_rules_for(session, issuer_id=_issuer_id(session, order), on=on)
        lines = make_lines(session, order, items=items, on=on, typed_by=typed_by, standing=order.lines)
        _replace_lines(session, order, lines)
        share_rebates(order, rebates, codes=[rule.code for rule in taxes])
        after = seen(order)
        if not may_price and (reprices(before, after) or has_priced_items(items)):
            raise prices_are_the_sellers(order)
        reprice(order, taxes=taxes, on=on)
        grant_open(session, order, (RequestKind.CHANGE,), stamp)
        if order.state in {OrderState.ACCEPTED, OrderState.PLANNED}:
            session.flush()
            _require_still_covered(session, order)
        _tell_revised(session, order, changes(before, after), stamp)
    return order


def relieve_of_taxes(session: Session, *, order: Order, taxed: bool, stamp: Stamp) -> Order:
    """Take the taxes off an order that may have left, or put them back, until it is invoiced; all else stays.

    Put back, they are those of the day of its delivery (T8). ``order.lines`` must be loaded. Saying what stands changes
    nothing.

    Raises:
        Forbidden: the buyer acts, or a carrier that does not bill for the seller.
        Conflict: it is invoiced.

    Source: R052, C22; ADR 0048.
    """
    require_seller_side(session, order)
    with held(session, order):
        _require_uninvoiced(order)
        if order.taxed != taxed:
            before = seen(order)
            order.taxed = taxed
            issuer_id = _issuer_id(session, order)
            on = _business_day(session, order, stamp)
            if order.delivered_at is not None:
                on = order.delivered_at.astimezone(parties.zone_of(session, org_id=issuer_id)).date()
            taxes = tax_rules_for(session, issuer_id=issuer_id, on=on)
            reshare(order, taxes=taxes, on=on)
            reprice(order, taxes=taxes, on=on)
            _tell_revised(session, order, changes(before, seen(order)), stamp)
    return order


def restore(session: Session, *, order: Order, stamp: Stamp, seen_revision: int | None = None) -> Order:
    """Give a pending order the very content that was submitted, how it is billed included (R066).

    It is priced with the rates of the day that it was priced on then. ``order.lines`` must be loaded; with
    ``seen_revision`` the order must still be as read.

    Raises:
        Forbidden: the buyer acts, or a carrier that does not bill for the seller.
        StaleOrder: it was changed since ``seen_revision``.
        Conflict: the order is not pending any more.
    """
    require_seller_side(session, order)
    with held(session, order):
        require_seen(session, order, seen_revision)
        if order.state is not OrderState.PENDING:
            raise Conflict(
                Text("Seule une commande en attente se restaure.", "Only a pending order can be restored."),
                where=order.number,
            )
        for name, value in header_from(order.submitted_snapshot).items():
            setattr(order, name, value)
        _replace_lines(session, order, lines_from(order, order.submitted_snapshot))
        on = order.priced_on
        reprice(order, taxes=tax_rules_for(session, issuer_id=_issuer_id(session, order), on=on), on=on)
        order.revision += 1
        enter(session, order, "restored", Text("Commande restaurée.", "Order restored."), stamp)
        facts.record(session, events.ORDER_RESTORED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def _replace_lines(session: Session, order: Order, lines: list[OrderLine]) -> None:
    for line in order.lines:
        session.delete(line)
    session.flush()
    session.add_all(lines)
    set_committed_value(order, "lines", lines)


def _require_still_covered(session: Session, order: Order) -> None:
    """An accepted order already counts among the reservations: it is left out while its cover is judged."""
    state, order.state = order.state, OrderState.PENDING
    session.flush()
    require_cover(session, order)
    order.state = state


def _tell_revised(session: Session, order: Order, said: Sequence[Text], stamp: Stamp) -> None:
    order.revision += 1
    head = Text(f"Commande modifiée (révision {order.revision}).", f"Order changed (revision {order.revision}).")
    enter(session, order, "revised", in_one(head, said), stamp)
    facts.record(session, events.ORDER_REVISED, order.id, stamp, readers=tuple(order.party_ids))


def _issuer_id(session: Session, order: Order) -> UUID:
    if order.issuer_id is not None:
        return order.issuer_id
    return effective_terms(
        session,
        seller_id=order.owner_id,
        buyer_id=order.buyer_id,
        carrier_id=order.carrier_id if order.agreement_id else None,
        chosen=ChosenTerms(billing_type=order.billing_type),
    ).issuer_id


def _business_day(session: Session, order: Order, stamp: Stamp) -> date:
    return stamp.at.astimezone(parties.zone_of(session, org_id=order.owner_id)).date()


def _require_open(order: Order) -> None:
    if order.state not in _OPEN:
        raise _fixed(order)
    _require_uninvoiced(order)


def _require_uninvoiced(order: Order) -> None:
    if order.billing_state is not BillingState.UNINVOICED:
        raise _fixed(order)


def _fixed(order: Order) -> Conflict:
    return Conflict(
        Text(
            "Une commande expédiée ou facturée ne se modifie plus. Passer par un crédit ou une nouvelle commande.",
            "An order that has left or is invoiced does not change. Use a credit or a new order.",
        ),
        where=order.number,
    )
