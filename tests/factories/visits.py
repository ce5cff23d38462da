"""Visits for tests: two suppliers' orders, empties and cash at one stop, sealed by a tablet's key."""

from __future__ import annotations

from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.delivery import DeliveredLine, SettlementPreview
from shared.disclosure import VisitTree, seal_tree
from shared.sealing import GENESIS
from shared.visit import VisitCollection, VisitContainers, VisitOrder, VisitPhoto, build_visit_records
from shared.wire.event import SCHEMA, Envelope, VisitFinished
from tests.factories.terms import named_id

TABLET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EVENT_FIELDS = {
    "schema": SCHEMA,
    "seq": 1,
    "event_id": named_id("event"),
    "device_id": named_id("device"),
    "run_id": named_id("run"),
    "stop_id": named_id("stop"),
    "plan_version": 3,
    "wall_ms": 1_700_000_000_000,
    "monotonic_ms": 5_000,
    "boot_id": "boot",
    "server_ms": 0,
    "server_monotonic_ms": 0,
    "prev_hash": GENESIS.hex(),
}


def make_order(name: str, *lines: DeliveredLine, **changes: Any) -> VisitOrder:
    """One order of a visit; without lines, one of ten cases delivered in full."""
    kept = lines or (DeliveredLine.in_full(named_id(f"line of {name}"), 10),)
    fields = {
        "order_id": named_id(name),
        "terms_hash": "ab" * 32,
        "lines": kept,
        "preview": SettlementPreview("none"),
    }
    return VisitOrder(**(fields | changes))


def make_records() -> dict[str, list[dict[str, Any]]]:
    """Two orders (one short), one keg back, cash taken, a photo of the door."""
    short = DeliveredLine(named_id("short"), 10, 7, lost=3, reason="breakage")
    return build_visit_records(
        orders=[make_order("first", short, photos={short.line_id: ["cd" * 32]}), make_order("second")],
        containers=[
            VisitContainers(
                owner_id=named_id("brewer"),
                creditor_id=named_id("brewer"),
                container_class="keg_50",
                returned=1,
                unit_cents=5000,
            )
        ],
        collections=[VisitCollection(issuer_id=named_id("seller"), method="cash", amount_cents=1003, rounding_cents=2)],
        photos=[VisitPhoto(sha256="ef" * 32, note="porte")],
    )


def make_visit(tree: VisitTree | None = None, **changes: Any) -> tuple[Envelope, VisitTree]:
    """An envelope of a finished visit with the tree that its payload is the root of."""
    tree = tree or seal_tree(make_records())
    payload = VisitFinished(
        failure="",
        root=tree.root.hex(),
        screen_sha256="12" * 32,
        consent_sha256="34" * 32,
        language="fr",
        signer_name="Luce Tremblay",
        signer_role="gérante",
        signature_sha256="56" * 32,
        picture_sha256="78" * 32,
        arrived_ms=1_700_000_000_000,
        driver_id=named_id("driver"),
        app_version="0.1.0",
        place=None,
        corrects="",
    )
    fields = EVENT_FIELDS | {"type": "visit.finished", "payload": msgspec.to_builtins(payload)}
    return Envelope(**(fields | changes)), tree


def make_departure(**changes: Any) -> Envelope:
    """An event that is chained but not signed."""
    return Envelope(**(EVENT_FIELDS | {"type": "run.departed", "payload": {}, "stop_id": ""} | changes))
