"""Runs and their documents down."""

from __future__ import annotations

import logging

import msgspec

from driver_app.clock import Clock, Moment
from driver_app.store import attachments, bundles, drafts, settings, states
from driver_app.store.commit_points import PULL_ANSWERED
from driver_app.store.database import Session, Store
from driver_app.sync.office import Office, PulledRuns
from shared.wire.bundle import BundleRun, FileRef, RunStanding

_log = logging.getLogger(__name__)


def pull_runs(store: Store, office: Office, device_id: str, clock: Clock) -> int:
    """Fetch the runs that changed and return how many were kept; each replaces its former version whole, or not at all.

    One that this app cannot read is left out, counted in ``Position.unread_runs``, and holds up no other.

    An office that was restored speaks under another epoch: then everything is asked for again. So it is where a run
    that did not come is there in another version than the one that was pulled: the office lost what it had given out.
    """
    known = store.read(settings.position)
    pulled = office.pull(device_id, known.cursor, known.epoch)
    if known.epoch and pulled.epoch != known.epoch and not pulled.full:
        pulled = office.pull(device_id, 0, pulled.epoch)
    if not pulled.full and pulled.lost(known.run_tags):
        pulled = office.pull(device_id, 0, pulled.epoch)
    store.reached(PULL_ANSWERED)
    now = clock.now()
    store.write("pull", lambda session: _keep(session, pulled, now))
    return len(pulled.runs) - store.read(settings.position).unread_runs


def fetch_files(store: Store, office: Office, device_id: str) -> int:
    """Fetch the documents that the runs name and the tablet lacks; return how many came."""
    missing = store.read(bundles.missing_files)
    for file in missing:
        _keep_file(store, file, office.fetch(device_id, file.sha256))
    return len(missing)


def _keep_file(store: Store, file: FileRef, body: bytes) -> None:
    store.write("keep_file", lambda session: bundles.keep_file(session, file, body))


def _keep(session: Session, pulled: PulledRuns, now: Moment) -> None:
    unread = [body for body in pulled.runs if not _keep_run(session, bytes(body))]
    bundles.keep_only(session, set(pulled.live))
    for standing in pulled.standing:
        _take_over(session, standing)
    position = settings.position(session)
    was_restored = position.epoch and pulled.epoch != position.epoch
    if was_restored:  # since it was greeted: nobody here knows which files it still has
        attachments.offer_again(session)
    asked_again = 0 if pulled.full or was_restored else position.cursor
    read = msgspec.structs.replace(
        position,
        cursor=asked_again if unread else pulled.cursor,
        epoch=pulled.epoch,
        run_tags=pulled.tags,
        unread_runs=len(unread),
    )
    settings.save(session, read)
    remember_contact(session, pulled.server_ms, now)


def _keep_run(session: Session, body: bytes) -> bool:
    """Keep one run, or say that this app cannot read it: a former version stays, and it is asked for again."""
    try:
        run = bundles.keep(session, body)
    except msgspec.MsgspecError as error:
        _log.warning("a run was left out: %s", error)
        return False
    _fit_drafts(session, run)
    return True


def _fit_drafts(session: Session, run: BundleRun) -> None:
    """What is being counted speaks of its stop as the office has it now; what is finished was sealed as it was.

    A stop that the office took off stays open here: what was handed over there is sealed, and a person looks at it.
    """
    stops = {stop.stop_id: stop for stop in run.stops}
    for stop_id, progress in states.stops_of(session, run.run_id).items():
        draft = drafts.load(session, run_id=run.run_id, stop_id=stop_id)
        if draft is None or progress.is_finished:
            continue
        stop = stops.get(stop_id)
        fits = drafts.fitted(draft, stop) if stop else msgspec.structs.replace(draft, has_changed=True)
        if fits != draft:
            drafts.save(session, fits, run_id=run.run_id)


def _take_over(session: Session, standing: RunStanding) -> None:
    """Go on where other tablets are: what the office has of them is not done again here."""
    if standing.departed_ms and states.run_progress(session, standing.run_id).departed_ms is None:
        states.mark_departed(session, standing.run_id, standing.departed_ms)
    for done in standing.stops:
        states.mark_elsewhere(
            session, run_id=standing.run_id, stop_id=done.stop_id, outcome=done.outcome, at_ms=done.finished_ms
        )


def remember_contact(session: Session, server_ms: int, now: Moment) -> None:
    """Keep what the office's clock said and when it said so: times shown later are corrected by it."""
    position = settings.position(session)
    settings.save(
        session,
        msgspec.structs.replace(
            position,
            server_ms=server_ms,
            server_monotonic_ms=now.monotonic_ms,
            server_boot_id=now.boot_id,
            contact_wall_ms=now.wall_ms,
        ),
    )
