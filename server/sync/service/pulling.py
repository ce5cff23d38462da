"""Runs down to a tablet, by a cursor that late commits cannot slip under."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from server.planning.model import Run
from server.sync.model import RunBundle
from server.sync.service.streams import epoch, unix_ms
from shared.lifecycles import RunState

_OVER = {RunState.SYNCED, RunState.SETTLED, RunState.CLOSED, RunState.CANCELLED}


class RunsDown(msgspec.Struct, frozen=True, kw_only=True):
    """``PullAnswer`` with its runs verbatim, as they were frozen."""

    epoch: str
    cursor: int
    full: bool
    runs: tuple[msgspec.Raw, ...]
    gone: tuple[str, ...]
    server_ms: int


def pull(session: Session, *, driver_id: UUID, cursor: int, known_epoch: str, now: datetime) -> RunsDown:
    """Return the driver's runs that changed after ``cursor``.

    A run that is over, or was given to another driver, is gone. Another epoch, or a cursor ahead of the feed, gets
    everything: the server was restored.
    """
    ours = epoch(session)
    bundles = _latest(session, driver_id)
    last = max((bundle.position for bundle in bundles), default=0)
    full = known_epoch not in {"", ours} or cursor > last or cursor == 0
    states = _states(session, [bundle.run_id for bundle in bundles])
    changed = [bundle for bundle in bundles if full or bundle.position > cursor]
    lost = {run_id for run_id, (state, driver) in states.items() if state in _OVER or driver != driver_id}
    alive = [bundle for bundle in changed if not bundle.gone and bundle.run_id not in lost]
    gone = [bundle.run_id for bundle in bundles if bundle.gone or bundle.run_id in lost]
    return RunsDown(
        epoch=ours,
        cursor=last,
        full=full,
        runs=tuple(msgspec.Raw(bundle.body) for bundle in alive),
        gone=tuple(str(run_id) for run_id in gone),
        server_ms=unix_ms(now),
    )


def _latest(session: Session, driver_id: UUID) -> list[RunBundle]:
    rows = session.scalars(
        select(RunBundle)
        .where(RunBundle.driver_id == driver_id)
        .order_by(RunBundle.run_id, RunBundle.version.desc())
        .ext(distinct_on(RunBundle.run_id))
    )
    return sorted(rows, key=lambda bundle: bundle.position)


def _states(session: Session, run_ids: list[UUID]) -> dict[UUID, tuple[RunState, UUID | None]]:
    rows = session.execute(select(Run.id, Run.state, Run.driver_id).where(Run.id.in_(run_ids)))
    return {row.id: (row.state, row.driver_id) for row in rows}
