"""The clock of deposits: when the price of a container class changes, everyone who owes some brings them to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.revaluing.service import revalue_deposits
from server.catalog.model import ContainerClass, ContainerPrice
from server.catalog.queries import readable_classes
from server.core import clock
from server.core.jobs import AGAIN, enqueue, queue
from server.core.logs import log
from server.core.stamp import Stamp
from server.core.transaction import transaction

AFTER_MIDNIGHT: Final = time(0, 30)
LOOKED_AT_FOR: Final = timedelta(days=60)
"""How long orders that still bear the former price are expected after a change."""


@queue.task(name="billing.watch_deposit", retry=AGAIN)
def watch_deposit(*, owner_id: str, subject_id: str) -> None:
    """Have the owner of a class and its partners revalue under its present price, and sleep until the next one.

    The next one is waited for first: a night that fails must not be the last. A first price changes nothing.
    """
    now = clock.now()
    with transaction(UUID(owner_id)) as session:
        container = session.get_one(ContainerClass, UUID(subject_id))
        today = letterhead(session, org_id=container.owner_id).day_of(now)
        days = select(ContainerPrice.valid_from).where(ContainerPrice.class_id == container.id)
        dated = sorted(session.scalars(days))
        for day in [one for one in dated if one > today][:1]:
            enqueue(
                session, watch_deposit, key=f"billing.watch_deposit:{container.id}:{day}",
                not_before=_night_of(session, container.owner_id, day), owner_id=owner_id, subject_id=subject_id,
            )  # fmt: skip
    with transaction(UUID(owner_id)) as session:
        for org_id in sorted({container.owner_id, *container.party_ids}) if dated[1:] else ():
            _ask(session, org_id, today)


@queue.task(name="billing.revalue", retry=AGAIN)
def revalue(*, owner_id: str, subject_id: str) -> None:
    """Bring an issuer's deposits to today's prices; again every night while a change is recent.

    The next night is asked for first: one that fails must not be the last. ``subject_id`` is the issuer once more: a
    job has both.
    """
    now, issuer_id = clock.now(), UUID(subject_id)
    with transaction(issuer_id) as session:
        today = letterhead(session, org_id=issuer_id).day_of(now)
        if _is_recent(_changed_on(session), today):
            _ask(session, issuer_id, today + timedelta(days=1))
    with transaction(UUID(owner_id)) as session:
        made = revalue_deposits(session, stamp=Stamp(None, now))
    log(__name__).info("deposits revalued", issuer_id=subject_id, classes=len(made))


def _ask(session: Session, issuer_id: UUID, day: date) -> None:
    """Ask for one revaluation of an issuer's day, however many classes changed."""
    enqueue(
        session, revalue, key=f"billing.revalue:{issuer_id}:{day}", not_before=_night_of(session, issuer_id, day),
        owner_id=str(issuer_id), subject_id=str(issuer_id),
    )  # fmt: skip


def _night_of(session: Session, org_id: UUID, day: date) -> datetime:
    return datetime.combine(day, AFTER_MIDNIGHT, letterhead(session, org_id=org_id).zone)


def _changed_on(session: Session) -> Iterable[date]:
    """The days on which a class that the acting issuer may read got another price; its first one is no change."""
    wanted = [one.id for one in readable_classes(session)]
    rows = session.execute(
        select(ContainerPrice.class_id, ContainerPrice.valid_from)
        .where(ContainerPrice.class_id.in_(wanted))
        .order_by(ContainerPrice.class_id, ContainerPrice.valid_from)
    ).all()
    return [after.valid_from for before, after in pairwise(rows) if before.class_id == after.class_id]


def _is_recent(days: Iterable[date], today: date) -> bool:
    return any(day <= today < day + LOOKED_AT_FOR for day in days)
