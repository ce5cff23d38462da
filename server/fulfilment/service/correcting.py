"""Correcting a delivery that was received: a new revision, and what followed from the former one by the difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.service import CorrectedBooks, settle_correction
from server.core import facts
from server.core.acting import acting_org, savepoint
from server.core.problems import Conflict
from server.core.stamp import Stamp
from server.delivery import queries as delivered
from server.delivery.model import CorrectionSource, Delivery, Terms, Visit, VisitOutcome
from server.delivery.service import (
    Because,
    Recounted,
    counted,
    open_discrepancy,
    reason_of,
    record_visit,
    revise_delivery,
)
from server.fulfilment.events import DELIVERY_RESETTLED
from server.fulfilment.issued import Issued
from server.fulfilment.service.belonging import require_parties
from server.fulfilment.service.changed_since import ask_about_changed_order, comes_to_another
from server.fulfilment.service.comparing import compare_correction
from server.fulfilment.service.overages import replace_supplements
from server.fulfilment.service.questions import ask_about_struck_lines, note_unmentioned
from server.fulfilment.service.settling import (
    VisitReport,
    cited_terms,
    deliver_order,
    leave_to_people,
    note_variance,
    open_thread,
    order_here,
)
from server.fulfilment.service.stock_effects import correct_delivered_goods
from server.fulfilment.service.taken import correct_taken
from server.fulfilment.service.told_again import require_same_correction
from server.fulfilment.service.told_lines import require_every_line
from server.orders.model import Order
from server.orders.service import correct_delivery
from server.orders.service.holding import held
from server.planning import progress
from server.planning.model import Run, Stop
from shared.delivered_line import DeliveredLine, outcome
from shared.problems import Problem, Text
from shared.states import OrderState
from shared.visit import OrderFacts

_CORRECTABLE = {OrderState.DELIVERED, OrderState.PARTLY_DELIVERED, OrderState.NOT_DELIVERED, OrderState.ACCEPTED}
_STATES = {
    VisitOutcome.COMPLETE: OrderState.DELIVERED,
    VisitOutcome.PARTIAL: OrderState.PARTLY_DELIVERED,
    VisitOutcome.REFUSED: OrderState.NOT_DELIVERED,
    VisitOutcome.FAILED: OrderState.NOT_DELIVERED,
}


class DeliverySuperseded(Conflict):
    """A later revision or a later visit stands for the order."""

    slug = "delivery-superseded"
    title = Text("Livraison déjà corrigée", "Delivery corrected already")


class OrderRidesAgain(Conflict):
    """The order is on its way again: what an earlier visit said of it is over."""

    slug = "order-rides-again"
    title = Text("Commande de nouveau en tournée", "Order on a run again")


class NothingCorrected(Conflict):
    """The correction says what the delivery says already."""

    slug = "nothing-corrected"
    title = Text("Rien à corriger", "Nothing to correct")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revision:
    """One delivery's new revision beside the one that it replaces."""

    before: Delivery
    delivery: Delivery
    order: Order
    terms: Terms


@dataclass(frozen=True, slots=True)
class Corrected:
    """A delivery's new revision and what was issued for it."""

    delivery: Delivery
    issued: tuple[Issued, ...]


def correct_by_hand(
    session: Session, *, delivery_id: UUID, lines: Sequence[DeliveredLine], reason: str, key: UUID, stamp: Stamp
) -> Corrected:
    """Correct a delivery from the office, with a reason that its parties read; nobody signs anew.

    ``lines`` are all lines of the order. ``key`` is the command's: sent again, it gives the same revision and issues
    nothing. The door ends with ``billing.service.publish_pending``.

    Raises:
        NotFound: the acting carrier has no such delivery.
        ReasonNeeded, UnbalancedLine, NotThisOrder: what is said cannot be.
        KeyUsed: the key corrected something else.
        DeliverySuperseded, OrderRidesAgain, NothingCorrected: the books say otherwise by now.

    Source: requirements, section 3 (« Correct a completed stop ») and section 4 (Stop).
    """
    words = reason_of(reason)
    before = delivered.delivery(session, delivery_id)
    visit = _visit_locked(session, before)
    if (known := delivered.correction_of_key(session, owner_id=acting_org(session), key=key)) is not None:
        made = delivered.delivery(session, known.delivery_id)
        page = f"/commandes/{known.order_id}"
        require_same_correction(known, made, delivery_id=delivery_id, lines=lines, reason=words, order=page)
        return Corrected(made, ())
    require_every_line(
        {str(line.order_line_id): line.ordered for line in before.lines}, [(one.line_id, one.ordered) for one in lines]
    )
    now = Recounted(
        lines=tuple(lines),
        outcome=VisitOutcome(outcome(lines)),
        photos={str(line.order_line_id): line.photos for line in before.lines},
    )
    terms = delivered.settled_terms(session, before)
    because = Because(key=key, source=CorrectionSource.OFFICE, reason=words)
    return _correct(session, before, visit=visit, terms=terms, now=now, because=because, stamp=stamp)


def _visit_locked(session: Session, before: Delivery) -> Visit | None:
    """Return the visit of the acting carrier's delivery, its run locked; None of one that was recorded by hand.

    Raises:
        NotFound: the delivery is another carrier's.
    """
    if before.visit_id is None:
        with held(session, order_here(session, before.order_id)):
            return None
    visit = delivered.visit(session, before.visit_id)
    progress.run_of(session, visit.run_id)
    return visit


def correct_visit(
    session: Session,
    report: VisitReport,
    *,
    run: Run,
    stop: Stop,
    because: Because,
    stamp: Stamp,
    visit: Visit | None = None,
) -> tuple[Issued, ...]:
    """Let a sealed visit replace what was received of its stop before, order by order; what is equal stays.

    ``visit`` is the one that the report tells when it was recorded before, as a second one that did not count. An
    order that no visit of the stop delivered is delivered now. Empties and money follow by the difference.

    Raises:
        UnknownTerms, NotThisOrder, ForeignParty: as ``settle_visit``.
        DeliverySuperseded, OrderRidesAgain: the order went on since.
    """
    cited = [(said, cited_terms(session, said)) for said in report.said.orders]
    agreed = [terms for _said, terms in cited]
    require_parties(session, report.said, run=run, stop=stop, cited=agreed, once_named=report.once_named)
    visit = visit or record_visit(session, report.record, report.finished, outcome=report.said.outcome)
    note_unmentioned(session, visit, report.said, stop=stop, stamp=stamp)
    issued: list[Issued] = []
    for said, terms in cited:
        before = delivered.latest_delivery(session, order_id=UUID(said.order_id), stop_id=stop.id)
        if before is None:
            issued += deliver_order(session, visit, said, terms, stamp=stamp)
        elif _differs(session, before, said.delivered_lines, terms):
            now = _recounted(said)
            issued += _correct(session, before, visit=visit, terms=terms, now=now, because=because, stamp=stamp).issued
    issued += correct_taken(session, visit, report.said, stamp=stamp)
    return tuple(issued)


def _recounted(said: OrderFacts) -> Recounted:
    return Recounted(
        lines=said.delivered_lines,
        outcome=VisitOutcome(said.leaf.outcome),
        photos={line.line_id: line.photos for line in said.lines},
        shown=said.leaf,
    )


def _differs(session: Session, before: Delivery, lines: Sequence[DeliveredLine], terms: Terms) -> bool:
    """Say whether other units count now, or the same ones under terms by which they come to another amount."""
    if {counted(line) for line in before.lines} != set(lines):
        return True
    return before.terms_id != terms.id and comes_to_another(delivered.settled_terms(session, before), terms, lines)


def _correct(
    session: Session,
    before: Delivery,
    *,
    visit: Visit | None,
    terms: Terms,
    now: Recounted,
    because: Because,
    stamp: Stamp,
) -> Corrected:
    order = order_here(session, before.order_id)
    with held(session, order):
        pass
    _require_standing(session, before, order)
    _require_change(session, before, now, terms, order)
    delivery = revise_delivery(session, before=before, visit=visit, terms=terms, now=now, because=because, stamp=stamp)
    correct_delivery(
        session,
        order=order,
        to=_STATES[now.outcome],
        reason=because.reason,
        delivered_at=delivery.delivered_at,
        stamp=stamp,
    )
    correct_delivered_goods(session, before=before, delivery=delivery, order=order, stamp=stamp)
    ask_about_struck_lines(session, delivery, order, stamp=stamp, before=before)
    revision = _Revision(before=before, delivery=delivery, order=order, terms=terms)
    return Corrected(delivery, tuple(_settle(session, revision, stamp)))


def _settle(session: Session, of: _Revision, stamp: Stamp) -> Iterator[Issued]:
    """Whatever billing refuses leaves the revision standing and a discrepancy for a dispatcher."""
    delivery, order = of.delivery, of.order
    try:
        with savepoint(session):
            books = settle_correction(
                session, before=of.before, delivery=delivery, order=order, terms=of.terms, stamp=stamp
            )
            issued = list(_issued(session, of, books, stamp))
    except Problem as problem:
        yield from leave_to_people(session, delivery, order, problem, stamp)
        ask_about_changed_order(session, delivery, order, of.terms, stamp, before=of.before)
        return
    if (difference := books.difference) is not None:
        open_discrepancy(session, kind=difference.kind, subject_id=delivery.id, text=difference.text, stamp=stamp)
    elif not compare_correction(session, delivery, order, of.terms, books.invoices, stamp=stamp):
        ask_about_changed_order(session, delivery, order, of.terms, stamp, before=of.before)
    open_thread(session, delivery, order, stamp)
    facts.record(session, DELIVERY_RESETTLED, delivery.id, stamp, readers=tuple(delivery.party_ids))
    yield from issued


def _issued(session: Session, of: _Revision, books: CorrectedBooks, stamp: Stamp) -> Iterator[Issued]:
    yield from (Issued(of.order.id, one) for one in books.invoices)
    yield from (Issued(of.order.id, one) for one in books.credits)
    yield from replace_supplements(
        session, before=of.before, delivery=of.delivery, order=of.order, terms=of.terms, stamp=stamp
    )
    if books.variance:
        yield Issued(of.order.id, note_variance(session, of.delivery, stamp))


def _require_standing(session: Session, before: Delivery, order: Order) -> None:
    latest = delivered.latest_delivery(session, order_id=before.order_id)
    if latest is None or latest.id != before.id:
        raise DeliverySuperseded(
            Text(
                f"La livraison de la commande {order.number} a été corrigée ou refaite depuis. La relire d’abord.",
                f"The delivery of order {order.number} was corrected or made anew since. Read it again first.",
            ),
            where=order.number,
        )
    if order.state not in _CORRECTABLE:
        raise OrderRidesAgain(
            Text(
                f"La commande {order.number} est de nouveau en tournée. La retirer de sa tournée d’abord.",
                f"Order {order.number} is on a run again. Take it off its run first.",
            ),
            where=order.number,
        )


def _require_change(session: Session, before: Delivery, now: Recounted, terms: Terms, order: Order) -> None:
    if not _differs(session, before, now.lines, terms):
        raise NothingCorrected(
            Text(
                "La correction dit la même chose que la livraison. Changer une quantité ou un motif.",
                "The correction says what the delivery says. Change a quantity or a reason.",
            ),
            where=order.number,
        )
