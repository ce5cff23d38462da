"""Every version of an event that was ever shipped is read as it was meant, for as long as proofs count."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from server.sync.service.clock import moment_of
from shared.canonical import canonical_bytes
from shared.sealing import GENESIS, chain_hash
from shared.sealing_event import BrokenSeal, UnknownSchema, open_event, visit_of
from shared.visit import read_visit
from shared.wire.event import SCHEMA, Envelope, EventType, SealedEvent

GOLDEN = Path(__file__).parents[2] / "golden" / "sync"
SHIPPED = [1]


def shipped(version: int) -> tuple[bytes, list[dict[str, Any]]]:
    told = json.loads((GOLDEN / f"events_v{version}.json").read_text("utf-8"))
    return bytes.fromhex(told["public_key"]), told["events"]


def said(sealed: SealedEvent, envelope: Envelope) -> dict[str, Any]:
    if envelope.type != "visit.finished":
        return envelope.payload
    finished, facts = visit_of(envelope), read_visit(sealed.groups)
    return {
        "outcome": facts.outcome,
        "failure": finished.failure,
        "signer": [finished.signer_name, finished.signer_role],
        "corrects": finished.corrects,
        "orders": [
            [one.outcome, one.shown, one.shown_total_cents, one.shown_credit_cents, one.shown_supplement_cents]
            for one in (order.leaf for order in facts.orders)
        ],
        "lines": [
            [
                line.ordered, line.delivered, line.not_shipped, line.lost, line.returned, line.extra, line.reason,
                len(line.photos),
            ]
            for order in facts.orders
            for line in order.lines
        ],
        "containers": [[one.container_class, one.returned, one.unit_cents] for one in facts.containers],
        "collections": [[one.method, one.amount_cents, one.rounding_cents, one.reference] for one in facts.collections],
        "photos": [one.note for one in facts.photos],
    }  # fmt: skip


@pytest.mark.parametrize("version", SHIPPED)
def test_a_shipped_log_is_opened_and_says_what_it_said(version: int) -> None:
    """Protocol, 9: the server reads every version ever shipped: seals, chain, leaves, quantities, reasons, money."""
    public_key, events = shipped(version)
    prev = GENESIS
    for told in events:
        sealed = msgspec.convert(told["sealed"], SealedEvent)
        envelope = open_event(sealed, public_key)
        assert chain_hash(prev, sealed.body.encode()).hex() == sealed.hash
        assert (envelope.seq, envelope.type, envelope.schema) == (told["seq"], told["type"], version)
        assert said(sealed, envelope) == told["says"]
        assert moment_of(envelope, received_at=datetime(2026, 11, 25, tzinfo=UTC)).at.year == 2026
        prev = bytes.fromhex(sealed.hash)


def test_the_newest_version_has_its_golden_log_and_every_kind_of_event_is_in_it() -> None:
    """Protocol, 9: whoever adds a version or a kind of event keeps a log of it here, from that day on."""
    assert max(SHIPPED) == SCHEMA
    _key, events = shipped(SCHEMA)
    assert {told["type"] for told in events} == set(get_args(EventType.__value__))
    visits = [told["says"] for told in events if told["type"] == "visit.finished"]
    assert {visit["outcome"] for visit in visits} == {"complete", "partial", "refused"}
    assert all(any(visit[kind] for visit in visits) for kind in ("corrects", "containers", "collections", "photos"))


def test_a_later_version_is_set_aside_and_one_changed_byte_is_found() -> None:
    """Protocol, 9: what is not known yet waits for the update; what was changed is no version at all."""
    public_key, events = shipped(SCHEMA)
    body = json.loads(events[0]["sealed"]["body"])
    later = canonical_bytes(body | {"schema": SCHEMA + 1})
    ahead = SealedEvent(body=later.decode(), hash=chain_hash(GENESIS, later).hex())
    with pytest.raises(UnknownSchema):
        open_event(ahead, public_key)
    for told in events:
        changed = told["sealed"] | {"body": told["sealed"]["body"].replace('"boot_id":"', '"boot_id":"x')}
        with pytest.raises(BrokenSeal):
            open_event(msgspec.convert(changed, SealedEvent), public_key)
