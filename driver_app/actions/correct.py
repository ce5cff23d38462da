"""Taking back a finish that has not left the tablet, correcting one later, and leaving it as it was signed."""

from __future__ import annotations

import msgspec

from driver_app.clock import Moment
from driver_app.store import attachments, bundles, drafts, outbox, states
from driver_app.store.database import Session
from driver_app.store.drafts import SealedStop, StopDraft
from driver_app.store.outbox import Entry
from driver_app.store.states import StopProgress
from driver_app.tablet import Tablet
from shared.problems import Problem, Text
from shared.sealing import public_bytes
from shared.sealing_event import open_event


class TooLateToUndo(Problem):
    """The ten seconds are over, or something was sealed since."""

    slug = "tablet-too-late-to-undo"
    status = 409
    title = Text("Trop tard pour annuler", "Too late to undo")


class CorrectionBelongsToOffice(Problem):
    """The office has the visit; from then on a dispatcher corrects it."""

    slug = "tablet-correction-belongs-to-office"
    status = 409
    title = Text("Correction au bureau", "Correction at the office")


class NothingToLeave(Problem):
    """The stop is not a signed one that is being corrected."""

    slug = "tablet-nothing-to-leave"
    status = 409
    title = Text("Aucune correction en cours", "No correction under way")


def undo_finish(tablet: Tablet, *, run_id: str, stop_id: str, now: Moment) -> StopDraft:
    """Take the last finish back as if it had not happened, and return the draft as it was before.

    Only the end of the log can be taken back, and only while it is held on the tablet: nobody has seen it.

    Raises:
        TooLateToUndo: it may have been sent, or another event stands upon it.
    """

    def work(session: Session) -> StopDraft:
        progress, entry = _finished(session, run_id, stop_id)
        if entry is None or entry.seq != outbox.head(session).seq or not entry.is_held(now):
            raise _too_late(stop_id)
        corrected = _corrected_by(tablet, session, entry)
        outbox.take_back(session, entry)
        attachments.detach_unused(session)
        states.mark_reopened(session, progress, corrects=corrected)
        draft = msgspec.structs.replace(_draft(session, run_id, stop_id), corrects=corrected)
        return _reopen(session, run_id, draft)

    return tablet.store.write("undo_finish", work)


def correct_stop(tablet: Tablet, *, run_id: str, stop_id: str) -> StopDraft:
    """Open a finished stop again; finishing it seals a second event that names the first, which stays.

    Until then the first one counts, and ``leave_as_signed`` goes back to it.

    Raises:
        CorrectionBelongsToOffice: the office confirmed the visit.
        TooLateToUndo: the stop is not finished.
    """

    def work(session: Session) -> StopDraft:
        progress, entry = _finished(session, run_id, stop_id)
        if entry is None and not progress.elsewhere:
            raise _too_late(stop_id)
        if entry is None or entry.state == "received":
            raise CorrectionBelongsToOffice(
                Text(
                    "Le bureau a cette livraison. Appelez le répartiteur pour la corriger.",
                    "The office has this delivery. Call the dispatcher to correct it.",
                ),
                where=stop_id,
            )
        draft = _draft(session, run_id, stop_id)
        sealed = SealedStop(
            event_id=entry.event_id,
            outcome=progress.outcome,
            finished_ms=progress.finished_ms or progress.arrived_ms,
            draft=draft,
        )
        states.mark_reopened(session, progress, corrects=entry.event_id)
        return _reopen(session, run_id, msgspec.structs.replace(draft, corrects=entry.event_id, sealed=sealed))

    return tablet.store.write("correct_stop", work)


def leave_as_signed(tablet: Tablet, *, run_id: str, stop_id: str) -> StopDraft:
    """Drop a correction that is not sealed: the stop and its draft are as they were signed.

    Raises:
        NothingToLeave: the stop is not being corrected.
    """

    def work(session: Session) -> StopDraft:
        progress = states.stop_progress(session, run_id=run_id, stop_id=stop_id)
        draft = drafts.load(session, run_id=run_id, stop_id=stop_id)
        sealed = draft.standing if draft else None
        if progress is None or progress.is_finished or sealed is None:
            raise NothingToLeave(
                Text("Cet arrêt n’est pas en correction.", "This stop is not being corrected."), where=stop_id
            )
        states.mark_finished(
            session, progress, outcome=sealed.outcome, event_id=sealed.event_id, at_ms=sealed.finished_ms
        )
        drafts.save(session, sealed.draft, run_id=run_id)
        return sealed.draft

    return tablet.store.write("correct_stop", work)


def _finished(session: Session, run_id: str, stop_id: str) -> tuple[StopProgress, Entry | None]:
    progress = states.stop_progress(session, run_id=run_id, stop_id=stop_id)
    if progress is None or not progress.is_finished:
        raise _too_late(stop_id)
    return progress, outbox.entry_of(session, progress.event_id)


def _corrected_by(tablet: Tablet, session: Session, entry: Entry) -> str:
    envelope = open_event(outbox.load(session, entry.seq), public_bytes(tablet.key))
    return str(envelope.payload["corrects"])


def _draft(session: Session, run_id: str, stop_id: str) -> StopDraft:
    draft = drafts.load(session, run_id=run_id, stop_id=stop_id)
    if draft is None:
        raise _too_late(stop_id)
    return draft


def _reopen(session: Session, run_id: str, draft: StopDraft) -> StopDraft:
    changed = drafts.fitted(draft, bundles.stop_of(bundles.load(session, run_id), draft.stop_id))
    drafts.save(session, changed, run_id=run_id)
    return changed


def _too_late(stop_id: str) -> TooLateToUndo:
    return TooLateToUndo(
        Text(
            "Cette livraison ne peut plus être annulée. Ouvrez-la et choisissez «\u00a0Corriger\u00a0».",
            "This delivery can no longer be undone. Open it and choose “Correct”.",
        ),
        where=stop_id,
    )
