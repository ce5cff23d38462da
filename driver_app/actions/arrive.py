"""Coming to a stop: recorded by itself, at the first touch of its card."""

from __future__ import annotations

from driver_app.actions.run import require_under_way
from driver_app.actions.sealing import seal
from driver_app.clock import Moment
from driver_app.store import bundles, drafts, states
from driver_app.store.database import Session
from driver_app.store.drafts import StopDraft
from driver_app.store.states import StopProgress
from driver_app.tablet import Tablet
from shared.problems import Problem, Text


class FinishedElsewhere(Problem):
    """Another tablet finished the stop."""

    slug = "tablet-stop-finished-elsewhere"
    status = 409
    title = Text("Arrêt déjà livré", "Stop already delivered")


def arrive(tablet: Tablet, *, run_id: str, stop_id: str, now: Moment) -> StopDraft:
    """Seal the arrival, the first time only, and return the stop's draft as it stands.

    Raises:
        RunNotUnderWay: the run has not left, or is back.
        UnknownStop: the run has no such stop.
        FinishedElsewhere: the office has it from another tablet.
    """

    def work(session: Session) -> StopDraft:
        run = bundles.load(session, run_id)
        stop = bundles.stop_of(run, stop_id)
        draft = drafts.load(session, run_id=run_id, stop_id=stop_id)
        if draft is not None:
            return draft
        _require_open(states.stop_progress(session, run_id=run_id, stop_id=stop_id))
        require_under_way(states.run_progress(session, run_id))
        seal(
            tablet,
            session,
            run_id=run_id,
            stop_id=stop_id,
            kind="stop.arrived",
            payload={"arrived_ms": now.wall_ms},
            plan_version=run.version,
            now=now,
        )
        states.mark_arrived(session, run_id=run_id, stop_id=stop_id, at_ms=now.wall_ms)
        draft = drafts.new_draft(stop, arrived_ms=now.wall_ms)
        drafts.save(session, draft, run_id=run_id)
        return draft

    return tablet.store.write("arrive", work)


def _require_open(progress: StopProgress | None) -> None:
    if progress is not None and progress.elsewhere:
        raise FinishedElsewhere(
            Text(
                "Une autre tablette a déjà terminé cet arrêt, et le bureau l’a. Passez au suivant.",
                "Another tablet finished this stop already, and the office has it. Go on to the next.",
            ),
            where=progress.stop_id,
        )
