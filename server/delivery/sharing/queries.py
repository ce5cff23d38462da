"""Reads over a reader's own entries: its feed, its search, its access log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.delivery.model import VisitOutcome
from server.delivery.sharing.model import ProofAccess, ProofEntry, ProofKind, ProofState
from server.delivery.sharing.service import last_position
from server.delivery.sharing.wording import patterns

PAGE_ROWS: Final = 50
LOG_ROWS: Final = 200
_PLAIN: Final = frozenset({"words", "first_day", "last_day"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFilter:
    """What to search for; what is empty narrows nothing. Days are those of ``zone``, both included."""

    words: str = ""
    order: str = ""
    client: str = ""
    seller: str = ""
    signer: str = ""
    reason: str = ""
    lot: str = ""
    outcome: VisitOutcome | None = None
    state: ProofState | None = None
    kind: ProofKind | None = None
    first_day: date | None = None
    last_day: date | None = None

    @property
    def is_empty(self) -> bool:
        """Say whether nothing was asked for."""
        return not any(getattr(self, one.name) for one in fields(self))

    @property
    def is_detailed(self) -> bool:
        """Say whether more was asked for than words and days."""
        return any(getattr(self, one.name) for one in fields(self) if one.name not in _PLAIN)


def find_proofs(
    session: Session, *, narrowed: ProofFilter, zone: ZoneInfo, now: datetime, driver_id: UUID | None = None
) -> Select[ProofEntry]:
    """Return the query of the acting organisation's proofs that the filter lets through; a driver's are its own runs'.

    Every condition stands behind the reader's own rows, which an index leads to.
    """
    query = select(ProofEntry).where(ProofEntry.owner_id == acting_org(session))
    if driver_id is not None:
        query = query.where(ProofEntry.driver_id == driver_id)
    asked = ((None, narrowed.words), *((name, getattr(narrowed, name)) for name in _FIELDS))
    for field, said in asked:
        for pattern in patterns(field, said):
            query = query.where(ProofEntry.words.like(pattern))
    if narrowed.outcome is not None:
        query = query.where(ProofEntry.outcome == narrowed.outcome)
    if narrowed.kind is not None:
        query = query.where(ProofEntry.kind == narrowed.kind)
    if narrowed.first_day is not None:
        query = query.where(ProofEntry.delivered_at >= datetime.combine(narrowed.first_day, time(), zone))
    if narrowed.last_day is not None:
        day_after = narrowed.last_day + timedelta(days=1)
        query = query.where(ProofEntry.delivered_at < datetime.combine(day_after, time(), zone))
    return _in_state(query, narrowed.state, now)


_FIELDS: Final = ("order", "client", "seller", "signer", "reason", "lot")


def _in_state(query: Select[ProofEntry], state: ProofState | None, now: datetime) -> Select[ProofEntry]:
    """Nobody writes it down when the time to contest runs out: a shared proof is closed from then on."""
    if state is ProofState.SHARED:
        return query.where(ProofEntry.state == state, ProofEntry.contest_until >= now)
    if state is ProofState.CLOSED:
        return query.where(
            (ProofEntry.state == state) | ((ProofEntry.state == ProofState.SHARED) & (ProofEntry.contest_until < now))
        )
    return query if state is None else query.where(ProofEntry.state == state)


def state_of(entry: ProofEntry, *, now: datetime) -> ProofState:
    """Return where a proof stands at this instant."""
    lapsed = entry.state is ProofState.SHARED and entry.contest_until < now
    return ProofState.CLOSED if lapsed else entry.state


def newest(
    session: Session, query: Select[ProofEntry], *, before: UUID | None, limit: int = PAGE_ROWS
) -> tuple[Sequence[ProofEntry], UUID | None]:
    """Return a page of found proofs, newest first, that starts behind the proof ``before``, and the next ``before``."""
    if before is not None and (last := entry_of(session, before)) is not None:
        place = tuple_(ProofEntry.delivered_at, ProofEntry.proof_id)
        query = query.where(place < tuple_(last.delivered_at, last.proof_id))
    ordered = query.order_by(ProofEntry.delivered_at.desc(), ProofEntry.proof_id.desc()).limit(limit + 1)
    rows = session.scalars(ordered).all()
    return rows[:limit], rows[limit - 1].proof_id if len(rows) > limit else None


def entry_of(session: Session, proof_id: UUID) -> ProofEntry | None:
    """Return the acting organisation's entry of a proof, if it has the proof."""
    return session.scalars(
        select(ProofEntry).where(ProofEntry.owner_id == acting_org(session), ProofEntry.proof_id == proof_id)
    ).one_or_none()


def entry_named(session: Session, proof_id: UUID) -> ProofEntry:
    """Return the acting organisation's entry of a proof.

    Raises:
        NotFound: it does not have the proof.
    """
    found = entry_of(session, proof_id)
    if found is None:
        raise NotFound(Text("Cette preuve n’existe pas.", "There is no such proof."), where=str(proof_id))
    return found


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes behind a cursor, oldest first; ``full`` when the cursor was of another life of the database."""

    entries: Sequence[ProofEntry]
    position: int
    more: bool
    full: bool


def follow(session: Session, *, position: int | None, limit: int, driver_id: UUID | None = None) -> FeedPage:
    """Return what changed behind ``position``; None, or one ahead of the feed, starts anew."""
    reader_id = acting_org(session)
    full = position is None or position > last_position(session, reader_id)
    start = 0 if full or position is None else position
    query = select(ProofEntry).where(ProofEntry.owner_id == reader_id, ProofEntry.position > start)
    if driver_id is not None:
        query = query.where(ProofEntry.driver_id == driver_id)
    rows = session.scalars(query.order_by(ProofEntry.position).limit(limit + 1)).all()
    kept = rows[:limit]
    return FeedPage(kept, kept[-1].position if kept else start, len(rows) > limit, full)


def accesses(session: Session, proof_id: UUID) -> Sequence[ProofAccess]:
    """Return who had a proof, newest first, at most ``LOG_ROWS``; empty for everyone but the proof's owner."""
    return session.scalars(
        select(ProofAccess)
        .where(ProofAccess.owner_id == acting_org(session), ProofAccess.proof_id == proof_id)
        .order_by(ProofAccess.at.desc(), ProofAccess.id.desc())
        .limit(LOG_ROWS)
    ).all()
