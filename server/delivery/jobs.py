"""What follows for proofs that were given out, and in the evening: the carrier's day under one root."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import clock
from server.core.blobs import blob_store
from server.core.jobs import AGAIN, enqueue, queue
from server.core.keys import server_key
from server.core.settings import settings
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.model import Proof
from server.delivery.proofs import DayTree
from server.delivery.proofs import seal_day as seal_tree
from server.delivery.proofs.stamping import request_stamp
from server.delivery.service import tablets
from server.delivery.service.days import keep_day, unrooted
from server.delivery.sharing import gathering
from server.delivery.sharing.exports import ExportFile, manifest_bytes
from server.delivery.sharing.papers import reseen_papers
from server.delivery.sharing.service import reseen_proofs
from server.parties import queries as parties

_PROGRESS_EVERY = 50  # files
_AFTER_MIDNIGHT = timedelta(minutes=15)


@queue.task(name="delivery.say_proofs_anew", retry=AGAIN)
def say_proofs_anew(*, owner_id: str, subject_id: str) -> None:
    """Say anew what the proofs of an order say, after its lots were noted."""
    with transaction(UUID(owner_id)) as session:
        reseen_proofs(session, order_id=UUID(subject_id), stamp=_now())
    with transaction(UUID(owner_id)) as session:
        reseen_papers(session, order_id=UUID(subject_id), stamp=_now())


@queue.task(name="delivery.ask_about_vouched_tablet", retry=AGAIN)
def ask_about_vouched_tablet(*, owner_id: str, subject_id: str) -> None:
    """Tell a dispatcher of a tablet that an operator vouched for."""
    with transaction(UUID(owner_id)) as session:
        tablets.ask_about_vouched_tablet(session, UUID(subject_id), stamp=_now())


@queue.task(name="delivery.ask_about_tablet", retry=AGAIN)
def ask_about_tablet(*, owner_id: str, subject_id: str) -> None:
    """Put a tablet that came back after a restore before the carrier's dispatchers."""
    with transaction(UUID(owner_id)) as session:
        tablets.ask_about_tablet(session, UUID(subject_id), stamp=_now())


@queue.task(name="delivery.gather_export", retry=AGAIN)
def gather_export(*, owner_id: str, subject_id: str) -> None:
    """Freeze the list of an export's files, each read and checked once; what the store lost is said in the manifest."""
    org_id, export_id, store = UUID(owner_id), UUID(subject_id), blob_store()
    with transaction(org_id) as session:
        files = gathering.begin(session, export_id)
    if not files:
        return
    kept: list[ExportFile] = []
    lost: list[ExportFile] = []
    for number, file in enumerate(files, 1):
        (kept if gathering.is_kept(store, file) else lost).append(file)
        if number % _PROGRESS_EVERY == 0:
            with transaction(org_id) as session:
                gathering.tell_progress(session, export_id, done=number // 2)
    with transaction(org_id) as session:
        manifest = gathering.manifest_of(session, export_id, kept, lost)
    sha256 = store.put(org_id, manifest_bytes(manifest), media_type="application/json")
    with transaction(org_id) as session:
        gathering.finish(session, export_id, manifest=manifest, sha256=sha256, stamp=_now())


@queue.task(name="delivery.seal_day", retry=AGAIN)
def seal_day(*, owner_id: str, subject_id: str) -> None:
    """Put every proof made up to the end of a day (ISO date, in the carrier's zone) under a signed root.

    Where a time-stamping authority is configured, its stamp comes first: without its answer nothing is kept, and the
    job is tried again; at last the next day's takes these proofs, too.
    """
    day, carrier_id = date.fromisoformat(subject_id), UUID(owner_id)
    while proofs := _left(carrier_id, day):
        tree = _tree(carrier_id, day, proofs)
        token = request_stamp(tree.body, url=settings().tsa_url) if settings().tsa_url else b""
        with transaction(carrier_id) as session:
            keep_day(session, tree, proofs, day=day, token=token, stamp=_now())


def plan_day(session: Session, *, owner_id: UUID, made_at: datetime) -> None:
    """Have the day of a proof sealed once it is over in the carrier's zone; a day that is planned is not doubled."""
    zone = parties.zone_of(session, org_id=owner_id)
    day = made_at.astimezone(zone).date()
    enqueue(
        session,
        seal_day,
        key=f"proof-day:{owner_id}:{day}",
        not_before=datetime.combine(day + timedelta(days=1), time(), zone) + _AFTER_MIDNIGHT,
        owner_id=str(owner_id),
        subject_id=day.isoformat(),
    )


def _left(carrier_id: UUID, day: date) -> Sequence[Proof]:
    with transaction(carrier_id) as session:
        zone = parties.zone_of(session, org_id=carrier_id)
        return unrooted(session, before=datetime.combine(day + timedelta(days=1), time(), zone))


def _tree(carrier_id: UUID, day: date, proofs: Sequence[Proof]) -> DayTree:
    return seal_tree(
        [proof.file_sha256 for proof in proofs],
        carrier_id=str(carrier_id),
        day=day,
        made_ms=int(clock.now().timestamp() * 1000),
        key=server_key(),
    )


def _now() -> Stamp:
    return Stamp(None, clock.now())
