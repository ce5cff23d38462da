"""Runs down to a tablet, by a cursor that late commits cannot slip under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.delivery.model import Visit
from server.planning.model import RUN_OVER, Run
from server.sync.model import DeviceStream, RunBundle, RunGiven
from server.sync.service.streams import epoch, note_pulled, unix_ms
from shared.ids import new_id
from shared.wire.bundle import RunStanding, StopDone


class RunsDown(msgspec.Struct, frozen=True, kw_only=True):
    """``PullAnswer`` with its runs verbatim, as they were frozen."""

    epoch: str
    cursor: int
    full: bool
    runs: tuple[msgspec.Raw, ...]
    live: tuple[str, ...]
    live_tags: tuple[str, ...]
    standing: tuple[RunStanding, ...]
    server_ms: int


@dataclass(frozen=True, slots=True)
class Puller:
    """Who pulls: a driver, by one of their tablets, from where it was."""

    driver_id: UUID
    device_id: UUID
    cursor: int
    epoch: str


def pull(session: Session, puller: Puller, *, now: datetime) -> RunsDown:
    """Return the driver's live runs that changed after the cursor, and how far other tablets are with them.

    A run that is over, or was given to another driver, is not live. Another epoch, or a cursor ahead of the feed, gets
    everything: the server was restored. Reads grow with the runs that are live, not with those that ever were.

    That the tablet has them is noted of every live run, not of those alone that changed: a restore loses who was given
    a run, and may change neither epoch nor cursor. A calm pull reads that nothing is to be noted, and writes nothing.
    """
    ours = epoch(session)
    last, pulled_epoch = _where(session, puller)
    full = puller.epoch not in {"", ours} or puller.cursor > last or puller.cursor == 0
    runs = _live_runs(session, puller.driver_id)
    versions = _latest_versions(session, runs, puller)
    changed = [one for one in versions if full or one.position > puller.cursor]
    bodies = _bodies(session, [one.id for one in changed])
    _note_given(session, [one for one in versions if one.given != one.version], puller.device_id, now)
    if pulled_epoch != ours:
        note_pulled(session, puller.device_id, ours)
    return RunsDown(
        epoch=ours,
        cursor=last,
        full=full,
        runs=tuple(msgspec.Raw(bodies[one.id]) for one in changed),
        live=tuple(str(one.run_id) for one in versions),
        live_tags=tuple(str(one.id) for one in versions),
        standing=_standings(session, [runs[one.run_id] for one in versions], puller.device_id),
        server_ms=unix_ms(now),
    )


@dataclass(frozen=True, slots=True)
class _Version:
    """The newest bundle of a run, without its bytes; ``given`` is the version that its tablet is known to have."""

    id: UUID
    run_id: UUID
    version: int
    position: int
    given: int | None


def _where(session: Session, puller: Puller) -> tuple[int, str]:
    """Return the last position of the driver's feed, and the epoch under which the tablet last pulled."""
    newest = select(func.max(RunBundle.position)).where(
        RunBundle.owner_id == acting_org(session), RunBundle.driver_id == puller.driver_id
    )
    pulled = select(DeviceStream.pulled_epoch).where(DeviceStream.device_id == puller.device_id)
    last, pulled_epoch = session.execute(select(newest.scalar_subquery(), pulled.scalar_subquery())).one()
    return last or 0, pulled_epoch or ""


def _live_runs(session: Session, driver_id: UUID) -> dict[UUID, Run]:
    found = session.scalars(
        select(Run).where(Run.owner_id == acting_org(session), Run.driver_id == driver_id, Run.state.not_in(RUN_OVER))
    )
    return {run.id: run for run in found}


def _latest_versions(session: Session, runs: Mapping[UUID, Run], puller: Puller) -> list[_Version]:
    """Return the newest bundles in the feed's order; one made for another driver is none for this one."""
    rows = session.execute(
        select(
            RunBundle.id,
            RunBundle.run_id,
            RunBundle.version,
            RunBundle.position,
            RunBundle.driver_id,
            RunBundle.gone,
            RunGiven.version.label("given"),
        )
        .outerjoin(RunGiven, and_(RunGiven.run_id == RunBundle.run_id, RunGiven.device_id == puller.device_id))
        .where(RunBundle.run_id.in_(runs))
        .order_by(RunBundle.run_id, RunBundle.version.desc())
        .ext(distinct_on(RunBundle.run_id))
    )
    ours = [row for row in rows if row.driver_id == puller.driver_id and not row.gone]
    found = (_Version(row.id, row.run_id, row.version, row.position, row.given) for row in ours)
    return sorted(found, key=lambda one: one.position)


def _bodies(session: Session, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    rows = session.execute(select(RunBundle.id, RunBundle.body).where(RunBundle.id.in_(ids)))
    return {row.id: row.body for row in rows}


def _note_given(session: Session, given_now: Sequence[_Version], device_id: UUID, now: datetime) -> None:
    """Remember that this tablet has the runs: they do not close before it was heard (M4)."""
    if not given_now:
        return
    owner_id = acting_org(session)
    rows = [
        {"id": new_id(), "owner_id": owner_id, "party_ids": [], "run_id": one.run_id, "device_id": device_id,
         "version": one.version, "given_at": now}
        for one in sorted(given_now, key=lambda one: one.run_id)
    ]  # fmt: skip
    given = insert(RunGiven).values(rows)
    session.execute(
        given.on_conflict_do_update(
            index_elements=["run_id", "device_id"], set_={"version": given.excluded.version, "given_at": now}
        )
    )


def _standings(session: Session, runs: Sequence[Run], device_id: UUID) -> tuple[RunStanding, ...]:
    left = [run for run in runs if run.departed_at is not None]
    visits = session.scalars(
        select(Visit)
        .where(Visit.run_id.in_([run.id for run in left]), Visit.device_id != device_id)
        .order_by(Visit.position)
    ).all()
    return tuple(_standing(run, [one for one in visits if one.run_id == run.id]) for run in left)


def _standing(run: Run, visits: Sequence[Visit]) -> RunStanding:
    first: dict[UUID, Visit] = {}
    for visit in visits:
        first.setdefault(visit.stop_id, visit)
    return RunStanding(
        run_id=str(run.id),
        departed_ms=unix_ms(run.departed_at) if run.departed_at else 0,
        stops=tuple(
            StopDone(stop_id=str(stop_id), outcome=visit.outcome.value, finished_ms=unix_ms(visit.delivered_at))
            for stop_id, visit in first.items()
        ),
    )
