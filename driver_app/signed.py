"""What was signed at a finished stop, as the signer read it."""

from __future__ import annotations

from dataclasses import dataclass

from driver_app.statement import Statement, state
from driver_app.store import bundles, drafts, outbox, states
from driver_app.store.database import Session
from driver_app.store.outbox import Entry
from shared.problems import Language, Problem, Text
from shared.sealing_event import open_event, visit_of
from shared.wire.bundle import BundleRun, BundleStop
from shared.wire.event import Envelope, VisitFinished


class NothingSigned(Problem):
    """The stop is not one that this tablet finished."""

    slug = "tablet-nothing-signed"
    status = 409
    title = Text("Rien de signé ici", "Nothing signed here")


@dataclass(frozen=True, slots=True)
class Signed:
    """A finished stop. ``entry`` and ``visit`` are None once the log has let the event go."""

    stop: BundleStop
    statement: Statement
    entry: Entry | None
    visit: VisitFinished | None

    @property
    def is_as_read(self) -> bool:
        """Whether the statement is, byte for byte, the one under the signature."""
        return self.visit is None or self.visit.screen_sha256 == self.statement.sha256


def signed_at(session: Session, *, run_id: str, stop_id: str, language: Language) -> Signed:
    """Return what was signed at a stop, in the signer's language, under the run's version of then.

    Raises:
        NothingSigned: the stop is open, or another tablet finished it.
    """
    progress = states.stop_progress(session, run_id=run_id, stop_id=stop_id)
    draft = drafts.load(session, run_id=run_id, stop_id=stop_id)
    if progress is None or draft is None or not progress.is_finished:
        raise NothingSigned(
            Text(
                "Cet arrêt n’a pas été signé sur cette tablette. Appelez le répartiteur pour le corriger.",
                "This stop was not signed on this tablet. Call the dispatcher to correct it.",
            ),
            where=stop_id,
        )
    entry = outbox.entry_of(session, progress.event_id)
    envelope = open_event(outbox.load(session, entry.seq)) if entry else None
    visit = visit_of(envelope) if envelope else None
    run = _run_of(session, run_id, envelope)
    stop = bundles.stop_of(run, stop_id)
    statement = state(run, stop, drafts.fitted(draft, stop), visit.language if visit else language)
    return Signed(stop, statement, entry, visit)


def _run_of(session: Session, run_id: str, envelope: Envelope | None) -> BundleRun:
    """Return the run as it was signed; a restored office may have taken that version away."""
    if envelope is None:
        return bundles.load(session, run_id)
    try:
        return bundles.load(session, run_id, version=envelope.plan_version)
    except bundles.UnknownRun:
        return bundles.load(session, run_id)
