"""Sharing a proof with its readers: each gets an entry in its own feed, and moves it when the proof changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.delivery.model import Delivery, Proof, Visit
from server.delivery.reasons import FAILURES, REASONS
from server.delivery.sharing.editions import ProofFiles, files_of, purge_of
from server.delivery.sharing.model import ProofEdition, ProofEntry, ProofKind, ProofState
from server.delivery.sharing.wording import search_words
from server.orders.model import Order, OrderLine
from server.parties import queries as parties
from server.parties.model import Agreement
from shared.ids import new_id

DEFAULT_CONTEST_DAYS: Final = 10
_LOCK_FEED = text("SELECT pg_advisory_xact_lock(hashtextextended('proofs:' || :reader, 0))")
_KEPT_AT_CHANGE = frozenset({"id", "owner_id", "party_ids", "proof_id", "state", "made_at"})
_REASONS = {one.code: one for one in (*REASONS, *FAILURES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A proof with what its entries say; read as its owner."""

    proof: Proof
    delivery: Delivery
    visit: Visit
    order: Order
    names: Mapping[UUID, str]
    contest_days: int
    purge: ProofEdition | None
    superseded_by: UUID | None
    files: ProofFiles

    @property
    def readers(self) -> tuple[UUID, ...]:
        """Return everyone who has the proof: its owner and its parties."""
        return tuple(sorted({self.proof.owner_id, *self.proof.party_ids}))


def share_proofs(session: Session, proofs: Iterable[Proof], *, seals: Mapping[UUID, str], stamp: Stamp) -> None:
    """Put sealed proofs of the acting carrier into the feeds of their readers, or move changed ones to the end.

    ``seals`` is the sha256 of each file's seal by proof; an unnamed proof keeps the one that it has. Feeds are locked
    in ascending order until the commit, all of them at once: no two transactions wait for each other. Call it once a
    transaction, as late as may be.

    Source: R018, R026; requirements section 4 (POD: vérifiée → partagée).
    """
    shared = [_read(session, proof) for proof in proofs]
    for reader_id in sorted({reader for one in shared for reader in one.readers}):
        with acting_for(session, reader_id):
            last = lock_feed(session, reader_id)
            for one in shared:
                if reader_id in one.readers:
                    last += 1
                    put_entry(session, reader_id, _values(one, last, stamp), seal=seals.get(one.proof.id))


def lock_feed(session: Session, reader_id: UUID) -> int:
    """Let nobody else write to this reader's feed until the transaction ends; return its last position."""
    session.execute(_LOCK_FEED, {"reader": str(reader_id)})
    return last_position(session, reader_id)


def last_position(session: Session, reader_id: UUID) -> int:
    """Return the position of the newest change in a reader's feed, 0 in an empty one."""
    found = session.scalar(select(func.max(ProofEntry.position)).where(ProofEntry.owner_id == reader_id))
    return int(found or 0)


def reseen_proofs(session: Session, *, order_id: UUID, stamp: Stamp) -> None:
    """Say anew in every feed what the proofs of an order say, e.g. after its lots were noted."""
    proofs: Sequence[Proof] = session.scalars(select(Proof).where(Proof.order_id == order_id)).all()
    for owner_id in sorted({proof.owner_id for proof in proofs}):
        with acting_for(session, owner_id):
            share_proofs(session, [one for one in proofs if one.owner_id == owner_id], seals={}, stamp=stamp)


def _read(session: Session, proof: Proof) -> Shared:
    delivery = session.scalars(
        select(Delivery).where(Delivery.id == proof.delivery_id).options(selectinload(Delivery.lines))
    ).one()
    visit = session.scalars(select(Visit).where(Visit.id == delivery.visit_id)).one()
    order = session.scalars(select(Order).where(Order.id == proof.order_id).options(selectinload(Order.lines))).one()
    names = parties.names(session, org_ids={order.buyer_id, order.owner_id, proof.owner_id})
    agreement = session.get(Agreement, order.agreement_id) if order.agreement_id else None
    return Shared(
        proof=proof,
        delivery=delivery,
        visit=visit,
        order=order,
        names=names,
        contest_days=agreement.contest_days if agreement else DEFAULT_CONTEST_DAYS,
        purge=purge_of(session, proof.id),
        superseded_by=_later(session, delivery, visit),
        files=files_of(session, proof),
    )


def earlier_proofs(session: Session, proofs: Iterable[Proof]) -> list[Proof]:
    """Return the proofs of earlier revisions that these ones supersede: what their entries say changed."""
    found: dict[UUID, Proof] = {}
    for proof in proofs:
        delivery = session.scalars(select(Delivery).where(Delivery.id == proof.delivery_id)).one()
        if delivery.revision > 1:
            rows = select(Proof).join(Delivery, Delivery.id == Proof.delivery_id)
            older = rows.where(Proof.order_id == proof.order_id, Delivery.revision < delivery.revision)
            found |= {one.id: one for one in session.scalars(older)}
    return list(found.values())


def _later(session: Session, delivery: Delivery, visit: Visit) -> UUID | None:
    return session.scalars(
        select(Proof.id)
        .join(Delivery, Delivery.id == Proof.delivery_id)
        .join(Visit, Visit.id == Delivery.visit_id)
        .where(
            Delivery.order_id == delivery.order_id,
            Delivery.revision > delivery.revision,
            Visit.stop_id == visit.stop_id,
        )
        .order_by(Delivery.revision.desc())
        .limit(1)
    ).first()


def put_entry(session: Session, reader_id: UUID, said: dict[str, Any], *, seal: str | None) -> None:
    """Write what a reader's feed says of a proof, acting for that reader under its feed's lock."""
    values = said | ({"seal_sha256": seal} if seal is not None else {})
    row = {"id": new_id(), "owner_id": reader_id, "party_ids": [], "state": ProofState.SHARED, "seal_sha256": ""}
    statement = insert(ProofEntry).values(row | values)
    changed = {name: statement.excluded[name] for name in values if name not in _KEPT_AT_CHANGE}
    session.execute(statement.on_conflict_do_update(index_elements=["owner_id", "proof_id"], set_=changed))


def _values(one: Shared, position: int, stamp: Stamp) -> dict[str, Any]:
    order, delivery, proof = one.order, one.delivery, one.proof
    files = one.files
    return {
        "position": position,
        "kind": ProofKind.SEALED,
        "proof_id": proof.id,
        "proof_owner_id": proof.owner_id,
        "order_id": order.id,
        "driver_id": one.visit.driver_id,
        "order_number": order.number,
        "buyer_id": order.buyer_id,
        "buyer_name": one.names.get(order.buyer_id, ""),
        "seller_id": order.owner_id,
        "seller_name": one.names.get(order.owner_id, ""),
        "carrier_name": one.names.get(proof.owner_id, ""),
        "signer_name": delivery.signer_name,
        "outcome": delivery.outcome,
        "lots": lots_of(order.lines),
        "words": search_words(_texts(one)),
        "delivered_at": delivery.delivered_at,
        "made_at": proof.made_at,
        "changed_at": stamp.at,
        "contest_until": proof.made_at + timedelta(days=one.contest_days),
        "revision": delivery.revision,
        "superseded_by": one.superseded_by,
        "file_sha256": files.file_sha256,
        "file_size_bytes": files.file_size_bytes,
        "pdf_sha256": files.pdf_sha256,
        "pdf_size_bytes": files.pdf_size_bytes,
        "missing": len(proof.missing_attachments),
        "purged": len(one.purge.pieces) if one.purge else 0,
    }


def lots_of(lines: Iterable[OrderLine]) -> list[str]:
    """Return the lots noted on these lines, each once."""
    return sorted({lot for line in lines for lot in line.lots})


def _texts(one: Shared) -> dict[str, list[str]]:
    codes = dict.fromkeys([one.visit.failure, *(line.reason for line in one.delivery.lines)])
    known = [_REASONS[code] for code in codes if code in _REASONS]
    lines = one.order.lines
    return {
        "order": [one.order.number],
        "client": [one.names.get(one.order.buyer_id, "")],
        "seller": [one.names.get(one.order.owner_id, "")],
        "signer": [one.delivery.signer_name],
        "reason": [code for code in codes if code],
        "lot": lots_of(lines),
        "text": [
            *(text for line in lines for text in (line.description_fr, line.description_en)),
            *(text for reason in known for text in (reason.name_fr, reason.name_en)),
        ],
    }


def mark_proof(session: Session, proof: Proof, *, state: ProofState, stamp: Stamp) -> None:
    """Give a proof another state in the feeds of all its readers, at their end."""
    for reader_id in sorted({proof.owner_id, *proof.party_ids}):
        with acting_for(session, reader_id):
            position = lock_feed(session, reader_id) + 1
            session.execute(
                update(ProofEntry)
                .where(ProofEntry.owner_id == reader_id, ProofEntry.proof_id == proof.id)
                .values(state=state, position=position, changed_at=stamp.at)
            )
