"""The signature inside a proof file, drawn for a page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import msgspec

from server.core.blobs import blob_store
from server.delivery.proofs import ProofContents, ProofCorrection, read_proof
from shared.signature import unpack_strokes
from shared.wire.event import Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Who signed, as what, and the ink: one SVG path on a pad of ``width`` by ``height``."""

    name: str
    role: str
    width: int
    height: int
    path: str
    photos: int
    missing: int
    corrections: tuple[ProofCorrection, ...]


def read_signing(owner_id: UUID, sha256: str) -> Signing:
    """Return what a stored proof file shows; ``path`` is empty when nobody signed or the ink never arrived.

    Raises:
        BlobMissing: the store has lost the file.
        BrokenArchive: it is no proof file.
    """
    contents, *_ = read_proof(blob_store().get(owner_id, sha256))
    finished = msgspec.json.decode(contents.event.body, type=Envelope).payload
    ink = contents.attachments.get(str(finished.get("signature_sha256", "")))
    drawing = unpack_strokes(ink) if ink else None
    return Signing(
        name=str(finished.get("signer_name", "")),
        role=str(finished.get("signer_role", "")),
        width=drawing.width if drawing else 0,
        height=drawing.height if drawing else 0,
        path=drawing.to_svg_path() if drawing else "",
        photos=_photos(contents, finished),
        missing=len(set(contents.missing) - contents.purged),
        corrections=contents.office.corrections,
    )


def _photos(contents: ProofContents, finished: dict[str, object]) -> int:
    own = {finished.get("signature_sha256"), finished.get("picture_sha256")}
    return sum(sha256 not in own for sha256 in contents.attachments)
