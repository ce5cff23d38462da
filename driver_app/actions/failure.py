"""A stop at which nothing could be delivered: refused, closed, nobody there, no access."""

from __future__ import annotations

import msgspec

from driver_app.actions.counting import NotAtThisStop, open_draft
from driver_app.store import bundles, drafts
from driver_app.store.database import Session
from driver_app.store.drafts import LineDraft, StopDraft, new_draft
from driver_app.tablet import Tablet
from shared.problems import Text
from shared.wire.bundle import BundleStop


def fail_stop(tablet: Tablet, *, run_id: str, stop_id: str, failure: str) -> StopDraft:
    """Say why nothing could be delivered: everything goes back on the truck.

    An empty code takes that back, and what was counted before stands again.

    Raises:
        NotAtThisStop: the run knows no such failure.
    """

    def work(session: Session) -> StopDraft:
        run, draft = open_draft(session, run_id, stop_id)
        if failure and failure not in {item.code for item in run.failures}:
            raise NotAtThisStop(
                Text("La tournée ne connaît pas cette raison.", "The run does not know this reason."), where=failure
            )
        stop = bundles.stop_of(run, stop_id)
        changed = _failed(draft, stop, failure) if failure else drafts.delivered_after_all(draft, stop)
        drafts.save(session, changed, run_id=run_id)
        return changed

    return tablet.store.write("fail_stop", work)


def refuse_stop(tablet: Tablet, *, run_id: str, stop_id: str) -> StopDraft:
    """Say that the customer refused the whole delivery, for the run's first reason of that kind."""
    return fail_stop(tablet, run_id=run_id, stop_id=stop_id, failure=_first(tablet, run_id, "refused", ""))


def close_stop(tablet: Tablet, *, run_id: str, stop_id: str) -> StopDraft:
    """Say that the shop was closed."""
    return fail_stop(tablet, run_id=run_id, stop_id=stop_id, failure=_first(tablet, run_id, "failed", "closed"))


def _first(tablet: Tablet, run_id: str, outcome: str, preferred: str) -> str:
    run = tablet.store.read(lambda session: bundles.load(session, run_id))
    codes = [item.code for item in run.failures if item.outcome == outcome]
    if not codes:
        raise NotAtThisStop(
            Text("La tournée ne connaît pas de telle raison.", "The run knows no such reason."), where=outcome
        )
    return preferred if preferred in codes else codes[0]


def _failed(draft: StopDraft, stop: BundleStop, failure: str) -> StopDraft:
    fresh = new_draft(stop, arrived_ms=draft.arrived_ms).lines
    lines = {line_id: _returned(line, failure) for line_id, line in fresh.items()}
    counted = draft.counted if draft.failure else draft.lines
    return msgspec.structs.replace(draft, failure=failure, lines=lines, counted=counted)


def _returned(line: LineDraft, failure: str) -> LineDraft:
    return msgspec.structs.replace(
        line, delivered=0, not_shipped=0, lost=0, extra=0, returned=line.ordered, reason=failure if line.ordered else ""
    )
