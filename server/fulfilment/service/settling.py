"""A visit becomes deliveries, and each delivery settles its order, in the transaction of its receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.service import Settlement, settle_delivery
from server.conversations.model import ThreadSubject
from server.conversations.service import say
from server.core import facts
from server.core.acting import acting_for, acting_org, savepoint
from server.core.stamp import Stamp
from server.delivery.model import Delivery, Terms, VarianceNotice, Visit
from server.delivery.service import (
    OrderParties,
    VisitRecord,
    open_discrepancy,
    read_terms,
    record_delivery,
    record_visit,
    terms_cited,
)
from server.fulfilment.events import DELIVERY_SETTLED
from server.fulfilment.issued import Issued
from server.fulfilment.service.belonging import OnceNamed, require_parties
from server.fulfilment.service.changed_since import ask_about_changed_order
from server.fulfilment.service.comparing import compare_delivery
from server.fulfilment.service.overages import supply
from server.fulfilment.service.questions import (
    ask_about_changed_plan,
    ask_about_struck_lines,
    is_first_delivery,
    is_first_visit,
    note_unmentioned,
)
from server.fulfilment.service.stock_effects import move_delivered_goods
from server.fulfilment.service.taking import take_at_visit
from server.orders.model import Order
from server.orders.service import (
    held_already,
    mark_delivered,
    mark_not_delivered,
    mark_planned,
    mark_shipped,
)
from server.parties.model import BillingType
from server.planning.model import Run, Stop
from server.planning.service import load_unlisted
from shared.delivery import DeliveredLine
from shared.lifecycles import OrderState
from shared.problems import Problem, Text
from shared.visit import OrderFacts, VisitFacts
from shared.wire.event import VisitFinished


class NotThisOrder(Problem):
    """The visit speaks of lines or an order that its terms do not hold."""

    slug = "lines-not-in-terms"
    title = Text("Lignes étrangères aux conditions", "Lines foreign to the terms")


@dataclass(frozen=True, slots=True)
class VisitReport:
    """Everything that a sealed visit says, read and checked.

    ``once_named`` gives whom and which deposits the tablet's versions of the run named at its stop, ``stop_changed``
    whether the office's version says otherwise of the stop than the tablet's.
    """

    record: VisitRecord
    finished: VisitFinished
    said: VisitFacts
    plan_version: int
    once_named: Callable[[], OnceNamed] = OnceNamed
    stop_changed: Callable[[], bool] = lambda: True


def settle_visit(session: Session, report: VisitReport, *, run: Run, stop: Stop, stamp: Stamp) -> tuple[Issued, ...]:
    """Record a visit and its deliveries, settle each order by the terms it cites, and return what was issued.

    Whatever billing refuses leaves the delivery standing and a discrepancy for a dispatcher. An order that another
    visit delivered before keeps its first delivery: a different one is a dispute, an equal one nothing. So do the
    empties and the money of a stop that was visited before.

    Raises:
        UnknownTerms, NotThisOrder, ForeignParty: the whole visit waits for a person.

    Source: R016, R017, R018, R023, R024; C12, C14, C16, C27, C30.
    """
    cited = [(facts_, cited_terms(session, facts_)) for facts_ in report.said.orders]
    agreed = [terms for _said, terms in cited]
    require_parties(session, report.said, run=run, stop=stop, cited=agreed, once_named=report.once_named)
    visit = record_visit(session, report.record, report.finished, outcome=report.said.outcome)
    if report.plan_version != run.version and report.stop_changed():
        ask_about_changed_plan(session, report.plan_version, run=run, stop=stop, stamp=stamp)
    note_unmentioned(session, visit, report.said, stop=stop, stamp=stamp)
    issued: list[Issued] = []
    for said, terms in cited:
        issued += deliver_order(session, visit, said, terms, stamp=stamp)
    if is_first_visit(session, visit, report.said, stamp=stamp):
        issued += take_at_visit(session, visit, report.said, stamp=stamp)
    return tuple(issued)


def cited_terms(session: Session, said: OrderFacts) -> Terms:
    """Return the terms that a visit cites for an order.

    Raises:
        UnknownTerms: no bundle carried them.
        NotThisOrder: the counted lines are not theirs.
    """
    terms = terms_cited(session, order_id=UUID(said.order_id), digest=said.leaf.terms_hash)
    goods, _prices = read_terms(terms)
    ordered = {line.line_id: line.quantity for line in goods.lines}
    if {line.line_id: line.ordered for line in said.lines} != ordered:
        raise NotThisOrder(
            Text(
                "Les lignes livrées ne sont pas celles des conditions citées.",
                "The delivered lines are not those of the cited terms.",
            ),
            where=said.order_id,
        )
    return terms


def deliver_order(session: Session, visit: Visit, said: OrderFacts, terms: Terms, *, stamp: Stamp) -> Iterator[Issued]:
    """Record and settle what a visit delivered of one order; a second visit's order is a question at most."""
    goods, _prices = read_terms(terms)
    if not is_first_delivery(session, visit, said, stamp=stamp):
        return
    order = order_here(session, UUID(said.order_id))
    parties = OrderParties(
        seller_id=UUID(goods.seller_id),
        buyer_id=UUID(goods.buyer_id),
        issuer_id=UUID(goods.issuer_id),
        agent_id=order.agent_id,
    )
    delivery = record_delivery(session, visit, said, terms, parties, stamp=stamp)
    if order.state is OrderState.ACCEPTED:  # its run was cancelled, or lost it, after its tablet had left
        load_unlisted(session, run_id=visit.run_id, order=order, stamp=stamp)
    _advance(session, order, said, delivery, stamp)
    move_delivered_goods(session, delivery=delivery, order=order, stamp=stamp)
    ask_about_struck_lines(session, delivery, order, stamp=stamp)
    yield from _settle(session, delivery, order, terms, stamp=stamp)


def order_here(session: Session, order_id: UUID) -> Order:
    """Return an order that the acting carrier delivers, with its lines; a seller is the carrier where none is named.

    Raises:
        NotThisOrder: it is not entrusted to this carrier.
    """
    order = (
        held_already(session, order_id)
        or session.scalars(select(Order).where(Order.id == order_id).options(selectinload(Order.lines))).one_or_none()
    )
    if order is None or (order.carrier_id or order.owner_id) != acting_org(session):
        raise NotThisOrder(
            Text("Cette commande n’est pas confiée à ce transporteur.", "This order is not entrusted to this carrier."),
            where=str(order_id),
        )
    return order


def _advance(session: Session, order: Order, said: OrderFacts, delivery: Delivery, stamp: Stamp) -> None:
    if order.state is OrderState.ACCEPTED:
        mark_planned(session, order=order, planned_on=order.planned_on or delivery.delivered_at.date(), stamp=stamp)
    if order.state is OrderState.PLANNED:
        mark_shipped(session, order=order, stamp=stamp)
    if said.leaf.outcome in {"refused", "failed"}:
        mark_not_delivered(session, order=order, stamp=stamp)
    else:
        is_partial = said.leaf.outcome == "partial"
        mark_delivered(session, order=order, stamp=stamp, delivered_at=delivery.delivered_at, partly=is_partial)


def _settle(session: Session, delivery: Delivery, order: Order, terms: Terms, *, stamp: Stamp) -> Iterator[Issued]:
    try:
        with savepoint(session):
            settlement = settle_delivery(session, delivery=delivery, order=order, terms=terms, stamp=stamp)
            issued = list(_issued(session, delivery, order, terms, settlement, stamp=stamp))
    except Problem as problem:
        yield from leave_to_people(session, delivery, order, problem, stamp)
        ask_about_changed_order(session, delivery, order, terms, stamp)
        return
    if not _follow(session, delivery, order, settlement, issued, stamp=stamp):
        ask_about_changed_order(session, delivery, order, terms, stamp)
    yield from issued


def leave_to_people(
    session: Session, delivery: Delivery, order: Order, refused: Problem, stamp: Stamp
) -> Iterator[Issued]:
    """Ask a dispatcher about a delivery that billing refused; its parties read what varies, as of any other (R022).

    Who bills it outside by now is told by a notice (C14), of what was accepted beyond the order, too.
    """
    _discrepancy(session, delivery, "settlement_refused", refused.detail, stamp)
    open_thread(session, delivery, order, stamp)
    varies = any(line.ordered != line.delivered or line.extra for line in delivery.lines)
    if varies and order.billing_type is BillingType.EXTERNAL:
        yield Issued(order.id, note_variance(session, delivery, stamp))


def settle_at_desk(
    session: Session, delivery: Delivery, order: Order, terms: Terms, *, stamp: Stamp
) -> tuple[Issued, ...]:
    """Settle a delivery that a person tells, as a synced one is, and return what was issued.

    Raises:
        IssuerChanged, NoIssuer, OrderChanged, MissingRegistration: as ``settle_delivery``; who tells it can mend it,
            so that nothing is delivered either.
    """
    settlement = settle_delivery(session, delivery=delivery, order=order, terms=terms, stamp=stamp)
    issued = list(_issued(session, delivery, order, terms, settlement, stamp=stamp))
    _follow(session, delivery, order, settlement, issued, stamp=stamp)
    return tuple(issued)


def _follow(
    session: Session, delivery: Delivery, order: Order, settlement: Settlement, issued: list[Issued], *, stamp: Stamp
) -> bool:
    """Tell what the settlement came to; say whether a person is asked about what it bills."""
    for difference in settlement.differences:
        _discrepancy(session, delivery, difference.kind, difference.text, stamp)
    differs = compare_delivery(session, delivery, settlement, issued, stamp)
    open_thread(session, delivery, order, stamp)
    facts.record(session, DELIVERY_SETTLED, delivery.id, stamp, readers=tuple(delivery.party_ids))
    return differs or bool(settlement.differences)


def open_thread(session: Session, delivery: Delivery, order: Order, stamp: Stamp) -> None:
    """A variance opens a thread on the order, where its parties settle what it means (R022)."""
    short = sum(line.ordered - line.delivered for line in delivery.lines)
    extra = sum(line.extra for line in delivery.lines)
    if not short and not extra:
        return
    text = Text(
        f"À la livraison : {short} en moins, {extra} en plus sur la commande {order.number}.",
        f"On delivery: {short} short, {extra} extra on order {order.number}.",
    )
    with acting_for(session, order.owner_id):
        say(
            session, subject=ThreadSubject.ORDER, subject_id=order.id, text=text, stamp=stamp,
            readers=set(order.party_ids) | {delivery.owner_id},
        )  # fmt: skip


def _issued(
    session: Session, delivery: Delivery, order: Order, terms: Terms, settlement: Settlement, *, stamp: Stamp
) -> Iterator[Issued]:
    if settlement.invoice is not None and settlement.kind == "invoice":
        yield Issued(order.id, settlement.invoice)
    if settlement.credit is not None:
        yield Issued(order.id, settlement.credit)
    yield from supply(session, delivery=delivery, order=order, terms=terms, stamp=stamp)
    if settlement.variance:
        yield Issued(order.id, note_variance(session, delivery, stamp))


def note_variance(session: Session, delivery: Delivery, stamp: Stamp) -> VarianceNotice:
    """Write the notice that tells an external order's seller what is missing (C14)."""
    lines = [DeliveredLine(str(line.order_line_id), line.ordered, line.delivered, line.not_shipped, line.lost,
                           line.returned, line.extra, line.reason) for line in delivery.lines]  # fmt: skip
    notice = VarianceNotice(
        **delivery.kin(),
        delivery_id=delivery.id,
        order_id=delivery.order_id,
        seller_id=delivery.seller_id,
        short_units=sum(line.ordered - line.delivered for line in lines),
        extra_units=sum(line.extra for line in lines),
        made_at=stamp.at,
    )
    session.add(notice)
    session.flush()
    return notice


def _discrepancy(session: Session, delivery: Delivery, kind: str, text: Text, stamp: Stamp) -> None:
    open_discrepancy(session, kind=kind, subject_id=delivery.id, text=text, stamp=stamp)
