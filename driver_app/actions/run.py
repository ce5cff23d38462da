"""Leaving the depot and coming back to it."""

from __future__ import annotations

from driver_app.actions.sealing import seal
from driver_app.clock import Moment
from driver_app.store import bundles, states
from driver_app.store.database import Session
from driver_app.tablet import Tablet
from shared.problems import Problem, Text


class RunNotUnderWay(Problem):
    """The truck has not left, or is back already."""

    slug = "tablet-run-not-under-way"
    status = 409
    title = Text("Tournée non en route", "Run not under way")


class StopsRemain(Problem):
    """Some stops of the run have neither a proof nor a reason."""

    slug = "tablet-stops-remain"
    status = 409
    title = Text("Arrêts à terminer", "Stops to finish")


def start_run(
    tablet: Tablet, *, run_id: str, now: Moment, cash_float_cents: int = 0, vehicle_checked: bool = True
) -> None:
    """Seal the departure; leaving twice changes nothing."""

    def work(session: Session) -> None:
        run = bundles.load(session, run_id)
        if states.run_progress(session, run_id).departed_ms is not None:
            return
        payload = {"cash_float_cents": cash_float_cents, "vehicle_checked": vehicle_checked}
        seal(
            tablet,
            session,
            run_id=run_id,
            stop_id="",
            kind="run.departed",
            payload=payload,
            plan_version=run.version,
            now=now,
        )
        states.mark_departed(session, run_id, now.wall_ms)

    tablet.store.write("start_run", work)


def end_run(tablet: Tablet, *, run_id: str, cash_counted_cents: int, now: Moment) -> None:
    """Seal the return to the depot with the cash as counted; coming back twice changes nothing.

    Raises:
        RunNotUnderWay: the run never left.
        StopsRemain: a stop has no end yet.
    """

    def work(session: Session) -> None:
        run, progress = bundles.load(session, run_id), states.run_progress(session, run_id)
        if progress.returned_ms is not None:
            return
        require_under_way(progress)
        _require_all_finished(session, run_id, [stop.stop_id for stop in run.stops])
        payload = {"cash_counted_cents": cash_counted_cents}
        seal(
            tablet,
            session,
            run_id=run_id,
            stop_id="",
            kind="run.returned",
            payload=payload,
            plan_version=run.version,
            now=now,
        )
        states.mark_returned(session, run_id, now.wall_ms)

    tablet.store.write("end_run", work)


def require_under_way(progress: states.RunProgress) -> None:
    """Refuse what only makes sense on the road.

    Raises:
        RunNotUnderWay: the run has not left, or is back.
    """
    if not progress.is_under_way:
        raise RunNotUnderWay(
            Text(
                "La tournée n’est pas en route. Faites d’abord le départ.",
                "The run is not under way. Start it first.",
            ),
            where=progress.run_id,
        )


def _require_all_finished(session: Session, run_id: str, stop_ids: list[str]) -> None:
    known = states.stops_of(session, run_id)
    left = [stop_id for stop_id in stop_ids if stop_id not in known or not known[stop_id].is_finished]
    if left:
        raise StopsRemain(
            Text(
                f"Il reste {len(left)} arrêts à terminer ou à déclarer fermés.",
                f"{len(left)} stops are left to finish or to declare closed.",
            ),
            where=run_id,
            stops=left,
        )
