"""The end of a stop: what was counted is signed, sealed and queued, together or not at all."""

from __future__ import annotations

import msgspec

from driver_app import APP_VERSION
from driver_app.actions.checking import require_complete
from driver_app.actions.counting import StopNotOpen
from driver_app.actions.sealing import as_payload, seal
from driver_app.actions.signing import Signing, require_signing
from driver_app.clock import Moment
from driver_app.records import outcome_of, visit_records
from driver_app.statement import state
from driver_app.store import attachments, bundles, drafts, states
from driver_app.store.database import Session
from driver_app.store.drafts import StopDraft
from driver_app.store.states import StopProgress
from driver_app.tablet import Tablet
from shared.disclosure import VisitTree, seal_tree
from shared.problems import Language, Problem, Text
from shared.wire.bundle import BundleRun, BundleStop
from shared.wire.event import Fix, VisitFinished

UNDO_MS = 10_000


class StatementChanged(Problem):
    """The office changed the stop between what the signer read and the finish."""

    slug = "tablet-statement-changed"
    status = 409
    title = Text("Arrêt changé par le bureau", "Stop changed by the office")


def finish_stop(
    tablet: Tablet,
    *,
    run_id: str,
    stop_id: str,
    signing: Signing | None,
    language: Language,
    now: Moment,
    place: Fix | None = None,
    undo_ms: int = UNDO_MS,
    seen: str | None = None,
) -> str:
    """Seal the visit and return its event's id; it waits ``undo_ms`` before it may leave the tablet.

    ``seen`` is the hash of the statement that the signer read, None where nobody read one.

    One transaction holds the sealed event, the signature and its picture, the photos' place in the queue and the
    stop's state: after a power cut all of it stands, or the draft does.

    Raises:
        StopNotOpen: nobody arrived, or it is finished already.
        ReasonMissing, PhotoMissing: a difference is not explained.
        SignatureMissing: something was delivered, or nobody said why nothing was, and nobody signed.
        StatementChanged: the office changed the stop while it was read.

    Source: R019, R025.
    """

    def work(session: Session) -> str:
        progress, draft = _open(session, run_id, stop_id)
        run = bundles.load(session, run_id)
        visit = _Visit(run, bundles.stop_of(run, stop_id), draft, language, now, place, undo_ms)
        require_complete(run, draft)
        _require_seen(visit, seen)
        signed = signing if draft.may_go_unsigned and signing is None else require_signing(signing)
        return _seal_visit(tablet, session, visit, progress, signed)

    return tablet.store.write("finish_stop", work)


class _Visit(msgspec.Struct, frozen=True):
    """One finished stop, before it is sealed."""

    run: BundleRun
    stop: BundleStop
    draft: StopDraft
    language: Language
    now: Moment
    place: Fix | None
    undo_ms: int

    @property
    def photos(self) -> tuple[str, ...]:
        """Every photo of the visit, once."""
        of_lines = (sha256 for line in self.draft.lines.values() for sha256 in line.photos)
        return tuple(dict.fromkeys((*of_lines, *(photo.sha256 for photo in self.draft.photos))))


def _require_seen(visit: _Visit, seen: str | None) -> None:
    if seen is not None and seen != state(visit.run, visit.stop, visit.draft, visit.language).sha256:
        raise StatementChanged(
            Text(
                "Le bureau vient de changer cet arrêt. Vérifiez chaque ligne et faites signer de nouveau.",
                "The office has just changed this stop. Check each line and have it signed again.",
            ),
            where=visit.stop.stop_id,
        )


def _open(session: Session, run_id: str, stop_id: str) -> tuple[StopProgress, StopDraft]:
    progress = states.stop_progress(session, run_id=run_id, stop_id=stop_id)
    draft = drafts.load(session, run_id=run_id, stop_id=stop_id)
    if progress is None or draft is None or progress.is_finished:
        raise StopNotOpen(
            Text(
                "Cet arrêt est déjà terminé, ou pas encore ouvert.", "This stop is finished already, or not open yet."
            ),
            where=stop_id,
        )
    return progress, draft


def _seal_visit(
    tablet: Tablet, session: Session, visit: _Visit, progress: StopProgress, signing: Signing | None
) -> str:
    files = _keep_signature(session, signing, visit.now)
    tree = seal_tree(visit_records(visit.run, visit.stop, visit.draft))
    payload = _payload(visit, tree, signing, files)
    event_id = seal(
        tablet,
        session,
        run_id=visit.run.run_id,
        stop_id=visit.stop.stop_id,
        kind="visit.finished",
        payload=as_payload(payload),
        plan_version=visit.run.version,
        now=visit.now,
        tree=tree,
        held_ms=visit.undo_ms,
    )
    for sha256 in filter(None, (*files, *visit.photos)):
        attachments.attach(session, sha256, run_id=visit.run.run_id, stop_id=visit.stop.stop_id, event_id=event_id)
    states.mark_finished(
        session,
        progress,
        outcome=outcome_of(visit.run, visit.stop, visit.draft),
        event_id=event_id,
        at_ms=visit.now.wall_ms,
    )
    return event_id


def _keep_signature(session: Session, signing: Signing | None, now: Moment) -> tuple[str, str]:
    if signing is None:
        return "", ""
    strokes = attachments.keep(
        session, signing.strokes, kind="signature", media_type=SIGNATURE_TYPE, taken_wall_ms=now.wall_ms
    )
    picture = attachments.keep(
        session, signing.picture, kind="picture", media_type="image/png", taken_wall_ms=now.wall_ms
    )
    return strokes, picture


def _payload(visit: _Visit, tree: VisitTree, signing: Signing | None, files: tuple[str, str]) -> VisitFinished:
    statement = state(visit.run, visit.stop, visit.draft, visit.language)
    return VisitFinished(
        failure=visit.draft.failure,
        root=tree.root.hex(),
        screen_sha256=statement.sha256,
        consent_sha256=statement.consent_sha256,
        language=visit.language,
        signer_name=signing.name.strip() if signing else "",
        signer_role=signing.role.strip() if signing else "",
        signature_sha256=files[0],
        picture_sha256=files[1],
        arrived_ms=visit.draft.arrived_ms,
        driver_id=visit.run.driver_id,
        app_version=APP_VERSION,
        place=visit.place,
        corrects=visit.draft.corrects,
    )


SIGNATURE_TYPE = "application/vnd.tournee.strokes"
