"""The office's log told again to an office of the morning: the same events must leave the same state."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import msgspec

from server.core.keys import server_key
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.rehearsal.cab import Cab
from server.rehearsal.decisions import Decision, Settled, carry_out
from server.rehearsal.ground import Ground, Rows
from server.sync.queries import device_of
from server.sync.service.pushing import apply_batch
from shared.sealing import sign
from shared.wire.event import LeafGroup, SealedEvent
from shared.wire.push import Push

# In the field's words: ids that a second telling would give anew are left out, and what dispatchers did besides.
_PARTS: Final = {
    "events": "SELECT device_id, seq, hash, outcome FROM device_event",
    "stops": "SELECT id, state FROM stop",
    "orders": 'SELECT owner_id, number, state, billing_state, total_cents FROM "order"',
    "visits": "SELECT device_id, event_seq, stop_id, outcome, root, delivered_at FROM visit",
    "deliveries": "SELECT order_id, outcome, shown, shown_total_cents, shown_credit_cents FROM delivery",
    "lines": "SELECT order_line_id, delivered, not_shipped, lost, returned, extra, reason, photos FROM delivery_line",
    "invoices": "SELECT owner_id, number, state, net_cents, tax_cents, deposit_cents, total_cents FROM invoice",
    "credits": "SELECT owner_id, kind, number, state, net_cents, tax_cents, deposit_cents, total_cents"
    " FROM credit_note",
    "postings": "SELECT owner_id, account, customer_id, amount_cents FROM posting",
    "payments": "SELECT owner_id, buyer_id, method, state, amount_cents, rounding_cents FROM payment",
    "containers": "SELECT container_owner_id, class_code, quantity, unit_cents FROM container_return",
    "holdings": "SELECT owner_id, holder_id, quantity FROM container_entry",
    "stock": "SELECT owner_id, source, target, quantity FROM stock_move",
    "variances": "SELECT order_id, short_units, extra_units FROM variance_notice",
    "discrepancies": "SELECT kind, stop_id, text_en FROM discrepancy WHERE kind <> 'plan_changed'",
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one tablet that the office took at one instant."""

    device_id: UUID
    received_at: datetime
    from_seq: int
    events: tuple[SealedEvent, ...]


def state_of(rows: Rows) -> dict[str, str]:
    """Return a hash of each part of the office's state."""
    return {part: _digest(rows.all(query)) for part, query in _PARTS.items()}


def log_of(rows: Rows) -> list[Batch]:
    """Return the office's log, batch by batch, verbatim."""
    found = rows.all(
        "SELECT device_id, received_at, seq, body, hash, signature, groups, group_padding FROM device_event"
        " ORDER BY received_at, device_id, seq"
    )
    return [
        Batch(device_id, at, events[0][2], tuple(_sealed(row) for row in events))
        for (at, device_id), events in (
            (key, list(rows_)) for key, rows_ in groupby(found, key=lambda row: (row[1], row[0]))
        )
    ]


def replay(
    ground: Ground,
    log: Sequence[Batch],
    cabs: Sequence[Cab],
    revoked: Mapping[str, datetime],
    decisions: Sequence[Decision] = (),
) -> dict[str, str]:
    """Go back to the morning, tell the log and the decisions between it again, and return the state that they leave.

    A tablet that came during the day is known from the beginning, and so are the terms that orders got.
    """
    _begin_again(ground, [cab.device_id for cab in cabs])
    keys = {UUID(cab.device_id): cab.tablet.key for cab in cabs}
    carrier_id, left = ground.morning.trade.carrier_id, list(decisions)
    for batch in log:
        while left and left[0].at < batch.received_at:
            _carry_out_again(ground, left.pop(0))
        for device_id, at in revoked.items():
            if at <= batch.received_at:
                ground.rows.do("UPDATE device SET revoked_at = %s WHERE id = %s", at, device_id)
        push = Push(
            device_id=str(batch.device_id),
            from_seq=batch.from_seq,
            events=batch.events,
            head_signature=sign(keys[batch.device_id], "head", bytes.fromhex(batch.events[-1].hash)).hex(),
        )
        with transaction(carrier_id) as session:
            device = device_of(session, batch.device_id)
            stamp = Stamp(by=device.id, at=batch.received_at, device_id=device.id)
            apply_batch(session, push, device=device, key=server_key(), stamp=stamp)
    for decision in left:
        _carry_out_again(ground, decision)
    return state_of(ground.rows)


def _carry_out_again(ground: Ground, decision: Decision) -> None:
    """Tell a decision again; the greetings that let a run be settled are no part of the log."""
    if isinstance(decision, Settled):
        ground.rows.do("UPDATE device_stream SET heard_at = %s, told_all_at = %s", decision.at, decision.at)
    carry_out(ground.morning.trade.carrier_id, decision)


def _begin_again(ground: Ground, tablets: list[str]) -> None:
    """Bring the morning back, with what came during the day and is not in the log; nothing is revoked yet."""
    rows = ground.rows
    devices = rows.all("SELECT (to_jsonb(d) - 'revoked_at')::text FROM device d WHERE d.id = ANY(%s::uuid[])", tablets)
    terms = rows.all("SELECT id, owner_id, party_ids, order_id, hash, goods, prices, invoice_id, made_at FROM terms")
    ground.begin_day()
    for (device,) in devices:
        rows.do(
            "INSERT INTO device SELECT * FROM jsonb_populate_record(NULL::device, %s::jsonb) ON CONFLICT DO NOTHING",
            device,
        )
    for row in terms:
        rows.do(
            "INSERT INTO terms (id, owner_id, party_ids, order_id, hash, goods, prices, invoice_id, made_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            *row,
        )


def _sealed(row: tuple[Any, ...]) -> SealedEvent:
    _device, _at, _seq, body, digest, signature, groups, padding = row
    return SealedEvent(
        body=bytes(body).decode(),
        hash=digest,
        signature=signature,
        groups=tuple(msgspec.convert(groups, type=list[LeafGroup])),
        group_padding=tuple(padding),
    )


def _digest(rows: list[tuple[Any, ...]]) -> str:
    return hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
