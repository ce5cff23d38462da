"""The job that tells the facts of the table to the parties of their subject."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import clock
from server.core.acting import acting_for
from server.core.facts import Fact
from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.identity.model import Membership
from server.notifications.following.lines import Line
from server.notifications.following.subjects import SUBJECTS, Subject
from server.notifications.following.table import TABLE
from server.notifications.service.telling import tell


@queue.task(name="notifications.tell_fact", retry=AGAIN)
def tell_fact(*, owner_id: str, subject_id: str) -> None:
    """Tell each fact of the table about one subject, once: those told before are known by their keys.

    Whoever did it at a desk is not told, unless its line says so; what a tablet reported is news to its office, too.
    """
    with transaction(UUID(owner_id)) as session:
        for fact, lines in _lines(session, UUID(owner_id), UUID(subject_id)):
            subject = SUBJECTS[fact.name](session, fact)
            for line in lines:
                _tell(session, fact, line, subject)


def _tell(session: Session, fact: Fact, line: Line, subject: Subject) -> None:
    for recipient_id in sorted(subject.told(line)):
        if line.own or not _did(session, recipient_id, fact):
            news = subject.news(line, happened=fact.cause_id or fact.id)
            tell(session, recipient_id=recipient_id, news=news, stamp=Stamp(None, clock.now()))


def _lines(session: Session, owner_id: UUID, subject_id: UUID) -> Iterator[tuple[Fact, tuple[Line, ...]]]:
    told = select(Fact).where(Fact.owner_id == owner_id, Fact.subject_id == subject_id, Fact.name.in_(sorted(TABLE)))
    facts = session.scalars(told.order_by(Fact.position)).all()
    newest = {fact.name: fact.position for fact in facts}
    before = ""
    for fact in facts:
        is_newest, repeats = newest[fact.name] == fact.position, fact.name == before
        yield (
            fact,
            tuple(line for line in TABLE[fact.name] if not (line.turns and repeats) and (is_newest or not line.newest)),
        )
        before = fact.name


def _did(session: Session, recipient_id: UUID, fact: Fact) -> bool:
    """Say whether a member of the recipient did it at a desk."""
    if fact.by is None or fact.device_id is not None:
        return False
    with acting_for(session, recipient_id):
        its_own = select(Membership.id).where(Membership.owner_id == recipient_id, Membership.user_id == fact.by)
        return session.scalars(its_own).first() is not None
