"""Purging pictures after their time: the proofs are sealed again without them, their hashes stay signed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.days import day_text
from server.core.stamp import Stamp
from server.delivery.events import PICTURES_PURGED
from server.delivery.model import Delivery, Proof
from server.delivery.proofs import ProofContents, ProofPurged, read_proof, seal_anew, write_proof
from server.delivery.sharing.editions import ProofFiles, add_edition, editions_of, files_of, purge_of, still_needed
from server.delivery.sharing.fingerprint import seal_fingerprint
from server.delivery.sharing.model import EditionCause, ProofAccess, ProofExport
from server.delivery.sharing.service import share_proofs
from server.documents import service as documents
from server.documents.service import Rendered
from server.sync.model import Attachment
from server.sync.service.proofs import SealedVisit
from shared.problems import Text

LEAST_ACCESS_DAYS: Final = 365

type Remade = tuple[Proof, Delivery, Rendered, Rendered]
"""A proof, its delivery, and both of its files without pictures."""


def kept_since(now: datetime, zone: ZoneInfo, *, years: int) -> datetime:
    """Return the first instant whose deliveries keep their pictures: full ``years`` after the year of the delivery.

    >>> kept_since(datetime(2026, 7, 1, tzinfo=ZoneInfo("UTC")), ZoneInfo("UTC"), years=6).isoformat()
    '2020-01-01T00:00:00+00:00'
    """
    return datetime(now.astimezone(zone).year - years, 1, 1, tzinfo=zone)


def proofs_with_pictures(session: Session, sealed: SealedVisit) -> list[tuple[Delivery, Proof]]:
    """Return the visit's deliveries with their proofs whose pictures are still there."""
    found = session.scalars(
        select(Proof).where(Proof.delivery_id.in_([one.id for one in sealed.deliveries])).order_by(Proof.id)
    ).all()
    deliveries = {one.id: one for one in sealed.deliveries}
    return [(deliveries[one.delivery_id], one) for one in found if purge_of(session, one.id) is None]


def without_pictures(
    before: bytes | None, fresh: ProofContents, *, key: Ed25519PrivateKey, purged_ms: int, kept_years: int
) -> bytes:
    """Return a proof file without its pictures: each is named as purged, and its former seal stays inside.

    ``before`` is the file that stands for the proof, None where the store lost it; ``fresh`` is the same proof as
    ``key`` seals it now, with every picture that the office has.
    """
    contents = fresh if before is None else _under(fresh, read_proof(before)[0])
    gone = tuple(
        ProofPurged(sha256=one, purged_ms=purged_ms, kept_years=max(kept_years, 0)) for one in sorted(fresh.attachments)
    )
    contents = msgspec.structs.replace(
        contents,
        attachments={},
        missing=tuple(sorted({*contents.missing, *contents.attachments, *fresh.attachments})),
        office=msgspec.structs.replace(contents.office, purged=gone),
        sealed_ms=purged_ms,
        former={},
    )
    return write_proof(contents, key=key) if before is None else seal_anew(before, contents, key=key)


def _under(fresh: ProofContents, kept: ProofContents) -> ProofContents:
    """What was sealed stays to the letter; only who vouches for it is fresh."""
    return msgspec.structs.replace(kept, keys=fresh.keys)


def purge_words(on: datetime, *, kept_years: int) -> Text:
    """Return when the pictures went and by which rule, as the printed proof says it."""
    day = day_text(on.date())
    return Text(
        f"Pièces purgées le {day.fr} selon la règle de conservation\u00a0: {kept_years} ans pleins après l’année de la "
        "livraison. Leurs empreintes restent signées.",
        f"Pieces purged on {day.en} by the retention rule: {kept_years} full years after the year of the delivery. "
        "Their hashes stay signed.",
    )


def replace_files(
    session: Session, sealed: SealedVisit, made: Sequence[Remade], *, server_key: str, kept_years: int, stamp: Stamp
) -> int:
    """Let the files without pictures stand for the proofs, in every reader's feed; return the bytes freed."""
    freed, seals, purged = 0, {}, []
    for proof, delivery, file, pdf in made:
        if purge_of(session, proof.id) is not None:
            continue
        for one in (file, pdf):
            documents.keep(session, one, stamp=stamp)
        pieces = [sha for sha in sealed.demanded(delivery) if sha in sealed.received]
        saved = _attached_bytes(session, set(pieces))  # in its file; the pictures themselves are counted below, once
        add_edition(
            session,
            proof,
            _files(file, pdf),
            cause=EditionCause.PURGED,
            server_key=server_key,
            pieces=pieces,
            kept_years=kept_years,
            freed_bytes=saved,
            stamp=stamp,
        )
        facts.record(session, PICTURES_PURGED, proof.id, stamp, readers=tuple(proof.party_ids))
        freed += saved
        seals[proof.id] = seal_fingerprint(file.payload)
        purged.append(proof)
    session.flush()
    freed += _attached_bytes(session, _pictures(sealed))
    share_proofs(session, purged, seals=seals, stamp=stamp)
    return freed


def loose_files(session: Session, sealed: SealedVisit) -> list[str]:
    """Return what the store may forget: the files with pictures, and those pictures that nothing else names.

    Nothing, as long as a proof of the visit still holds its pictures.
    """
    if proofs_with_pictures(session, sealed):
        return []
    proofs = session.scalars(select(Proof).where(Proof.delivery_id.in_([one.id for one in sealed.deliveries]))).all()
    named = _pictures(sealed)
    pictures = named - still_needed(session, named, visit_id=sealed.visit.id)
    copies = _shown_copies(session, pictures)
    return sorted(pictures) + sorted(copies) + sorted(sha for one in proofs for sha in _superseded(session, one))


def _pictures(sealed: SealedVisit) -> set[str]:
    """Return every file that the visit names: those of its proofs, and the photos of no line."""
    return {sha for delivery in sealed.deliveries for sha in sealed.demanded(delivery)} | set(sealed.visit.photos)


def note_purged(session: Session, names: Iterable[str], *, stamp: Stamp) -> None:
    """Note which files of the acting carrier are taken out on purpose: nobody looks for them or asks for them again."""
    session.execute(
        update(Attachment)
        .where(
            Attachment.owner_id == acting_org(session),
            Attachment.sha256.in_(list(names)),
            Attachment.purged_at.is_(None),
        )
        .values(purged_at=stamp.at)
    )


def _shown_copies(session: Session, pictures: Iterable[str]) -> set[str]:
    """Return the re-encoded copies of these pictures that no other picture shares."""
    ours, pictures = Attachment.owner_id == acting_org(session), list(pictures)
    copies = select(Attachment.served_sha256).where(ours, Attachment.served_sha256 != "")
    kept = session.scalars(copies.where(Attachment.sha256.not_in(pictures), Attachment.purged_at.is_(None)))
    return set(session.scalars(copies.where(Attachment.sha256.in_(pictures)))) - set(kept)


def _superseded(session: Session, proof: Proof) -> set[str]:
    """Return the files that stood for a proof before those that stand now."""
    now = files_of(session, proof)
    names = {proof.file_sha256, proof.pdf_sha256}
    for one in editions_of(session, proof.id):
        names |= {one.file_sha256, one.pdf_sha256}
    return names - {now.file_sha256, now.pdf_sha256}


def old_accesses(session: Session, *, before: datetime, dry_run: bool) -> int:
    """Return how many lines of the acting carrier's access log are too old, deleted unless ``dry_run``."""
    old = (ProofAccess.owner_id == acting_org(session), ProofAccess.at < before)
    count = int(session.scalar(select(func.count()).select_from(ProofAccess).where(*old)) or 0)
    if not dry_run:
        session.execute(delete(ProofAccess).where(*old))
    return count


def old_exports(session: Session, *, now: datetime, dry_run: bool) -> list[str]:
    """Return the manifests of the acting organisation's expired archives, whose rows are deleted unless ``dry_run``."""
    old = (ProofExport.owner_id == acting_org(session), ProofExport.expires_at < now)
    names = list(session.scalars(select(ProofExport.manifest_sha256).where(*old)))
    if not dry_run:
        session.execute(delete(ProofExport).where(*old))
    return names


def _files(file: Rendered, pdf: Rendered) -> ProofFiles:
    return ProofFiles(
        file_sha256=file.sha256,
        file_size_bytes=len(file.payload),
        pdf_sha256=pdf.sha256,
        pdf_size_bytes=len(pdf.payload),
    )


def _attached_bytes(session: Session, sha256s: set[str]) -> int:
    found = session.scalar(
        select(func.coalesce(func.sum(Attachment.size_bytes), 0)).where(
            Attachment.owner_id == acting_org(session), Attachment.sha256.in_(sha256s)
        )
    )
    return int(found or 0)
