"""Sealing proofs anew under the newest key: the former seal stays inside, the feed brings the new file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.stamp import Stamp
from server.delivery.events import PROOF_RESEALED
from server.delivery.model import Delivery, Proof, Visit
from server.delivery.proofs import seal_anew, verify_proof
from server.delivery.sharing.editions import ProofFiles, add_edition, files_of
from server.delivery.sharing.fingerprint import seal_fingerprint
from server.delivery.sharing.model import EditionCause
from server.delivery.sharing.service import share_proofs
from server.documents import service as documents
from server.documents.model import Document, DocumentKind
from server.documents.service import Rendered
from server.sync.service.proofs import hold_visit
from server.sync.service.streams import unix_ms
from server.sync.service.vouching import vouched_anew
from shared.keyring import KeyList
from shared.sealing import public_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A proof with the files that stand for it, its visit, and its file's row."""

    proof: Proof
    visit_id: UUID
    files: ProofFiles
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """A kept proof's file under the newest key."""

    kept: Kept
    file: Rendered
    server_key: str


def kept_proofs(session: Session, proofs: Sequence[Proof]) -> list[Kept]:
    """Return these proofs with what stands for them."""
    return [_kept(session, one) for one in proofs]


def under_newest(before: bytes, *, key: Ed25519PrivateKey, keys: KeyList, stamp: Stamp) -> bytes:
    """Return a proof file that ``key`` seals anew, once it was verified under the server's own ``keys``.

    Raises:
        Problem: it does not verify, or was sealed anew too often.
    """
    contents = verify_proof(before, keys=keys).contents
    links = tuple(one.link for one in keys.server_keys)
    fresh = msgspec.structs.replace(
        contents, keys=vouched_anew(contents.keys, key=key, links=links), sealed_ms=unix_ms(stamp.at), former={}
    )
    return seal_anew(before, fresh, key=key)


def rendered(kept: Kept, payload: bytes) -> Rendered:
    """Return the new file as the paper that it is a revision of."""
    was = kept.document
    return Rendered(
        kind=was.kind,
        owner_id=was.owner_id,
        readers=tuple(was.party_ids),
        subject_id=was.subject_id,
        name=was.name,
        language=was.language,
        payload=payload,
        order_id=was.order_id,
        run_id=was.run_id,
        media_type=was.media_type,
    )


def replace_seals(session: Session, made: Iterable[Resealed], *, stamp: Stamp) -> int:
    """Let the files that were sealed anew stand for their proofs, in every reader's feed; return how many did.

    One that was purged or sealed anew by somebody else meanwhile stays as it is.
    """
    done: list[Proof] = []
    seals: dict[UUID, str] = {}
    for one in sorted(made, key=lambda one: (one.kept.visit_id, one.kept.proof.id)):
        proof = one.kept.proof
        hold_visit(session, one.kept.visit_id)
        if files_of(session, proof) != one.kept.files:
            continue
        documents.keep(session, one.file, stamp=stamp)
        files = ProofFiles(
            file_sha256=one.file.sha256,
            file_size_bytes=len(one.file.payload),
            pdf_sha256=one.kept.files.pdf_sha256,
            pdf_size_bytes=one.kept.files.pdf_size_bytes,
        )
        cause = EditionCause.RESEALED
        add_edition(session, proof, files, cause=cause, server_key=one.server_key, stamp=stamp)
        facts.record(session, PROOF_RESEALED, proof.id, stamp, readers=tuple(proof.party_ids))
        seals[proof.id] = seal_fingerprint(one.file.payload)
        done.append(proof)
    share_proofs(session, done, seals=seals, stamp=stamp)
    return len(done)


def resealed(kept: Kept, before: bytes, *, key: Ed25519PrivateKey, keys: KeyList, stamp: Stamp) -> Resealed:
    """Return a kept proof under the newest key; ``before`` is its file.

    Raises:
        Problem: as ``under_newest``.
    """
    file = under_newest(before, key=key, keys=keys, stamp=stamp)
    return Resealed(kept=kept, file=rendered(kept, file), server_key=public_bytes(key).hex())


def _kept(session: Session, proof: Proof) -> Kept:
    document = session.scalars(
        select(Document)
        .where(Document.subject_id == proof.delivery_id, Document.kind == DocumentKind.PROOF_FILE)
        .order_by(Document.revision.desc())
        .limit(1)
    ).one()
    visit_id = session.scalars(
        select(Visit.id).join(Delivery, Delivery.visit_id == Visit.id).where(Delivery.id == proof.delivery_id)
    ).one()
    return Kept(proof=proof, visit_id=visit_id, files=files_of(session, proof), document=document)
