"""Sealed events up, and what became of each; the receipt says so under the server's signature."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.wire.event import SealedEvent
from shared.wire.limits import MAX_EVENTS, Cents, Identifier, Long, Sequence, Sha256, Short, Signature


class Push(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run of consecutive events starting at ``from_seq``; ``head_signature`` signs the last hash as ``head``."""

    device_id: Identifier
    from_seq: Sequence
    events: Annotated[tuple[SealedEvent, ...], Meta(min_length=1, max_length=MAX_EVENTS)]
    head_signature: Signature


class IssuedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that the delivery made: what the tablet may tell the customer."""

    order_id: Identifier
    kind: Literal[
        "invoice", "credit_note", "credit_pending", "variance_notice", "supplementary_order", "deposit_credit"
    ]
    number: Short
    total_cents: Cents


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why an event was parked, for people."""

    slug: Short
    fr: Long
    en: Long


class EventResult(msgspec.Struct, frozen=True, kw_only=True):
    """``known`` is the same answer as the first time; ``parked`` waits for a dispatcher, nothing is lost."""

    seq: Sequence
    event_id: Identifier
    status: Literal["applied", "known", "parked"]
    refusal: Refusal | None = None
    documents: tuple[IssuedDocument, ...] = ()


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """``body`` is canonical {device_id, epoch, last_seq, head, server_ms}; the server's key signs it as ``receipt``."""

    body: str
    signature: Signature


class PushAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the server's disk now holds.

    ``last_seq`` may lie before the batch's end with ``ok``: the rest is to be sent next. ``quarantined`` says, of a
    ``fork``, that the office keeps a copy of the batch all the same; ``lacks_before``, that it has not the event before
    the batch: whoever handed that in before begins again.
    """

    results: tuple[EventResult, ...]
    last_seq: Sequence
    head: Sha256
    safe_seq: Sequence
    standing: Literal["ok", "gap", "fork", "revoked"]
    receipt: Receipt
    server_ms: int
    quarantined: bool = False
    lacks_before: bool = False
