"""The root of a carrier's day: every proof that has none yet goes under one signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.delivery.model import Proof, ProofDay, ProofInclusion
from server.delivery.proofs.day import MAX_PROOFS, DayTree
from shared.ids import new_id
from shared.problems import Problem, Text

_LOCK_CARRIER = text("SELECT pg_advisory_xact_lock(hashtextextended('proof day:' || :owner, 0))")


class DayMoved(Problem):
    """Another job sealed some of these proofs meanwhile; trying again takes what is left."""

    slug = "proof-day-moved"
    status = 409
    title = Text("Racine déjà faite", "Root already made")


def unrooted(session: Session, *, before: datetime) -> Sequence[Proof]:
    """Return the acting carrier's proofs made before an instant that belong to no day yet, at most a tree's worth."""
    return session.scalars(
        select(Proof)
        .outerjoin(ProofInclusion, ProofInclusion.proof_id == Proof.id)
        .where(Proof.owner_id == acting_org(session), Proof.made_at < before, ProofInclusion.id.is_(None))
        .order_by(Proof.made_at, Proof.id)
        .limit(MAX_PROOFS)
    ).all()


def keep_day(
    session: Session, tree: DayTree, proofs: Sequence[Proof], *, day: date, token: bytes, stamp: Stamp
) -> ProofDay:
    """Keep a signed root and, for each of its proofs, the file beside it, for the same readers.

    Raises:
        DayMoved: one of the proofs has a root by now.
    """
    session.execute(_LOCK_CARRIER, {"owner": str(acting_org(session))})
    _require_unrooted(session, [proof.id for proof in proofs])
    kept = ProofDay(
        id=new_id(),
        owner_id=acting_org(session),
        party_ids=[],
        day=day,
        body=tree.body.decode(),
        key=tree.key,
        signature=tree.signature,
        nodes=b"".join(tree.nodes),
        token=token,
        made_at=stamp.at,
    )
    session.add(kept)
    session.flush()
    session.add_all(
        ProofInclusion(
            owner_id=proof.owner_id,
            party_ids=list(proof.party_ids),
            proof_id=proof.id,
            proof_day_id=kept.id,
            payload=tree.inclusion(proof.file_sha256, token=token),
        )
        for proof in proofs
    )
    return kept


def _require_unrooted(session: Session, proof_ids: Sequence[UUID]) -> None:
    if session.scalars(select(ProofInclusion.id).where(ProofInclusion.proof_id.in_(proof_ids)).limit(1)).first():
        raise DayMoved(
            Text("Une autre tâche vient de sceller ces preuves.", "Another job has just sealed these proofs."),
        )
