"""Empties that come back and money that is collected, of a visit or as told by hand: moved, credited, received."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.model import CreditNote
from server.billing.service import issue_deposit_credit
from server.core.acting import savepoint
from server.core.stamp import Stamp
from server.delivery.model import ContainerReturn, Visit
from server.delivery.service import Handover, at_visit, open_discrepancy, record_collection, record_containers
from server.fulfilment.issued import Issued
from server.fulfilment.service.stock_effects import take_back_containers
from server.receivables import service as receivables
from shared.problems import Problem
from shared.visit import VisitCollection, VisitContainers, VisitFacts
from shared.wire.event import CollectionLeaf, ContainersLeaf


def take_at_visit(session: Session, visit: Visit, said: VisitFacts, *, stamp: Stamp) -> Iterator[Issued]:
    """Take what a sealed visit says came along; a credit that cannot be issued waits for a dispatcher.

    Empties come back in any case. Yields the credits.

    Source: C29, C30.
    """
    at = at_visit(visit)
    returns = _take_empties(session, at, said.containers, visit.delivered_at, stamp)
    yield from _credit_at_visit(session, visit, returns, stamp)
    _take_money(session, at, said.collections, stamp)


def take_at_desk(
    session: Session,
    at: Handover,
    *,
    containers: Sequence[VisitContainers],
    collections: Sequence[VisitCollection],
    taken_at: datetime,
    stamp: Stamp,
) -> Iterator[Issued]:
    """Take what somebody tells came along, as a synced visit's is taken; yields the credits.

    The money is received on the day of ``taken_at`` and waits for its issuer's accounting, which confirms it (C29).

    Raises:
        UnknownContainer, BadPayment: who tells it can mend it, so that nothing is taken.
    """
    returns = _take_empties(session, at, containers, taken_at, stamp)
    for creditor_id, mine in returns.items():
        credit = _credit(session, at, creditor_id, mine, taken_at=taken_at, stamp=stamp)
        if credit is not None:
            yield Issued(at.source_id, credit)
    _take_money(session, at, collections, stamp, received_at=taken_at)


def _take_empties(
    session: Session,
    at: Handover,
    said: Sequence[ContainersLeaf | VisitContainers],
    taken_at: datetime,
    stamp: Stamp,
) -> Mapping[UUID, Sequence[ContainerReturn]]:
    """Write what came back, move it to its owners, and return it by who credits it."""
    returns = [record_containers(session, at, one) for one in said if one.returned]
    take_back_containers(session, returns=returns, at=taken_at, stamp=stamp)
    creditor_ids = sorted({one.creditor_id for one in returns})
    return {found: [one for one in returns if one.creditor_id == found] for found in creditor_ids}


def _credit_at_visit(
    session: Session, visit: Visit, returns: Mapping[UUID, Sequence[ContainerReturn]], stamp: Stamp
) -> Iterator[Issued]:
    for creditor_id, mine in returns.items():
        try:
            with savepoint(session):
                credit = _credit(session, at_visit(visit), creditor_id, mine, taken_at=visit.delivered_at, stamp=stamp)
        except Problem as problem:
            open_discrepancy(
                session, kind="deposit_credit_refused", subject_id=mine[0].id, text=problem.detail, stamp=stamp,
                run_id=visit.run_id, stop_id=visit.stop_id,
            )  # fmt: skip
            continue
        if credit is not None:
            yield Issued(visit.id, credit)


def _credit(
    session: Session,
    at: Handover,
    creditor_id: UUID,
    returns: Sequence[ContainerReturn],
    *,
    taken_at: datetime,
    stamp: Stamp,
) -> CreditNote | None:
    return issue_deposit_credit(session, issuer_id=creditor_id, at=at, returns=returns, taken_at=taken_at, stamp=stamp)


def _take_money(
    session: Session,
    at: Handover,
    said: Sequence[CollectionLeaf | VisitCollection],
    stamp: Stamp,
    *,
    received_at: datetime | None = None,
) -> None:
    for one in said:
        collection = record_collection(session, at, one)
        receivables.record_collection(session, collection=collection, stamp=stamp, received_at=received_at)
