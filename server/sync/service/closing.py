"""A day closes only when the office holds everything that its tablets sealed (M4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, exists, func, or_, select, union
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.identity.model import Device
from server.planning import service as planning
from server.planning.model import Run
from server.planning.progress import run_of
from server.sync.events import RUN_WAIVED
from server.sync.model import DeviceEvent, DeviceStream, EventOutcome, RunGiven, RunWaiver, StreamState
from server.sync.service.awaiting import forked, lost_by_restore, not_heard_out
from server.sync.service.streams import epoch
from shared.lifecycles import RunState
from shared.problems import Problem, Text

_RETURNED = "run.returned"
_LEFT = (RunState.UNDER_WAY, RunState.BACK)
_UNSETTLED = (*_LEFT, RunState.SYNCED)
_CHECKED = (RunState.BACK, RunState.SYNCED, RunState.SETTLED)

# The tablet's runs that came back, for every push: those that it was given, or told something of.
_CARRIER, _DEVICE = bindparam("carrier_id", type_=Uuid()), bindparam("device_id", type_=Uuid())
_BACK = select(Run.id).where(
    Run.owner_id == _CARRIER,
    Run.state == RunState.BACK,
    or_(
        exists().where(RunGiven.run_id == Run.id, RunGiven.device_id == _DEVICE),
        exists().where(
            DeviceEvent.owner_id == _CARRIER, DeviceEvent.run_id == Run.id, DeviceEvent.device_id == _DEVICE
        ),
    ),
)


class RunIncomplete(Problem):
    """The office does not hold all that was sealed on the run, or has not decided it."""

    slug = "run-incomplete"
    status = 409
    title = Text("La tournée n’est pas toute au bureau", "The run is not all at the office")


class NothingToWaive(Problem):
    """The run waits for no tablet."""

    slug = "nothing-to-waive"
    status = 409
    title = Text("Rien à outrepasser", "Nothing to waive")


@dataclass(frozen=True, slots=True)
class RunTablet:
    """One tablet that had a run: how far it said that its log goes, and how far the office has it.

    ``waits`` says why the run waits for it, or is None. Once a run is synced, every log was here after its return:
    what its tablets seal from then on is of another day, and holds up this one no more. A log with two branches does
    until a person has decided: the other branch may say otherwise what happened on the run. So does, until a run is
    settled, a tablet that was not heard since the office was restored, or holds what the office once signed for.
    """

    device_id: UUID
    name: str
    driver_name: str
    last_seq: int
    announced_seq: int
    heard_at: datetime | None
    waits: Text | None

    @property
    def missing(self) -> int:
        """How many events it announced that the office does not hold."""
        return max(0, self.announced_seq - self.last_seq)


@dataclass(frozen=True, slots=True)
class Wholeness:
    """Whether a run is all at the office: its tablets, what is parked of it, and the waiver, if there is one."""

    tablets: tuple[RunTablet, ...]
    parked: int
    waiver: RunWaiver | None

    @property
    def reasons(self) -> tuple[Text, ...]:
        """Everything for which the run waits, a waiver left aside."""
        waits = tuple(
            Text(
                f"{one.name} ({one.driver_name})\u00a0: {one.waits.fr}",
                f"{one.name} ({one.driver_name}): {one.waits.en}",
            )
            for one in self.tablets
            if one.waits is not None
        )
        return (*waits, _parked_words(self.parked)) if self.parked else waits

    @property
    def is_whole(self) -> bool:
        """Nothing is missing and nothing is undecided."""
        return not self.reasons


def wholeness(session: Session, run: Run) -> Wholeness:
    """Return how far the tablets of a run and the office agree."""
    tablets = tuple(_tablets(session, run))
    parked = _count_parked(session, run.id, [one.device_id for one in tablets])
    waiver = session.scalars(select(RunWaiver).where(RunWaiver.run_id == run.id)).one_or_none()
    return Wholeness(tablets, parked, waiver)


def take_in_waiting(session: Session, *, device_id: UUID) -> None:
    """Call the tablet's runs synced that came back and of which nothing is missing any more."""
    asked = {"carrier_id": acting_org(session), "device_id": device_id}
    for run_id in session.scalars(_BACK, asked).all():
        take_in(session, run_of(session, run_id))


def take_in(session: Session, run: Run) -> bool:
    """Call a run synced that came back whole; say whether it is synced, or further."""
    if run.state is RunState.BACK and wholeness(session, run).is_whole:
        run.move_to(RunState.SYNCED)
    return run.state not in _LEFT


def settle_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Say that a run's cash and differences are dealt with.

    Raises:
        RunIncomplete: a tablet still holds something of it, or something is undecided; names tablets and counts.
        IllegalMove: it has not come back, or is over.
    """
    _require_whole(session, run_id)
    return planning.settle_run(session, run_id=run_id, stamp=stamp)


def close_run(session: Session, *, run_id: UUID, stamp: Stamp) -> Run:
    """Close a settled run.

    Raises:
        RunIncomplete: a tablet still holds something of it, or something is undecided; names tablets and counts.
        IllegalMove: it is not settled.
    """
    _require_whole(session, run_id)
    return planning.close_run(session, run_id=run_id, stamp=stamp)


def waive_run(session: Session, *, run_id: UUID, reason: str, by: UUID, stamp: Stamp) -> Run:
    """Let a run be settled and closed without what a lost tablet may hold, on an administrator's written word.

    The waiver is kept with what was missing; should the tablet come back, what it sends is taken as ever.

    Raises:
        NothingToWaive: nothing is missing, it was waived before, or the run never left.
        UnknownStop: the carrier has no such run.
    """
    run = run_of(session, run_id)
    seen = wholeness(session, run)
    reasons = seen.reasons or _never_back(run)
    if not reasons or seen.waiver is not None or run.state in {RunState.CLOSED, RunState.CANCELLED}:
        raise NothingToWaive(
            Text(
                "Cette tournée n’attend aucune tablette, ou c’est déjà écrit.",
                "This run waits for no tablet, or that is written already.",
            ),
            where=run.name,
        )
    missing = [{"fr": one.fr, "en": one.en} for one in reasons]
    session.add(RunWaiver(**run.kin(), run_id=run.id, reason=reason, missing=missing, waived_by=by, waived_at=stamp.at))
    facts.record(session, RUN_WAIVED, run.id, stamp)
    for state in (RunState.BACK, RunState.SYNCED):
        if run.state in _LEFT and run.state is not state:
            run.move_to(state)
    return run


def _require_whole(session: Session, run_id: UUID) -> None:
    run = run_of(session, run_id)
    take_in(session, run)
    seen = wholeness(session, run)
    if seen.is_whole or seen.waiver is not None or run.state not in _CHECKED:
        return
    reasons = seen.reasons
    raise RunIncomplete(
        Text(" · ".join(one.fr for one in reasons), " · ".join(one.en for one in reasons)),
        where=run.name,
        waits=[{"fr": one.fr, "en": one.en} for one in reasons],
    )


def _tablets(session: Session, run: Run) -> Iterator[RunTablet]:
    here = epoch(session)
    had = union(
        select(RunGiven.device_id).where(RunGiven.run_id == run.id),
        select(DeviceEvent.device_id).where(DeviceEvent.owner_id == run.owner_id, DeviceEvent.run_id == run.id),
    ).subquery()
    rows = session.execute(
        select(Device, DeviceStream)
        .where(or_(Device.id.in_(select(had.c.device_id)), _may_have_had(run, here)))
        .outerjoin(DeviceStream, DeviceStream.device_id == Device.id)
        .order_by(Device.name, Device.id)
    )
    found: Sequence[tuple[Device, DeviceStream | None]] = [(row[0], row[1]) for row in rows]
    returns = _returns(session, run)
    back_at = min(returns.values(), default=None)
    for device, stream in found:
        yield RunTablet(
            device_id=device.id,
            name=device.name,
            driver_name=device.driver_name,
            last_seq=stream.last_seq if stream is not None else 0,
            announced_seq=stream.announced_seq if stream is not None else 0,
            heard_at=stream.heard_at if stream is not None else None,
            waits=forked(stream)
            or (lost_by_restore(stream, here) if run.state in _UNSETTLED else None)
            or (not_heard_out(stream, returned=device.id in returns, back_at=back_at) if run.state in _LEFT else None),
        )


def _may_have_had(run: Run, here: str) -> ColumnElement[bool]:
    """A restore also loses who was given a run: what any tablet of its driver that is not heard out may hold.

    A greeting alone frees nothing: until the tablet has pulled again, the office does not know what it was given.
    Where not even the epoch tells of the restore (a machine that was rolled back), what it announces is waited for. A
    log that was laid aside never pulls again: it counts only while it announced what is not here, or has two branches.
    """
    lives = or_(DeviceStream.laid_aside_at.is_(None), DeviceStream.state == StreamState.FORKED)
    lacks = DeviceStream.announced_seq > DeviceStream.last_seq
    unknown = [
        and_(DeviceStream.heard_epoch.not_in(("", here)), or_(lives, lacks)),
        and_(DeviceStream.pulled_epoch.not_in(("", here)), lives),
        DeviceStream.owed_seq > DeviceStream.last_seq,
    ]
    if run.state in _LEFT:
        is_open = DeviceStream.state == StreamState.OPEN
        unknown.append(and_(is_open, lacks))
    return and_(
        Device.owner_id == run.owner_id,
        Device.driver_id == run.driver_id,
        Device.revoked_at.is_(None),
        or_(*unknown),
    )


def _returns(session: Session, run: Run) -> dict[UUID, datetime]:
    """Return when the office heard of the run's return, by the tablet that said so."""
    rows = session.execute(
        select(DeviceEvent.device_id, func.min(DeviceEvent.received_at))
        .where(DeviceEvent.owner_id == run.owner_id, DeviceEvent.run_id == run.id, DeviceEvent.type == _RETURNED)
        .group_by(DeviceEvent.device_id)
    )
    return {row[0]: row[1] for row in rows}


def _count_parked(session: Session, run_id: UUID, device_ids: list[UUID]) -> int:
    """Count what waits for a decision of the run; what cannot even be read may be of any run of its tablet."""
    unread = and_(DeviceEvent.run_id.is_(None), DeviceEvent.device_id.in_(device_ids))
    waiting = select(func.count()).where(
        DeviceEvent.owner_id == acting_org(session),
        DeviceEvent.outcome == EventOutcome.PARKED,
        or_(DeviceEvent.run_id == run_id, unread),
    )
    return session.scalar(waiting) or 0


def _parked_words(count: int) -> Text:
    one = count == 1
    return Text(
        f"{count} événement{'' if one else 's'} mis de côté, à décider",
        f"{count} parked event{'' if one else 's'} to decide",
    )


def _never_back(run: Run) -> tuple[Text, ...]:
    if run.state is not RunState.UNDER_WAY:
        return ()
    return (Text("aucune tablette n’a dit le retour", "no tablet told of the return"),)
