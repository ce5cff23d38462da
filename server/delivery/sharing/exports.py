"""Many proofs in one archive: frozen as a list by a job, then streamed from the store, a file at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import Conflict, NotFound, Problem, Text
from server.core.settings import settings
from server.core.stamp import Stamp
from server.delivery.events import EXPORT_ASKED
from server.delivery.model import VisitOutcome
from server.delivery.sharing.model import ExportState, ProofEntry, ProofExport, ProofKind, ProofState
from server.delivery.sharing.queries import ProofFilter, find_proofs
from server.orders import queries as orders
from server.parties import queries as parties
from server.parties.wording import badge_of
from shared.ids import new_id

MAX_PROOFS: Final = 5_000
MAX_RUNNING: Final = 3
STUCK_AFTER: Final = timedelta(hours=1)  # its job failed for good by then
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


class ExportExpired(Problem):
    """The link to an archive is good for some days only."""

    slug = "export-expired"
    status = 410
    title = Text("Lien échu", "Link expired")


class ExportTooLarge(Problem):
    """More proofs were found than one archive holds."""

    slug = "export-too-large"
    title = Text("Trop de preuves", "Too many proofs")


class ExportFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an archive, as its manifest says it."""

    name: str
    proof_id: UUID
    order_number: str
    billed: Text | None = None  # the order's badge (R008)
    carrier_id: UUID
    sha256: str
    size_bytes: int


class ExportManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds; ``missing`` names files that the store no longer has, e.g. purged ones."""

    format: str
    made_at: datetime
    organisation_id: UUID
    criteria: dict[str, str]
    files: tuple[ExportFile, ...]
    missing: tuple[ExportFile, ...]


def ask_export(session: Session, *, narrowed: ProofFilter, by_name: str, stamp: Stamp) -> ProofExport:
    """Return an export of the acting organisation's proofs that the filter lets through; a job gathers it.

    Raises:
        Conflict: ``MAX_RUNNING`` of them are being gathered.
        ExportTooLarge: over ``MAX_PROOFS`` proofs were found.
        NotFound: none was found.
    """
    me = acting_org(session)
    _give_up_stuck(session, me, stamp)
    running = session.scalar(
        select(func.count())
        .select_from(ProofExport)
        .where(ProofExport.owner_id == me, ProofExport.state.in_((ExportState.WAITING, ExportState.GATHERING)))
    )
    if (running or 0) >= MAX_RUNNING:
        raise Conflict(
            Text(
                f"{MAX_RUNNING} exports se préparent déjà. Attendez-en la fin.",
                f"{MAX_RUNNING} exports are being made already. Wait until one is done.",
            )
        )
    total = _counted(session, narrowed, now=stamp.at)
    made = ProofExport(
        id=new_id(),
        owner_id=me,
        asked_by=stamp.by,
        asked_by_name=by_name,
        criteria={name: str(value) for name, value in asdict(narrowed).items() if value},
        state=ExportState.WAITING,
        total=total,
        asked_at=stamp.at,
        expires_at=stamp.at + timedelta(days=settings().export_days),
    )
    session.add(made)
    session.flush()
    facts.record(session, EXPORT_ASKED, made.id, stamp)
    return made


def export_named(session: Session, export_id: UUID) -> ProofExport:
    """Return an export of the acting organisation.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(
        select(ProofExport).where(ProofExport.id == export_id, ProofExport.owner_id == acting_org(session))
    ).one_or_none()
    if found is None:
        raise NotFound(Text("Cet export n’existe pas.", "There is no such export."), where=str(export_id))
    return found


def exports(session: Session, *, limit: int = 20) -> Sequence[ProofExport]:
    """Return the acting organisation's last exports, newest first."""
    return session.scalars(
        select(ProofExport)
        .where(ProofExport.owner_id == acting_org(session))
        .order_by(ProofExport.asked_at.desc(), ProofExport.id.desc())
        .limit(limit)
    ).all()


def require_ready(export: ProofExport, *, now: datetime) -> ProofExport:
    """Return an export whose archive may be fetched.

    Raises:
        Conflict: it is still being gathered, or failed.
        ExportExpired: its days are over.
    """
    if export.expires_at <= now:
        raise ExportExpired(
            Text("Ce lien est échu. Refaites l’export.", "This link has expired. Make the export again."),
            where=str(export.id),
        )
    if export.state is not ExportState.READY:
        raise Conflict(
            Text("Cette archive n’est pas prête.", "This archive is not ready."),
            where=str(export.id),
        )
    return export


def files_of(session: Session, export: ProofExport) -> list[ExportFile]:
    """Return the files of an export, newest first, two a sealed proof and one a paper: one's own alone."""
    query = find_proofs(session, narrowed=_filter(export.criteria), zone=_zone(session), now=export.asked_at)
    ordered = query.where(ProofEntry.made_at <= export.asked_at).order_by(
        ProofEntry.delivered_at.desc(), ProofEntry.proof_id.desc()
    )
    entries = session.scalars(ordered.limit(MAX_PROOFS)).all()
    billed = orders.billing_types(session, order_ids={one.order_id for one in entries})
    return [file for one in entries for file in _files(one, badge_of(billed.get(one.order_id)))]


class Packed(Protocol):
    """A file of any archive."""

    @property
    def name(self) -> str:
        """Its name inside the archive."""

    @property
    def sha256(self) -> str:
        """The hash of its bytes, in hex."""


class PackingList[F: Packed](Protocol):
    """The manifest of any archive, a message that stands at its beginning."""

    @property
    def files(self) -> tuple[F, ...]:
        """Its files, in their order."""


def zip_stream[F: Packed](manifest: PackingList[F], fetch: Callable[[F], bytes]) -> Iterator[bytes]:
    """Yield the archive in pieces, none larger than a file: manifest and ``SHA256SUMS`` first, then each file."""
    sums = "".join(f"{file.sha256}  {file.name}\n" for file in manifest.files)
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry("manifest.json"), manifest_bytes(manifest))
        archive.writestr(_entry("SHA256SUMS"), sums)
        for file in manifest.files:
            archive.writestr(_entry(file.name), fetch(file))
            yield sink.taken()
    yield sink.taken()


def manifest_bytes(manifest: object) -> bytes:
    """Return the manifest as it is kept and packed: JSON in the fields' order."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


class _Sink:
    """Where the archive is written to, piece by piece; it cannot be sought in, so that nothing must stay."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to close."""

    def taken(self) -> bytes:
        whole = b"".join(self._pieces)
        self._pieces.clear()
        return whole


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o600 << 16
    return entry


def _files(entry: ProofEntry, billed: Text | None) -> Iterator[ExportFile]:
    number = "".join(one if one.isalnum() or one in "-_" else "-" for one in entry.order_number)
    named = f"{number}-{entry.proof_id.hex[-8:]}"
    paper = entry.kind is ProofKind.PAPER
    files = [("-papier.jpg" if paper else ".proof", entry.file_sha256, entry.file_size_bytes)]
    if not paper:
        files.append((".pdf", entry.pdf_sha256, entry.pdf_size_bytes))
    for suffix, sha256, size_bytes in files:
        yield ExportFile(
            name=f"{named}{suffix}",
            proof_id=entry.proof_id,
            order_number=entry.order_number,
            billed=billed,
            carrier_id=entry.proof_owner_id,
            sha256=sha256,
            size_bytes=size_bytes,
        )


def _give_up_stuck(session: Session, org_id: UUID, stamp: Stamp) -> None:
    session.execute(
        update(ProofExport)
        .where(
            ProofExport.owner_id == org_id,
            ProofExport.state.in_((ExportState.WAITING, ExportState.GATHERING)),
            ProofExport.asked_at < stamp.at - STUCK_AFTER,
        )
        .values(state=ExportState.FAILED)
    )


def _counted(session: Session, narrowed: ProofFilter, *, now: datetime) -> int:
    query = find_proofs(session, narrowed=narrowed, zone=_zone(session), now=now).limit(MAX_PROOFS + 1)
    total = int(session.scalar(select(func.count()).select_from(query.subquery())) or 0)
    if total > MAX_PROOFS:
        raise ExportTooLarge(
            Text(
                f"Plus de {MAX_PROOFS} preuves correspondent. Exportez une période à la fois.",
                f"Over {MAX_PROOFS} proofs match. Export one period at a time.",
            )
        )
    if not total:
        raise NotFound(Text("Aucune preuve ne correspond.", "No proof matches."))
    return total


def _filter(criteria: dict[str, str]) -> ProofFilter:
    read: dict[str, Callable[[str], Any]] = {
        "outcome": VisitOutcome, "state": ProofState, "kind": ProofKind,
        "first_day": date.fromisoformat, "last_day": date.fromisoformat,
    }  # fmt: skip
    return ProofFilter(**{name: read.get(name, str)(value) for name, value in criteria.items()})


def _zone(session: Session) -> Any:
    return parties.zone_or_ours(session, org_id=acting_org(session))
