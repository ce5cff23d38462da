"""What was to go wrong with the tablets did: no network on the road, a kill within a stop, a sync in the evening."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select

from server.core.transaction import transaction
from server.example.check.books import Books
from server.example.check.finding import Drills, Finding, finding
from server.example.starts import read_starts
from server.sync.model import DeviceEvent
from shared.problems import Text

_NONE: Final = Drills()


@dataclass(frozen=True, slots=True)
class Drilled:
    """How many tablets kept their day without network, were killed at a planned point, and came in after the others."""

    offline: int
    killed: int
    late: int


def read_drills(books: Books) -> Drilled:
    """Return what the tablets' journals and the server's log say of the day's drills."""
    planned, homes = books.scope.drills or _NONE, _homes(books.scope.tablets)
    starts = [read_starts(home) for home in homes]
    return Drilled(
        offline=sum(1 for own in starts if any(start.kept_offline for start in own)),
        killed=sum(len(_killed_at(homes, point)) for point in planned.kill_points),
        late=sum(1 for name in planned.late_runs if _is_late(books, name)),
    )


def check_drills(books: Books) -> Finding:
    """Each tablet was driven where connections are refused; the planned ones died, once; the late ones came last."""
    done = read_drills(books)
    return finding(
        "drills",
        Text("Tablettes\u00a0: sans réseau, tuées, tardives", "Tablets: without network, killed, late"),
        Text(
            f"{done.offline} sans réseau, {done.killed} tuée au milieu d’un arrêt, {done.late} synchronisée le soir",
            f"{done.offline} without network, {done.killed} killed in the middle of a stop, {done.late} synced late",
        ),
        _faults(books, books.scope.drills or _NONE, done),
    )


def _faults(books: Books, planned: Drills, done: Drilled) -> Iterator[str]:
    homes = _homes(books.scope.tablets)
    if done.offline != len(books.runs):
        yield f"sans réseau · without network: {done.offline} ≠ {len(books.runs)}"
    for point in planned.kill_points:
        if len(_killed_at(homes, point)) != 1:
            yield f"{point}: {len(_killed_at(homes, point))} tablettes tuées · tablets killed"
    deaths = sum(1 for home in homes for start in read_starts(home) if start.is_killed)
    if deaths != len(planned.kill_points):
        yield f"SIGKILL: {deaths} ≠ {len(planned.kill_points)}"
    for name in planned.late_runs:
        if not _is_late(books, name):
            yield f"{name}: pas la dernière à synchroniser · not the last to sync"


def _homes(folder: Path | None) -> Sequence[Path]:
    return [store.parent for store in sorted(folder.glob("*/tablet.db") if folder else ())]


def _killed_at(homes: Sequence[Path], point: str) -> Sequence[Path]:
    """Return the tablets that died of SIGKILL and bear the mark of this commit point."""
    mark = f"*-{point.replace(':', '-')}"
    return [
        home for home in homes if any((home / "drill").glob(mark)) and any(one.is_killed for one in read_starts(home))
    ]


def _is_late(books: Books, name: str) -> bool:
    """Say whether the office got a run's first event after the last one of every other run."""
    own = _received(books, [run.id for run in books.runs if run.name == name])
    others = _received(books, [run.id for run in books.runs if run.name != name])
    return bool(own and others) and min(own) > max(others)


def _received(books: Books, run_ids: Sequence[UUID]) -> Sequence[datetime]:
    carrier_id = books.scope.carrier_id
    with transaction(acting=carrier_id) as session:
        return session.scalars(
            select(DeviceEvent.received_at).where(DeviceEvent.owner_id == carrier_id, DeviceEvent.run_id.in_(run_ids))
        ).all()
