"""Proofs whose files were made again: what stands in their place, and which are due for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, any_, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.delivery.contests.model import Contest, ContestState
from server.delivery.model import Delivery, DeliveryLine, Proof, Visit
from server.delivery.sharing.model import EditionCause, ProofEdition
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFiles:
    """The two files that stand for a proof now."""

    file_sha256: str
    file_size_bytes: int
    pdf_sha256: str
    pdf_size_bytes: int


@dataclass(frozen=True, slots=True)
class DueVisit:
    """A visit whose pictures are past their time, and its place among them."""

    delivered_at: datetime
    id: UUID


def purge_of(session: Session, proof_id: UUID) -> ProofEdition | None:
    """Return the edition that took a proof's pictures out, if they were purged."""
    return session.scalars(
        select(ProofEdition).where(ProofEdition.proof_id == proof_id, ProofEdition.cause == EditionCause.PURGED)
    ).one_or_none()


def editions_of(session: Session, proof_id: UUID) -> Sequence[ProofEdition]:
    """Return what was made of a proof since it was sealed, first one first."""
    return session.scalars(
        select(ProofEdition).where(ProofEdition.proof_id == proof_id).order_by(ProofEdition.number)
    ).all()


def files_of(session: Session, proof: Proof) -> ProofFiles:
    """Return the files that stand for a proof: those of its newest edition, its own if there is none."""
    editions = editions_of(session, proof.id)
    of = editions[-1] if editions else proof
    return ProofFiles(
        file_sha256=of.file_sha256,
        file_size_bytes=of.file_size_bytes,
        pdf_sha256=of.pdf_sha256,
        pdf_size_bytes=of.pdf_size_bytes,
    )


def add_edition(
    session: Session,
    proof: Proof,
    files: ProofFiles,
    *,
    cause: EditionCause,
    server_key: str,
    stamp: Stamp,
    pieces: Sequence[str] = (),
    kept_years: int = 0,
    freed_bytes: int = 0,
) -> ProofEdition:
    """Write that these files stand for the proof from now on; the caller holds the proof's visit."""
    made = ProofEdition(
        id=new_id(),
        **proof.kin(),
        proof_id=proof.id,
        number=len(editions_of(session, proof.id)) + 1,
        cause=cause,
        pieces=list(pieces),
        kept_years=kept_years,
        freed_bytes=freed_bytes,
        server_key=server_key,
        made_at=stamp.at,
        **asdict(files),
    )
    session.add(made)
    session.flush()
    return made


def under_other_keys(
    session: Session, *, newest: str, only: frozenset[str] | None, after: UUID | None, limit: int
) -> Sequence[Proof]:
    """Return the acting carrier's proofs that another key than ``newest`` sealed last, by id, behind ``after``.

    ``only`` narrows them to those that one of these keys sealed last.
    """
    last = (
        select(ProofEdition.server_key)
        .where(ProofEdition.proof_id == Proof.id)
        .order_by(ProofEdition.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    sealed_by = func.coalesce(last, Proof.server_key)
    query = select(Proof).where(Proof.owner_id == acting_org(session), sealed_by != newest)
    if only is not None:
        query = query.where(sealed_by.in_(only))
    if after is not None:
        query = query.where(Proof.id > after)
    return session.scalars(query.order_by(Proof.id).limit(limit)).all()


def due_visits(session: Session, *, before: datetime, after: DueVisit | None, limit: int) -> Sequence[DueVisit]:
    """Return the acting carrier's visits before an instant whose proofs hold pictures, none contested.

    The oldest first, behind ``after``.
    """
    query = _due(session, before).where(~_contested())
    if after is not None:
        query = query.where(tuple_(Visit.delivered_at, Visit.id) > tuple_(after.delivered_at, after.id))
    rows = session.execute(
        query.with_only_columns(Visit.delivered_at, Visit.id).order_by(Visit.delivered_at, Visit.id).limit(limit)
    )
    return [DueVisit(*row) for row in rows]


def count_due(session: Session, *, before: datetime, contested: bool) -> int:
    """Return how many visits are due, or how many of them an open contest holds."""
    due = _due(session, before).where(_contested() if contested else ~_contested())
    return int(session.scalar(select(func.count()).select_from(due.subquery())) or 0)


def still_needed(session: Session, sha256s: Iterable[str], *, visit_id: UUID) -> frozenset[str]:
    """Return those pictures that another visit's proof, not purged, names too: identical files are one file."""
    return frozenset(one for one in sha256s if _is_named(session, one, visit_id))


def _is_named(session: Session, sha256: str, visit_id: UUID) -> bool:
    query = (
        select(Visit.id)
        .join(Delivery, Delivery.visit_id == Visit.id)
        .join(DeliveryLine, DeliveryLine.delivery_id == Delivery.id)
        .outerjoin(Proof, Proof.delivery_id == Delivery.id)
        .outerjoin(ProofEdition, _is_purge())
        .where(
            Visit.owner_id == acting_org(session),
            Visit.id != visit_id,
            ProofEdition.id.is_(None),
            or_(
                Visit.signature_sha256 == sha256,
                Visit.picture_sha256 == sha256,
                literal(sha256) == any_(Visit.photos),
                literal(sha256) == any_(DeliveryLine.photos),
            ),
        )
    )
    return session.scalars(query.limit(1)).first() is not None


def _due(session: Session, before: datetime) -> Select[UUID]:
    sealed = (
        select(Proof.id)
        .join(Delivery, Delivery.id == Proof.delivery_id)
        .outerjoin(ProofEdition, _is_purge())
        .where(Delivery.visit_id == Visit.id, ProofEdition.id.is_(None))
    )
    return select(Visit.id).where(Visit.owner_id == acting_org(session), Visit.delivered_at < before, exists(sealed))


def _is_purge() -> ColumnElement[bool]:
    return and_(ProofEdition.proof_id == Proof.id, ProofEdition.cause == EditionCause.PURGED)


def _contested() -> ColumnElement[bool]:
    held = (
        select(Contest.id)
        .join(Delivery, Delivery.order_id == Contest.order_id)
        .where(Delivery.visit_id == Visit.id, Contest.state == ContestState.OPEN)
    )
    return exists(held)
