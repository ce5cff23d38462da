"""Empties and money of a corrected visit: what it says now, by the difference to what counted before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.service import issue_deposit_credit
from server.billing.taken_back import net_given
from server.catalog.model import ContainerClass
from server.core.acting import acting_for, savepoint
from server.core.stamp import Stamp
from server.delivery.model import Collection, ContainerReturn, Visit
from server.delivery.service import at_visit, open_discrepancy, record_collection, record_containers
from server.fulfilment.issued import Issued
from server.fulfilment.service.deposits_asked import Credited, ask_about_deposits, credited_by
from server.fulfilment.service.handed_over import Key, collections_before, containers_before
from server.fulfilment.service.stock_effects import move_empties
from server.receivables import service as receivables
from server.receivables.queries import payment_of_cause
from shared.ids import new_id
from shared.problems import Problem
from shared.states import PaymentState
from shared.visit import VisitFacts
from shared.wire.event import CollectionLeaf, ContainersLeaf


def correct_taken(session: Session, visit: Visit, said: VisitFacts, *, stamp: Stamp) -> Iterator[Issued]:
    """Make empties and collected money what the correcting visit says; equal ones are left alone.

    More empties are credited by the difference to the most that was credited before; fewer move back, and the deposit
    that was given too much waits for a person, since a credit is never taken back, as does what another deposit comes
    to: a discrepancy names amounts and note, and the account's chat tells both sides. Changed money is a new payment in
    place of the former one, which fails.
    Yields the credits.

    Source: C29, C30; laws 13, 15, 20.
    """
    yield from _correct_containers(session, visit, said.containers, stamp)
    _correct_money(session, visit, said.collections, stamp)


def _correct_containers(
    session: Session, visit: Visit, leaves: Sequence[ContainersLeaf], stamp: Stamp
) -> Iterator[Issued]:
    history = containers_before(session, visit)
    wanted = {(UUID(leaf.owner_id), leaf.container_class): leaf for leaf in leaves}
    more: dict[UUID, list[ContainerReturn]] = {}
    for key in sorted(history.keys() | {key for key, leaf in wanted.items() if leaf.returned}):
        rows, leaf = history.get(key, []), wanted.get(key)
        before, now = rows[-1].quantity if rows else 0, leaf.returned if leaf else 0
        is_repriced = leaf is not None and bool(rows) and leaf.unit_cents != rows[-1].unit_cents
        if before == now and not (now and is_repriced):
            continue
        row = record_containers(session, at_visit(visit), leaf or _none_of(rows[-1]))
        if now != before:
            move_empties(session, row, quantity=now - before, at=visit.delivered_at, stamp=stamp)
        credited = _credited(session, row, rows)
        if now > credited.units:
            more.setdefault(row.creditor_id, []).append(_only(row, now - credited.units))
        ask_about_deposits(session, visit, row, former=rows, standing=credited.up_to(row), stamp=stamp)
    for creditor_id in sorted(more):
        yield from _credit(session, visit, creditor_id, more[creditor_id], stamp)


def _credited(session: Session, row: ContainerReturn, rows: Sequence[ContainerReturn]) -> Credited:
    """Return how many of a class stand credited: as many as were counted at most, less what was billed again since."""
    counted = credited_by(rows)
    with acting_for(session, row.container_owner_id):
        of_class = ContainerClass.owner_id == row.container_owner_id, ContainerClass.code == row.class_code
        class_id = session.scalar(select(ContainerClass.id).where(*of_class))
    if class_id is None:
        return counted
    visit_ids = [one.visit_id for one in rows if one.visit_id]
    with acting_for(session, row.creditor_id):
        net = net_given(session, issuer_id=row.creditor_id, visit_ids=visit_ids, class_id=class_id)
    return Credited(net.units, net.cents) if net.has_taken_back else counted


def _none_of(row: ContainerReturn) -> ContainersLeaf:
    return ContainersLeaf(
        kind="containers",
        owner_id=str(row.container_owner_id),
        creditor_id=str(row.creditor_id),
        container_class=row.class_code,
        returned=0,
        unit_cents=row.unit_cents,
        salt="0" * 32,
    )


def _only(row: ContainerReturn, quantity: int) -> ContainerReturn:
    """Return the part of a row that is to be credited; it is priced, never written."""
    return ContainerReturn(
        **row.kin(),
        id=new_id(),
        visit_id=row.visit_id,
        container_owner_id=row.container_owner_id,
        creditor_id=row.creditor_id,
        holder_id=row.holder_id,
        class_code=row.class_code,
        quantity=quantity,
        unit_cents=row.unit_cents,
    )


def _credit(
    session: Session, visit: Visit, creditor_id: UUID, returns: Sequence[ContainerReturn], stamp: Stamp
) -> Iterator[Issued]:
    try:
        with savepoint(session):
            credit = issue_deposit_credit(
                session,
                issuer_id=creditor_id,
                at=at_visit(visit),
                returns=returns,
                taken_at=visit.delivered_at,
                stamp=stamp,
            )
    except Problem as problem:
        open_discrepancy(
            session, kind="deposit_credit_refused", subject_id=visit.id, text=problem.detail, stamp=stamp,
            run_id=visit.run_id, stop_id=visit.stop_id,
        )  # fmt: skip
        return
    if credit is not None:
        yield Issued(visit.id, credit)


def _correct_money(session: Session, visit: Visit, leaves: Sequence[CollectionLeaf], stamp: Stamp) -> None:
    before = collections_before(session, visit)
    wanted: dict[Key, CollectionLeaf] = {(UUID(leaf.issuer_id), leaf.method): leaf for leaf in leaves}
    for key in sorted(before.keys() | wanted.keys()):
        row, leaf = before.get(key), wanted.get(key)
        if _said(row) == _said(leaf):
            continue
        if row is not None and row.amount_cents:
            _take_back(session, row, stamp)
        collection = record_collection(session, at_visit(visit), leaf or _nothing_of(row, key))
        if collection.amount_cents:
            receivables.record_collection(session, collection=collection, stamp=stamp)


def _said(one: Collection | CollectionLeaf | None) -> tuple[int, int, str]:
    return (one.amount_cents, one.rounding_cents, one.reference) if one is not None else (0, 0, "")


def _nothing_of(row: Collection | None, key: Key) -> CollectionLeaf:
    return CollectionLeaf(
        kind="collection",
        issuer_id=str(row.issuer_id if row else key[0]),
        method="cash" if key[1] == "cash" else "cheque",
        amount_cents=0,
        rounding_cents=0,
        reference="",
        salt="0" * 32,
    )


def _take_back(session: Session, row: Collection, stamp: Stamp) -> None:
    with acting_for(session, row.issuer_id):
        payment = payment_of_cause(session, issuer_id=row.issuer_id, cause_id=row.id)
    if payment is not None and payment.state is not PaymentState.FAILED:
        receivables.fail_payment(session, payment=payment, stamp=stamp)
