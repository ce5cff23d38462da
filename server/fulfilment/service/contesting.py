"""Contesting a proof or a credit note: within the agreement's days, with evidence, decided with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing import queries as billing
from server.conversations import service as talk
from server.conversations.model import ThreadSubject
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.days import day_text
from server.core.problems import Conflict, Forbidden, NotFound, Problem, Text
from server.core.stamp import Stamp
from server.delivery import queries as delivery
from server.delivery.contests import queries
from server.delivery.contests.model import CONTEST_LIFECYCLE, Contest, ContestState, ContestSubject
from server.delivery.events import CONTEST_DECIDED, CONTEST_OPENED
from server.delivery.model import Delivery, Proof
from server.delivery.sharing.model import PROOF_LIFECYCLE, ProofState
from server.delivery.sharing.queries import entry_named
from server.delivery.sharing.service import DEFAULT_CONTEST_DAYS, mark_proof
from server.orders.model import Order
from server.parties.model import Agreement
from server.parties.queries import zone_or_ours
from shared.ids import new_id

MAX_REASON: Final = 2000
_WORDS: Final = {
    ContestState.UPHELD: Text("accueillie", "upheld"),
    ContestState.DISMISSED: Text("rejetée", "dismissed"),
    ContestState.WITHDRAWN: Text("retirée", "withdrawn"),
}


class ContestTooLate(Problem):
    """The days that the agreement gives are over."""

    slug = "contest-too-late"
    status = 409
    title = Text("Délai de contestation passé", "Too late to contest")


class BadContest(Problem):
    """A contest or a decision says nothing, or too much."""

    slug = "bad-contest"
    title = Text("Contestation à corriger", "Contest to correct")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is contested: who answers for it, who reads along, and until when."""

    owner_id: UUID
    order_id: UUID | None
    number: str
    readers: frozenset[UUID]
    until: datetime
    proof: Proof | None


def open_contest(
    session: Session, *, subject: ContestSubject, subject_id: UUID, reason: str, author: str, stamp: Stamp
) -> Contest:
    """Return a new contest of the acting organisation, said in the order's thread; the proof is then « contestée ».

    Raises:
        NotFound: no such proof or credit note is theirs.
        ContestTooLate: the agreement's days are over.
        Conflict: one is open, it was decided before, or the acting organisation itself answers for the subject.
        BadContest: no reason, or one of over ``MAX_REASON`` characters.

    Source: requirements section 3 (« Contest POD/credit ») and section 4 (POD: partagée → contestée → close).
    """
    words, me = _words(reason), acting_org(session)
    found = _read(session, subject, subject_id)
    _require_open(session, found, subject_id, stamp)
    with acting_for(session, found.owner_id):
        made = Contest(
            id=new_id(),
            owner_id=found.owner_id,
            party_ids=sorted(found.readers - {found.owner_id}),
            subject=subject,
            subject_id=subject_id,
            order_id=found.order_id,
            number=found.number,
            opener_id=me,
            opener_name=author,
            opened_by=stamp.by,
            opened_at=stamp.at,
            reason=words,
            state=ContestState.OPEN,
        )
        session.add(made)
        session.flush()
        facts.record(session, CONTEST_OPENED, made.id, stamp, readers=tuple(made.party_ids))
    if found.proof is not None:
        PROOF_LIFECYCLE.step(entry_named(session, found.proof.id).state, ProofState.CONTESTED)
    _mark(session, found.proof, ProofState.CONTESTED, stamp)
    _say(session, made, Text(f"Contestation ouverte\u00a0: {words}", f"Contest opened: {words}"), author, stamp)
    return made


def decide_contest(
    session: Session, *, contest_id: UUID, upheld: bool, reason: str, author: str, stamp: Stamp
) -> Contest:
    """Close a contest with a decision and its reason; the proof is then « close ». Credits follow by hand, if any.

    Raises:
        NotFound: there is none.
        Forbidden: another organisation answers for the subject.
        IllegalMove: it was decided or withdrawn before.
        BadContest: no reason, or too long a one.
    """
    words, found = _words(reason), queries.contest(session, contest_id)
    if found.owner_id != acting_org(session):
        raise Forbidden(
            Text(
                "La décision revient au transporteur de la preuve ou à l’émetteur du crédit.",
                "The decision is the proof’s carrier’s or the credit’s issuer’s.",
            ),
            where=str(contest_id),
        )
    state = ContestState.UPHELD if upheld else ContestState.DISMISSED
    return _close(session, found, state, reason=words, author=author, stamp=stamp)


def withdraw_contest(session: Session, *, contest_id: UUID, author: str, stamp: Stamp) -> Contest:
    """Take one's own contest back; the proof is then shared as before.

    Raises:
        NotFound: there is none.
        Forbidden: another organisation opened it.
        IllegalMove: it was decided or withdrawn before.
    """
    found = queries.contest(session, contest_id)
    if found.opener_id != acting_org(session):
        raise Forbidden(
            Text("Seul qui l’a ouverte retire une contestation.", "Only who opened a contest withdraws it."),
            where=str(contest_id),
        )
    return _close(session, found, ContestState.WITHDRAWN, reason="", author=author, stamp=stamp)


def _close(session: Session, found: Contest, state: ContestState, *, reason: str, author: str, stamp: Stamp) -> Contest:
    with acting_for(session, found.owner_id):
        session.refresh(found, with_for_update=True)
        found.state = CONTEST_LIFECYCLE.step(found.state, state)
        found.decision, found.decided_by, found.decided_at = reason, stamp.by, stamp.at
        session.flush()
        facts.record(session, CONTEST_DECIDED, found.id, stamp, readers=tuple(found.party_ids))
    if found.subject is ContestSubject.PROOF:
        proof = delivery.proof(session, found.subject_id)
        _mark(session, proof, ProofState.SHARED if state is ContestState.WITHDRAWN else ProofState.CLOSED, stamp)
    said = _WORDS[state]
    why = f" : {reason}" if reason else ""
    _say(session, found, Text(f"Contestation {said.fr}{why}", f"Contest {said.en}{why}"), author, stamp)
    return found


def _read(session: Session, subject: ContestSubject, subject_id: UUID) -> _Subject:
    return _proof(session, subject_id) if subject is ContestSubject.PROOF else _credit(session, subject_id)


def _proof(session: Session, proof_id: UUID) -> _Subject:
    proof = delivery.proof(session, proof_id)
    entry = entry_named(session, proof_id)
    return _Subject(
        owner_id=proof.owner_id,
        order_id=proof.order_id,
        number=entry.order_number,
        readers=frozenset({proof.owner_id, *proof.party_ids}),
        until=entry.contest_until,
        proof=proof,
    )


def _credit(session: Session, credit_id: UUID) -> _Subject:
    note, me = billing.credit_note(session, credit_id=credit_id), acting_org(session)
    if note.published_at is None:
        raise NotFound(
            Text("Ce crédit n’est pas encore émis\u00a0: rien ne se conteste.", "This credit is not issued yet."),
            where=str(credit_id),
        )
    with acting_for(session, note.owner_id):
        order = _credited_order(session, note.cause_id) if note.cause_kind == "delivery" else None
        agreement = session.get(Agreement, order.agreement_id) if order and order.agreement_id else None
    days = agreement.contest_days if agreement else DEFAULT_CONTEST_DAYS
    return _Subject(
        owner_id=note.owner_id,
        order_id=order.id if order else None,
        number=note.number,
        readers=frozenset({note.owner_id, note.buyer_id, me}),  # a note may stand for several sellers' orders
        until=note.published_at + timedelta(days=days),
        proof=None,
    )


def _credited_order(session: Session, delivery_id: UUID) -> Order | None:
    return session.scalars(
        select(Order).join(Delivery, Delivery.order_id == Order.id).where(Delivery.id == delivery_id)
    ).one_or_none()


def _require_open(session: Session, found: _Subject, subject_id: UUID, stamp: Stamp) -> None:
    if found.owner_id == acting_org(session):
        raise Conflict(
            Text(
                "C’est vous qui en répondez\u00a0: corrigez l’arrêt ou le crédit plutôt que de le contester.",
                "You answer for it yourself: correct the stop or the credit rather than contest it.",
            ),
            where=str(subject_id),
        )
    if stamp.at > found.until:
        zone = zone_or_ours(session, org_id=acting_org(session))
        until = day_text(found.until.astimezone(zone).date())
        raise ContestTooLate(
            Text(
                f"Le délai a pris fin le {until.fr}. Écrivez dans le clavardage de la commande.",
                f"The time ended on {until.en}. Write to the parties in the order’s chat.",
            ),
            where=str(subject_id),
            until=found.until.isoformat(),
        )
    with acting_for(session, found.owner_id):
        former = [one.state for one in queries.contests_of(session, subject_id)]
    if any(state is not ContestState.WITHDRAWN for state in former):
        raise Conflict(
            Text(
                "Une contestation est déjà ouverte ou tranchée ici. Ajoutez-y vos pièces, ou écrivez aux parties.",
                "A contest is open or decided here already. Add your evidence to it, or write to the parties.",
            ),
            where=str(subject_id),
        )


def _mark(session: Session, proof: Proof | None, state: ProofState, stamp: Stamp) -> None:
    if proof is not None:
        mark_proof(session, proof, state=state, stamp=stamp)


def _say(session: Session, contest: Contest, text: Text, author: str, stamp: Stamp) -> None:
    if contest.order_id is not None:
        talk.say(
            session,
            subject=ThreadSubject.ORDER,
            subject_id=contest.order_id,
            text=text,
            readers=(contest.owner_id, *contest.party_ids),
            author_name=author,
            stamp=stamp,
        )


def _words(reason: str) -> str:
    words = reason.strip()
    if not 1 <= len(words) <= MAX_REASON:
        raise BadContest(
            Text(f"Dites pourquoi, en 1 à {MAX_REASON} caractères.", f"Say why, in 1 to {MAX_REASON} characters."),
            where="reason",
        )
    return words
