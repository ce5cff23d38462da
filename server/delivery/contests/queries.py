"""Reads over contests; the session acts for somebody of the order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, any_, literal, or_, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.database import among
from server.core.problems import NotFound, Text
from server.delivery.contests.model import Contest, ContestEvidence, ContestState
from server.delivery.sharing.model import ProofEntry


def contest(session: Session, contest_id: UUID, *, locked: bool = False) -> Contest:
    """Return a contest that the acting organisation may read.

    Raises:
        NotFound: there is none, or it is of somebody else's order.
    """
    wanted = all_contests(session).where(Contest.id == contest_id)
    found = session.scalars(wanted.with_for_update() if locked else wanted).one_or_none()
    if found is None:
        raise NotFound(Text("Cette contestation n’existe pas.", "There is no such contest."), where=str(contest_id))
    return found


def all_contests(session: Session, *, state: ContestState | None = None) -> Select[Contest]:
    """Return the query of the contests that the acting organisation may read, or of those in one state."""
    me = acting_org(session)
    query = select(Contest).where(or_(Contest.owner_id == me, literal(me) == any_(Contest.party_ids)))
    return query if state is None else query.where(Contest.state == state)


def contests_of(session: Session, subject_id: UUID) -> Sequence[Contest]:
    """Return the contests of a proof or a credit note, newest first."""
    return session.scalars(
        all_contests(session).where(Contest.subject_id == subject_id).order_by(Contest.opened_at.desc(), Contest.id)
    ).all()


def evidence_of(session: Session, contest_ids: Iterable[UUID]) -> Sequence[ContestEvidence]:
    """Return what was brought to these contests, in the order of its coming."""
    return session.scalars(
        select(ContestEvidence)
        .where(ContestEvidence.contest_id.in_(list(contest_ids)))
        .order_by(ContestEvidence.brought_at, ContestEvidence.id)
    ).all()


def evidence(session: Session, evidence_id: UUID) -> ContestEvidence:
    """Return one piece of evidence that the acting organisation may see.

    Raises:
        NotFound: there is none, or it is of somebody else's order.
    """
    found = session.scalars(select(ContestEvidence).where(ContestEvidence.id == evidence_id)).one_or_none()
    if found is None:
        raise NotFound(Text("Cette pièce n’existe pas.", "There is no such piece."), where=str(evidence_id))
    return found


def may_contest(entry: ProofEntry, former: Sequence[Contest], *, me: UUID, now: datetime) -> bool:
    """Say whether the form to contest a proof is shown; the verb decides again."""
    is_other_s = entry.proof_owner_id != me
    return is_other_s and now <= entry.contest_until and all(one.state is ContestState.WITHDRAWN for one in former)


def contested_orders(session: Session, *, order_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return those of these orders of which something is contested: an open contest pauses dunning (section 4)."""
    wanted = all_contests(session, state=ContestState.OPEN).where(among(Contest.order_id, order_ids))
    return frozenset(one.order_id for one in session.scalars(wanted) if one.order_id is not None)


def contested_subjects(session: Session, *, subject_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return those of these proofs and credit notes that are contested now."""
    wanted = all_contests(session, state=ContestState.OPEN).where(among(Contest.subject_id, subject_ids))
    return frozenset(one.subject_id for one in session.scalars(wanted))
