"""What a dispatcher sees of a tablet's stream, and of the branch that the office does not follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.identity.model import Device
from server.parties.model import Site
from server.planning.model import Run, Stop
from server.sync.model import DeviceEvent, DeviceStream, EventOutcome, StrayPush
from shared.wire.event import Envelope
from shared.wire.push import Push

MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TabletStanding:
    """One tablet and its stream, which is None before the tablet's first words."""

    device: Device
    stream: DeviceStream | None
    parked: int
    strays: int

    @property
    def state(self) -> str:
        """``unheard``, ``open``, ``forked`` or ``retired``."""
        return self.stream.state.value if self.stream is not None else "unheard"

    @property
    def last_seq(self) -> int:
        """How far the office has the tablet's log."""
        return self.stream.last_seq if self.stream is not None else 0

    @property
    def announced_seq(self) -> int:
        """How far the tablet said that its log goes."""
        return self.stream.announced_seq if self.stream is not None else 0

    @property
    def missing(self) -> int:
        """How many events it announced that the office does not hold."""
        return max(0, self.announced_seq - self.last_seq)

    @property
    def heard_at(self) -> datetime | None:
        """When it last spoke."""
        return self.stream.heard_at if self.stream is not None else None

    @property
    def strays_refused(self) -> int:
        """How many batches of another branch found the quarantine full."""
        return self.stream.strays_refused if self.stream is not None else 0


@dataclass(frozen=True, slots=True)
class StrayEvent:
    """One event of the other branch, as far as it can be read."""

    seq: int
    type: str
    place: str
    run_name: str
    at: datetime | None
    signer: str
    is_ours: bool


def standings(session: Session) -> list[TabletStanding]:
    """Return every tablet of the carrier with its stream, by driver and name."""
    rows = session.execute(
        select(Device, DeviceStream)
        .where(Device.owner_id == acting_org(session))
        .outerjoin(DeviceStream, DeviceStream.device_id == Device.id)
        .order_by(Device.driver_name, Device.name, Device.id)
    ).all()
    parked = _counts(session, DeviceEvent, DeviceEvent.outcome == EventOutcome.PARKED)
    strays = _counts(session, StrayPush)
    return [
        TabletStanding(device, stream, parked.get(device.id, 0), strays.get(device.id, 0)) for device, stream in rows
    ]


def standing_of(session: Session, device_id: UUID) -> TabletStanding:
    """Return one tablet of the carrier.

    Raises:
        NotFound: the acting organisation has no such tablet.
    """
    for one in standings(session):
        if one.device.id == device_id:
            return one
    raise NotFound(Text("Cette tablette n’existe pas.", "There is no such tablet."), where=str(device_id))


def forked(session: Session) -> Sequence[TabletStanding]:
    """Return the tablets that wait for a person's decision."""
    return [one for one in standings(session) if one.state == "forked"]


def strays_of(session: Session, device_id: UUID) -> Sequence[StrayPush]:
    """Return the quarantined batches of a tablet in the order in which they came."""
    return session.scalars(
        select(StrayPush)
        .where(StrayPush.owner_id == acting_org(session), StrayPush.device_id == device_id)
        .order_by(StrayPush.received_at, StrayPush.id)
    ).all()


def stray(session: Session, device_id: UUID, stray_id: UUID) -> StrayPush:
    """Return one quarantined batch.

    Raises:
        NotFound: the tablet has no such batch.
    """
    for one in strays_of(session, device_id):
        if one.id == stray_id:
            return one
    raise NotFound(Text("Ce lot n’existe pas.", "There is no such batch."), where=str(stray_id))


def stray_events(session: Session, strays: Sequence[StrayPush]) -> list[StrayEvent]:
    """Return what the quarantined batches say, each event once, at most ``MAX_SHOWN`` of them."""
    read = dict(_read(strays))
    shown = sorted(read.items())[:MAX_SHOWN]
    places, runs = _names(session, [envelope for _key, envelope in shown if envelope is not None])
    ours = _held(session, {digest for (_seq, digest), _envelope in shown})
    return [_shown(seq, envelope, places, runs, is_ours=digest in ours) for (seq, digest), envelope in shown]


def _read(strays: Sequence[StrayPush]) -> Iterator[tuple[tuple[int, str], Envelope | None]]:
    for one in strays:
        push = msgspec.json.decode(one.body, type=Push)
        for seq, sealed in enumerate(push.events, start=push.from_seq):
            yield (seq, sealed.hash), _envelope(sealed.body)


def _envelope(body: str) -> Envelope | None:
    try:
        return msgspec.json.decode(body.encode(), type=Envelope)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _shown(
    seq: int, envelope: Envelope | None, places: dict[str, str], runs: dict[str, str], *, is_ours: bool
) -> StrayEvent:
    if envelope is None:
        return StrayEvent(seq, "", "", "", None, "", is_ours)
    return StrayEvent(
        seq=seq,
        type=envelope.type,
        place=places.get(envelope.stop_id, ""),
        run_name=runs.get(envelope.run_id, ""),
        at=_instant(envelope.wall_ms),
        signer=str(envelope.payload.get("signer_name", ""))[:200],
        is_ours=is_ours,
    )


def _instant(wall_ms: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(wall_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _names(session: Session, envelopes: Sequence[Envelope]) -> tuple[dict[str, str], dict[str, str]]:
    stop_ids = {UUID(one.stop_id) for one in envelopes if one.stop_id}
    run_ids = {UUID(one.run_id) for one in envelopes}
    stops = session.execute(select(Stop.id, Site.name).join(Site, Site.id == Stop.site_id).where(Stop.id.in_(stop_ids)))
    runs = session.execute(select(Run.id, Run.name).where(Run.id.in_(run_ids)))
    return {str(row[0]): row[1] for row in stops}, {str(row[0]): row[1] for row in runs}


def _held(session: Session, hashes: set[str]) -> set[str]:
    return set(
        session.scalars(
            select(DeviceEvent.hash).where(DeviceEvent.owner_id == acting_org(session), DeviceEvent.hash.in_(hashes))
        )
    )


def _counts(session: Session, table: type[DeviceEvent | StrayPush], *only: object) -> dict[UUID, int]:
    rows = session.execute(
        select(table.device_id, func.count())
        .where(table.owner_id == acting_org(session), *only)  # type: ignore[arg-type]  # conditions of the table
        .group_by(table.device_id)
    )
    return {row[0]: int(row[1]) for row in rows}
