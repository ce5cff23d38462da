"""A tablet made by hand, event by event: what it seals is right, and what it sends may be anything."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from werkzeug.test import TestResponse

from server.core.transaction import transaction
from server.fulfilment.service.documents import prepare_documents
from server.identity.model import OrganisationKind, Role
from server.sync.service.bundles import build_bundle
from shared.delivery import DeliveredLine, preview_settlement
from shared.disclosure import VisitTree, seal_tree
from shared.ids import new_id
from shared.sealing import GENESIS, chain_hash, sign
from shared.sealing_event import seal_event
from shared.signature import pack_strokes
from shared.visit import VisitCollection, VisitContainers, VisitOrder, VisitPhoto, build_visit_records
from shared.wire.bundle import BundleOrder, BundleRun, BundleStop, PullAnswer
from shared.wire.event import SCHEMA, Envelope, SealedEvent, VisitFinished
from tests.factories.web import Client, Organisation, Tablet, make_member, tablet_of
from tests.factories.world import World, make_runs, make_vehicle, stamp

STROKES = pack_strokes(400, 200, [[(20, 100), (120, 40), (180, 160), (300, 60), (380, 120)], [(40, 150), (360, 150)]])
PICTURE = b"\x89PNG, as far as the office cares"
SIGNATURE_SHA, PICTURE_SHA = (hashlib.sha256(payload).hexdigest() for payload in (STROKES, PICTURE))


@dataclass
class HandTablet:
    """A tablet with its chain; ``events`` is its log from sequence 1."""

    tablet: Tablet
    run: BundleRun
    events: list[SealedEvent] = field(default_factory=list)

    @property
    def client(self) -> Client:
        return self.tablet.client

    @property
    def key(self) -> Ed25519PrivateKey:
        return self.tablet.key

    @property
    def head(self) -> str:
        return self.events[-1].hash if self.events else GENESIS.hex()

    def stop(self, position: int = 0) -> BundleStop:
        return self.run.stops[position]

    def depart(self, **changes: Any) -> SealedEvent:
        return self.seal("run.departed", {}, **changes)

    def arrive(self, stop: BundleStop, **changes: Any) -> SealedEvent:
        return self.seal("stop.arrived", {}, stop_id=stop.stop_id, **changes)

    def come_back(self) -> SealedEvent:
        return self.seal("run.returned", {})

    def visit(self, stop: BundleStop, *, payload: Mapping[str, Any] | None = None, **said: Any) -> SealedEvent:
        """Seal a visit; ``said`` goes to ``records_of``, ``payload`` changes what is signed."""
        changes = said.pop("envelope", {})
        tree = seal_tree(records_of(stop, **said))
        finished = msgspec.to_builtins(finished_visit(self.run, stop, tree, **said)) | dict(payload or {})
        return self.seal("visit.finished", finished, tree=tree, stop_id=stop.stop_id, **changes)

    def seal(self, kind: str, payload: dict[str, Any], *, tree: VisitTree | None = None, **changes: Any) -> SealedEvent:
        """Seal one event behind the last; ``changes`` of the envelope may be lies."""
        envelope = Envelope(
            **{
                "schema": SCHEMA,
                "seq": len(self.events) + 1,
                "event_id": str(new_id()),
                "device_id": str(self.tablet.device_id),
                "run_id": self.run.run_id,
                "stop_id": "",
                "type": kind,
                "plan_version": self.run.version,
                "wall_ms": self.run.starts_at_ms + len(self.events) * 60_000,
                "monotonic_ms": len(self.events) * 60_000,
                "boot_id": "boot",
                "server_ms": 0,
                "server_monotonic_ms": 0,
                "payload": payload,
                "prev_hash": self.head,
            }
            | changes
        )
        return self.add(seal_event(envelope, self.key, tree=tree))

    def seal_bytes(self, body: str, **beside: Any) -> SealedEvent:
        """Chain any bytes at all."""
        digest = chain_hash(bytes.fromhex(self.head), body.encode())
        return self.add(SealedEvent(body=body, hash=digest.hex(), **beside))

    def add(self, sealed: SealedEvent) -> SealedEvent:
        self.events.append(sealed)
        return sealed

    def message(self, first: int = 1, last: int | None = None, **changes: Any) -> dict[str, Any]:
        """Return the push of events ``first`` to ``last``."""
        events = self.events[first - 1 : last]
        signature = sign(self.key, "head", bytes.fromhex(events[-1].hash)).hex()
        push = {
            "device_id": str(self.tablet.device_id),
            "from_seq": first,
            "events": events,
            "head_signature": signature,
        }
        return dict(msgspec.to_builtins(push | changes))

    def send(self, message: Mapping[str, Any], *, packed: bool = False) -> TestResponse:
        body = msgspec.json.encode(message)
        headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if packed else {})
        return self.client.post("/api/v1/sync/push", data=gzip.compress(body) if packed else body, headers=headers)

    def push(self, first: int = 1, last: int | None = None, **changes: Any) -> dict[str, Any]:
        """Push and return the answer, which must be one."""
        answer = self.send(self.message(first, last, **changes))
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def pull(self, cursor: int = 0) -> PullAnswer:
        return msgspec.json.decode(self.client.get(f"/api/v1/sync/pull?cursor={cursor}").data, type=PullAnswer)

    def hello(self, acked: int = 0, **changes: Any) -> dict[str, Any]:
        """Greet as a tablet whose whole log is sealed for good."""
        answer = self.client.post("/api/v1/sync/hello", json=self.greeting(acked) | changes)
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def greeting(self, acked: int = 0) -> dict[str, Any]:
        """Return the message of such a greeting."""
        return {
            "device_id": str(self.tablet.device_id),
            "app_version": "0.1.0",
            "protocols": [1],
            "epoch": "",
            "acked": acked,
            "hash_at_acked": self.events[acked - 1].hash if acked else GENESIS.hex(),
            "head": len(self.events),
        }

    def upload(self, payload: bytes, *, offset: int = 0, size: int | None = None, **changes: str) -> TestResponse:
        """Send a chunk; ``changes`` of headers are spelt with underscores."""
        sha256 = changes.pop("sha256", hashlib.sha256(payload).hexdigest())
        headers = {
            "Upload-Length": str(len(payload) if size is None else size),
            "Upload-Offset": str(offset),
            "Upload-Type": "image/jpeg",
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        return self.client.open(f"/api/v1/sync/attachments/{sha256}", "PATCH", data=payload, headers=headers)

    def upload_signature(self) -> None:
        """Send the strokes and the picture that every signed visit of this factory names."""
        assert self.upload(STROKES, Upload_Type="application/vnd.tournee.strokes").status_code == 200
        assert self.upload(PICTURE, Upload_Type="image/png").status_code == 200

    def offset(self, sha256: str) -> int:
        return int(self.client.open(f"/api/v1/sync/attachments/{sha256}", "HEAD").headers["Upload-Offset"])


def records_of(
    stop: BundleStop,
    *,
    counted: Mapping[str, DeliveredLine] | None = None,
    without: Sequence[str] = (),
    unmet: str | None = None,
    containers: Sequence[VisitContainers] = (),
    collections: Sequence[VisitCollection] = (),
    photos: Sequence[VisitPhoto] = (),
    line_photos: Mapping[str, Sequence[str]] | None = None,
    terms: Mapping[str, str] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Return a visit's leaves: every line in full, but for what is ``counted``; orders ``without`` are left out."""
    orders = [
        VisitOrder(
            order_id=order.order_id,
            terms_hash=(terms or {}).get(order.order_id, order.terms_hash),
            lines=lines_of(order, counted or {}, unmet),
            preview=preview_settlement(order.goods, order.prices, lines_of(order, counted or {}, unmet)),
            unmet=unmet,
            photos=line_photos or {},
        )
        for order in stop.orders
        if order.order_id not in without
    ]
    return build_visit_records(orders=orders, containers=containers, collections=collections, photos=photos)


def lines_of(order: BundleOrder, counted: Mapping[str, DeliveredLine], unmet: str | None) -> tuple[DeliveredLine, ...]:
    """Return an order's lines as counted."""
    return tuple(
        DeliveredLine(line.line_id, line.quantity, 0, returned=line.quantity, reason="refused")
        if unmet
        else counted.get(line.line_id, DeliveredLine.in_full(line.line_id, line.quantity))
        for line in order.goods.lines
    )


def finished_visit(run: BundleRun, stop: BundleStop, tree: VisitTree, **said: Any) -> VisitFinished:
    """Return what is signed of a visit."""
    unmet = said.get("unmet")
    return VisitFinished(
        failure="refused" if unmet else "",
        root=tree.root.hex(),
        screen_sha256="12" * 32,
        consent_sha256="34" * 32,
        language="fr",
        signer_name="" if unmet else "Luce Tremblay",
        signer_role="" if unmet else "gérante",
        signature_sha256="" if unmet else SIGNATURE_SHA,
        picture_sha256="" if unmet else PICTURE_SHA,
        arrived_ms=run.starts_at_ms,
        driver_id=run.driver_id,
        app_version="0.1.0",
        place=None,
        corrects="",
    )


def short(line_id: str, ordered: int, missing: int = 1) -> dict[str, DeliveredLine]:
    """Return a line of which ``missing`` were lost, as ``counted``."""
    return {line_id: DeliveredLine(line_id, ordered, ordered - missing, lost=missing, reason="missing")}


@dataclass(frozen=True)
class Yard:
    """A world whose day is planned and documented, with its driver's tablets."""

    app: Flask
    world: World
    tablet: HandTablet
    again: HandTablet
    run_id: UUID


def make_yard(app: Flask, world: World, *, has_truck: bool = False) -> Yard:
    """Plan and document the world's orders on one run, and enrol two tablets of its driver; no paper is rendered."""
    driver = make_member(Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id), Role.DRIVER)
    world = replace(world, driver_id=driver.user_id)
    if not has_truck:
        make_vehicle(world)
    (run_id,) = make_runs(world)
    with transaction(world.carrier_id) as session:
        prepare_documents(session, run_id, stamp=stamp())
    with transaction(world.carrier_id) as session:
        run = msgspec.json.decode(build_bundle(session, run_id, stamp=stamp()).body, type=BundleRun)
    first, second = (HandTablet(tablet_of(app, driver), run) for _ in range(2))
    return Yard(app, world, first, second, run_id)
