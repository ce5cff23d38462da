"""The day before the evening: parties and papers through the services, copies of them by bulk SQL, events sealed ahead.

One carrier, its suppliers (three of four under *adjust*, one under *credit*) and one retailer are made through the
services, with one accepted order for each supplier. Retailers and orders are then copied by SQL, runs and stops are
written as rows. Papers (provisional and published invoices), frozen terms and bundles are the services' work again, and
each tablet's events are sealed with the code that the tablet uses.
"""

from __future__ import annotations

import gzip
import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import JSON

from server.core.database import Model
from server.core.transaction import transaction
from server.fulfilment.service.documents import prepare_documents
from server.identity.model import OrganisationKind, Role
from server.planning.model import MatrixSource, Run, Stop, StopOrder
from server.sync.service.bundles import build_bundle
from shared.disclosure import seal_tree
from shared.ids import new_id
from shared.lifecycles import RunState, StopState
from shared.sealing import GENESIS, sign
from shared.sealing_event import seal_event
from shared.wire.bundle import BundleRun, BundleStop
from shared.wire.event import SCHEMA, Envelope, SealedEvent
from shared.wire.limits import MAX_BATCH_BYTES, MAX_EVENTS
from tests.factories.hand_tablet import finished_visit, records_of, short
from tests.factories.web import Organisation, Tablet, make_member, tablet_of
from tests.factories.world import ADJUST, CREDIT, NOW, RUN_DAY, World, make_order, make_vehicle, make_world, stamp

MAX_VISITS_A_PUSH = 30
"""With 1.5 orders a visit a push stays under 50 publications, as the protocol wants."""


_EARLY = 8


@dataclass(frozen=True)
class Scale:
    """How large the evening is."""

    tablets: int
    visits: int
    suppliers: int
    short_every: int
    seed: int


@dataclass
class Waiting:
    """A tablet at the end of its day: packed pushes in their order, not sent yet."""

    tablet: Tablet
    pushes: list[bytes] = field(default_factory=list)
    events: int = 0


@dataclass(frozen=True)
class Evening:
    """What waits to be sent."""

    world: World
    early: list[Waiting]  # small days that warm the workers before the clock starts
    tablets: list[Waiting]
    deliveries: int

    @property
    def events(self) -> int:
        """All sealed events."""
        return sum(one.events for one in self.tablets)


def make_evening(app: Any, superuser: str, scale: Scale) -> Evening:
    """Prepare the day of all tablets and seal their events; nothing is sent."""
    deals = [CREDIT if number % 4 == 3 else ADJUST for number in range(scale.suppliers)]  # noqa: PLR2004  # each fourth
    world = make_world(deals)
    patterns = [make_order(world, seller=seller, cases=4, kegs=1) for seller in world.sellers]
    chance = random.Random(scale.seed)
    small = replace(scale, visits=3, short_every=3)
    with psycopg.connect(superuser, row_factory=dict_row) as rows:
        copier = Copier(rows, world, patterns)
        early = [_day_of_tablet(app, copier, number, small, chance) for number in range(_EARLY)]
        waiting = [_day_of_tablet(app, copier, number + _EARLY, scale, chance) for number in range(scale.tablets)]
    return Evening(world, early, waiting, scale.tablets * (scale.visits + scale.visits // 2))


class Copier:
    """Copies the pattern retailer and the pattern orders by plain SQL, past the fences."""

    def __init__(self, rows: psycopg.Connection[dict[str, Any]], world: World, patterns: Sequence[UUID]) -> None:
        """Read what is copied."""
        self._rows, self.world, buyer_id = rows, world, world.buyer.id
        self.vehicle_id = make_vehicle(world)
        self._organisation = self._read("organisation", "id", [buyer_id])[0]
        self._site = self._read("site", "id", [world.buyer.site_id])[0]
        self._deals = {name: self._read(name, "buyer_id", [buyer_id]) for name in ("relation", "client")}
        self._orders = self._read('"order"', "id", patterns)
        self._lines = {one["id"]: self._read("order_line", "order_id", [one["id"]]) for one in self._orders}
        self._count = 0

    def visits(self, count: int) -> list[tuple[UUID, UUID, list[UUID]]]:
        """Make so many retailers, each with a dock and one or two planned orders, and return their ids."""
        made = []
        pending: dict[str, list[dict[str, Any]]] = {}
        for at in range(count):
            buyer_id, site_id = new_id(), new_id()
            order_ids = self._one(pending, buyer_id, site_id, orders=1 + at % 2)
            made.append((buyer_id, site_id, order_ids))
        for name, found in pending.items():
            self._write(name, found)
        self._rows.commit()
        return made

    def _one(self, pending: dict[str, list[dict[str, Any]]], buyer_id: UUID, site_id: UUID, orders: int) -> list[UUID]:
        changed = {self.world.buyer.id: buyer_id, self.world.buyer.site_id: site_id}
        code = {"code": f"D{self._count}"}
        pending.setdefault("organisation", []).append(_replaced(self._organisation, changed) | code)
        pending.setdefault("site", []).append(_replaced(self._site, changed))
        order_ids = []
        for _ in range(orders):
            pattern = self._orders[self._count % len(self._orders)]
            self._count += 1
            order_id = new_id()
            order_ids.append(order_id)
            mine = changed | {pattern["id"]: order_id}
            fresh = {"number": f"{pattern['number']}-{self._count}", "state": "planned", "planned_on": RUN_DAY}
            pending.setdefault('"order"', []).append(_replaced(pattern, mine) | fresh)
            pending.setdefault("order_line", []).extend(
                _replaced(line, mine | {line["id"]: new_id()}) for line in self._lines[pattern["id"]]
            )
            for name, rows in self._deals.items():
                pending.setdefault(name, []).extend(
                    _replaced(row, changed | {row["id"]: new_id()})
                    for row in rows
                    if row["owner_id"] == pattern["owner_id"]
                )
        return order_ids

    def _read(self, name: str, column: str, values: Sequence[UUID]) -> list[dict[str, Any]]:
        query = f"SELECT * FROM {name} WHERE {column} = ANY(%s)"  # noqa: S608  # names of our own
        return self._rows.execute(query, [list(values)]).fetchall()

    def _write(self, name: str, found: list[dict[str, Any]]) -> None:
        columns = list(found[0])
        table = Model.metadata.tables[name.strip('"')]
        as_json = {column.name for column in table.columns if isinstance(column.type, JSON)}
        query = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608  # our own names
        with self._rows.cursor() as cursor:
            cursor.executemany(
                query,
                [[Jsonb(row[name]) if name in as_json else row[name] for name in columns] for row in found],
            )


def _replaced(row: dict[str, Any], changed: dict[UUID, UUID]) -> dict[str, Any]:
    """Return a copy in which ids are exchanged, also inside lists of readers."""
    return {
        name: [changed.get(one, one) if isinstance(one, UUID) else one for one in value]
        if isinstance(value, list)
        else changed.get(value, value)
        if isinstance(value, UUID)
        else value
        for name, value in row.items()
    }


def _day_of_tablet(app: Any, copier: Copier, number: int, scale: Scale, chance: random.Random) -> Waiting:
    world, vehicle_id = copier.world, copier.vehicle_id
    driver = make_member(Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id), Role.DRIVER)
    run_id = _write_run(world, vehicle_id, driver.user_id, number, copier.visits(scale.visits))
    with transaction(world.carrier_id) as session:
        prepare_documents(session, run_id, stamp=stamp())
    with transaction(world.carrier_id) as session:
        run = msgspec.json.decode(build_bundle(session, run_id, stamp=stamp()).body, type=BundleRun)
    tablet = tablet_of(app, driver)
    events = _sealed_day(tablet, run, scale, chance)
    return Waiting(tablet, [_packed(tablet, *part) for part in _parts(events)], len(events))


def _write_run(
    world: World, vehicle_id: UUID, driver_id: UUID, number: int, visits: Sequence[tuple[UUID, UUID, list[UUID]]]
) -> UUID:
    kin: dict[str, Any] = {"owner_id": world.carrier_id, "party_ids": []}
    run = Run(
        id=new_id(), **kin, name=f"T{number + 1:03}", runs_on=RUN_DAY, vehicle_id=vehicle_id, driver_id=driver_id,
        driver_name="Luc Gagnon", state=RunState.PREPARED, starts_at=NOW, matrix_source=MatrixSource.ESTIMATE,
    )  # fmt: skip
    run.stops = [
        Stop(
            id=new_id(), **kin, position=at, site_id=site_id, buyer_id=buyer_id, state=StopState.PLANNED,
            planned_at=NOW + timedelta(minutes=7 * at), service_s=300,
            orders=[
                StopOrder(id=new_id(), **kin, order_id=order_id, position=place)
                for place, order_id in enumerate(order_ids)
            ],
        )
        for at, (buyer_id, site_id, order_ids) in enumerate(visits)
    ]  # fmt: skip
    with transaction(world.carrier_id) as session:
        session.add(run)
    return run.id


def _sealed_day(tablet: Tablet, run: BundleRun, scale: Scale, chance: random.Random) -> list[SealedEvent]:
    log = Log(tablet, run)
    log.seal("run.departed", {})
    for stop in run.stops:
        log.seal("stop.arrived", {}, stop_id=stop.stop_id)
        line = stop.orders[0].goods.lines[0]
        # By chance: every tenth stop exactly would fall on the same sellers, and so on one policy, day after day.
        is_short = scale.short_every and not chance.randrange(scale.short_every)
        log.visit(stop, counted=short(line.line_id, line.quantity) if is_short else {}, signing=chance.randbytes(32))
    log.seal("run.returned", {})
    return log.events


class Log:
    """A tablet's log, sealed event by event."""

    def __init__(self, tablet: Tablet, run: BundleRun) -> None:
        """Start at sequence 1."""
        self._tablet, self._run = tablet, run
        self.events: list[SealedEvent] = []
        self._now_ms = int(datetime.now(UTC).timestamp() * 1000) - 10 * 3600 * 1000

    def visit(self, stop: BundleStop, *, counted: Any, signing: bytes) -> None:
        """Seal a visit whose lines are ``counted``, all others in full."""
        tree = seal_tree(records_of(stop, counted=counted))
        finished = msgspec.structs.replace(
            finished_visit(self._run, stop, tree, counted=counted),
            signature_sha256=hashlib.sha256(signing).hexdigest(),
        )
        self.seal("visit.finished", msgspec.to_builtins(finished), tree=tree, stop_id=stop.stop_id)

    def seal(self, kind: Any, payload: dict[str, Any], *, tree: Any = None, stop_id: str = "") -> None:
        """Seal one event behind the last."""
        seq = len(self.events) + 1
        envelope = Envelope(
            schema=SCHEMA, seq=seq, event_id=str(new_id()), device_id=str(self._tablet.device_id),
            run_id=self._run.run_id, stop_id=stop_id, type=kind, plan_version=self._run.version,
            wall_ms=self._now_ms + seq * 120_000, monotonic_ms=seq * 120_000, boot_id="boot", server_ms=0,
            server_monotonic_ms=0, payload=payload, prev_hash=self.events[-1].hash if self.events else GENESIS.hex(),
        )  # fmt: skip
        self.events.append(seal_event(envelope, self._tablet.key, tree=tree))


def _parts(events: Sequence[SealedEvent]) -> Iterable[tuple[int, list[SealedEvent]]]:
    """Cut a log as the tablet does: so many events, bytes and visits a push."""
    first, part, size, visits = 1, list[SealedEvent](), 0, 0
    for event in events:
        length = len(msgspec.json.encode(event))
        is_visit = bool(event.signature)
        full = len(part) >= MAX_EVENTS or size + length > MAX_BATCH_BYTES - 1024
        if part and (full or (is_visit and visits >= MAX_VISITS_A_PUSH)):
            yield first, part
            first, part, size, visits = first + len(part), [], 0, 0
        part.append(event)
        size, visits = size + length, visits + is_visit
    yield first, part


def _packed(tablet: Tablet, first: int, events: Sequence[SealedEvent]) -> bytes:
    push = {
        "device_id": str(tablet.device_id),
        "from_seq": first,
        "events": events,
        "head_signature": sign(tablet.key, "head", bytes.fromhex(events[-1].hash)).hex(),
    }
    return gzip.compress(msgspec.json.encode(push), 6)
