"""The audit trail: a fact is a name, a subject and a stamp, chained per owner; reactions are jobs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.core.acting import acting_for
from server.core.database import Owned
from server.core.rows import document_of
from server.core.stamp import Stamp
from shared.canonical import canonical_bytes
from shared.ids import new_id
from shared.sealing import GENESIS, chain_hash


class Fact(Owned):
    """Something that happened to a subject. Written once; the subscriber reads the subject as it is now.

    ``cause_id`` is the sealed event that tells of it, or the run that its first event sends out; None of what happened
    here. An office that was restored hears it again: a fact of its own, of the same cause. The chain does not cover it.
    """

    __tablename__ = "fact"
    __table_args__ = (UniqueConstraint("owner_id", "position"), Index(None, "owner_id", "subject_id"))
    append_only = True

    position: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    subject_id: Mapped[UUID]
    at: Mapped[datetime]
    by: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    cause_id: Mapped[UUID | None]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact before it has its place in its owner's chain."""

    owner_id: UUID
    name: str
    subject_id: UUID
    at: datetime
    by: UUID | None
    device_id: UUID | None
    readers: tuple[UUID, ...]
    cause_id: UUID | None = None


Subscriber = Callable[[Session, Happened], None]
_subscribers: list[Subscriber] = []
_HEADS = text("SELECT owner, head_position, head_hash FROM fact_heads(CAST(:owners AS uuid[]))")
_WRITE = text("SELECT write_facts(CAST(:owners AS uuid[]), CAST(:written AS json))")


def subscribe(subscriber: Subscriber) -> None:
    """Let ``subscriber`` enqueue jobs for each fact, in the fact's own transaction."""
    if subscriber not in _subscribers:
        _subscribers.append(subscriber)


PENDING = "facts"
_CAUSE: Final = "cause of facts"


@contextmanager
def caused_by(session: Session, cause_id: UUID) -> Iterator[None]:
    """Name what a tablet sealed as the cause of the facts that are noted inside."""
    before = session.info.get(_CAUSE)
    session.info[_CAUSE] = cause_id
    try:
        yield
    finally:
        session.info[_CAUSE] = before


def record(session: Session, name: str, subject_id: UUID, stamp: Stamp, *, readers: tuple[UUID, ...] = ()) -> None:
    """Note a fact of the acting organisation; it is chained just before the transaction commits.

    Chains are extended at the end, owner by owner in ascending order, so that two transactions never wait for
    each other's chain while they still work.
    """
    acting, cause_id = session.info["acting"], session.info.get(_CAUSE)
    happened = Happened(acting, name, subject_id, stamp.at, stamp.by, stamp.device_id, readers, cause_id)
    session.info.setdefault(PENDING, []).append(happened)


def write_pending(session: Session) -> None:
    """Chain every noted fact and wake its subscribers; the last work of a transaction but for its jobs."""
    while pending := session.info.pop(PENDING, []):
        session.flush()
        of_owner: dict[UUID, list[Happened]] = {owner_id: [] for owner_id in sorted({one.owner_id for one in pending})}
        for happened in pending:
            of_owner[happened.owner_id].append(happened)
        heads = _lock_heads(session, list(of_owner))
        chains = [document_of(Fact, _chain(heads.get(owner_id), mine)) for owner_id, mine in of_owner.items()]
        session.execute(_WRITE, {"owners": list(of_owner), "written": f"[{','.join(chains)}]"})
        _wake(session, of_owner)


def _lock_heads(session: Session, owner_ids: list[UUID]) -> dict[UUID, tuple[int, bytes]]:
    """Lock these chains, in this order, and return the last position and hash of those that have begun."""
    return {row[0]: (row[1], row[2]) for row in session.execute(_HEADS, {"owners": owner_ids})}


def _chain(head: tuple[int, bytes] | None, pending: list[Happened]) -> list[dict[str, Any]]:
    position, prev_hash = head or (0, GENESIS)
    rows = []
    for happened in pending:
        position += 1
        rows.append(_chained(happened, position, prev_hash))
        prev_hash = rows[-1]["hash"]
    return rows


def _wake(session: Session, of_owner: Mapping[UUID, list[Happened]]) -> None:
    for owner_id, mine in of_owner.items():
        with acting_for(session, owner_id):
            for happened in mine:
                for subscriber in _subscribers:
                    subscriber(session, happened)


def _chained(happened: Happened, position: int, prev_hash: bytes) -> dict[str, Any]:
    return {
        "id": new_id(),
        "owner_id": happened.owner_id,
        "party_ids": happened.readers,
        "position": position,
        "name": happened.name,
        "subject_id": happened.subject_id,
        "at": happened.at,
        "by": happened.by,
        "device_id": happened.device_id,
        "cause_id": happened.cause_id,
        "prev_hash": prev_hash,
        "hash": chain_hash(prev_hash, fact_bytes(happened, position)),
    }


def fact_bytes(fact: Happened | Fact, position: int) -> bytes:
    """Return the canonical bytes that a fact's hash covers."""
    return canonical_bytes(
        {
            "owner_id": str(fact.owner_id),
            "position": position,
            "name": fact.name,
            "subject_id": str(fact.subject_id),
            "at_us": round(fact.at.timestamp() * 1_000_000),
            "by": str(fact.by or ""),
            "device_id": str(fact.device_id or ""),
        }
    )


def first_break(session: Session, owner_id: UUID) -> int | None:
    """Return the position of the first fact of ``owner_id`` whose chain does not hold, or None."""
    prev, expected = GENESIS, 1
    for fact in session.scalars(select(Fact).where(Fact.owner_id == owner_id).order_by(Fact.position)):
        digest = hashlib.sha256(prev + fact_bytes(fact, fact.position)).digest()
        if fact.position != expected or fact.prev_hash != prev or fact.hash != digest:
            return expected
        prev, expected = fact.hash, expected + 1
    return None
