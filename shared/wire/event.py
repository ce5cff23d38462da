"""What a tablet seals: an envelope in canonical bytes, its hash in the device's chain, a signature, and the leaves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shared.wire.limits import (
    MAX_EVENT_BYTES,
    MAX_LEAF_BYTES,
    Cents,
    Code,
    Identifier,
    OptionalCode,
    OptionalIdentifier,
    OptionalSha256,
    OptionalSignature,
    Quantity,
    Sequence,
    Sha256,
    Short,
)

SCHEMA = 1

type EventType = Literal["run.departed", "stop.arrived", "visit.finished", "run.returned"]
type Outcome = Literal["complete", "partial", "refused", "failed"]


class _Sealed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only, strict: an unknown field would be signed and not understood."""


class Fix(_Sealed, frozen=True, kw_only=True):
    """A place: 1e-7 degrees and metres of accuracy."""

    lat_e7: int
    lon_e7: int
    accuracy_m: int


class VisitFinished(_Sealed, frozen=True, kw_only=True):
    """The whole stop in one event, without any line in it: lines are leaves under ``root``.

    Nothing here differs with what any one supplier's order came to: every supplier of the stop reads it whole.
    ``signature_sha256`` names the attachment with the strokes, ``picture_sha256`` its rendering; both are empty
    when nobody signed (refused or failed stops may have a photo instead).
    """

    failure: OptionalCode
    root: Sha256
    screen_sha256: Sha256
    consent_sha256: Sha256
    language: Literal["fr", "en"]
    signer_name: Short
    signer_role: Short
    signature_sha256: OptionalSha256
    picture_sha256: OptionalSha256
    arrived_ms: int
    driver_id: Identifier
    app_version: Short
    place: Fix | None
    corrects: OptionalIdentifier


class Envelope(_Sealed, frozen=True, kw_only=True):
    """What every event says. Times are Unix milliseconds; ``server_*`` stand for the last contact, 0 if none."""

    schema: int
    seq: Sequence
    event_id: Identifier
    device_id: Identifier
    run_id: Identifier
    stop_id: OptionalIdentifier
    type: EventType
    plan_version: Sequence
    wall_ms: int
    monotonic_ms: int
    boot_id: Short
    server_ms: int
    server_monotonic_ms: int
    payload: dict[str, Any]
    prev_hash: Sha256


class LeafGroup(_Sealed, frozen=True, kw_only=True):
    """One group of a visit's tree as it travels: canonical leaves verbatim, padding in hex."""

    key: Annotated[str, Meta(pattern=r"^(order:|containers:|carrier)[0-9a-f-]{0,36}$(?!\n)")]
    leaves: tuple[Annotated[str, Meta(max_length=MAX_LEAF_BYTES)], ...]
    padding: tuple[Sha256, ...]


class SealedEvent(_Sealed, frozen=True, kw_only=True):
    """``body`` is the envelope's canonical bytes, sent and kept verbatim. A signature stands on proof events."""

    body: Annotated[str, Meta(max_length=MAX_EVENT_BYTES)]
    hash: Sha256
    signature: OptionalSignature = ""
    groups: tuple[LeafGroup, ...] = ()
    group_padding: tuple[Sha256, ...] = ()


class OrderLeaf(_Sealed, frozen=True, kw_only=True):
    """First leaf of an order's group: the terms that bind and the amounts that the signer saw."""

    kind: Literal["order"]
    order_id: Identifier
    terms_hash: Sha256
    outcome: Outcome
    shown: Literal["none", "invoice", "credit", "supplement", "credit_pending"]
    shown_total_cents: Cents
    shown_credit_cents: Cents
    shown_supplement_cents: Cents
    salt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]


class LineLeaf(_Sealed, frozen=True, kw_only=True):
    """One order line: ordered = delivered + not_shipped + lost + returned; ``extra`` stands on top."""

    kind: Literal["line"]
    line_id: Identifier
    ordered: Quantity
    delivered: Quantity
    not_shipped: Quantity
    lost: Quantity
    returned: Quantity
    extra: Quantity
    reason: OptionalCode
    photos: tuple[Sha256, ...]
    salt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]


class ContainersLeaf(_Sealed, frozen=True, kw_only=True):
    """Empties taken back for one owner: a count of one class at the price that the signer saw."""

    kind: Literal["containers"]
    owner_id: Identifier
    creditor_id: Identifier
    container_class: Code
    returned: Quantity
    unit_cents: Cents
    salt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]


class CollectionLeaf(_Sealed, frozen=True, kw_only=True):
    """Money taken at the door for one issuer; ``rounding_cents`` is the cash rounding to 5 cents (T7)."""

    kind: Literal["collection"]
    issuer_id: Identifier
    method: Literal["cash", "cheque"]
    amount_cents: Cents
    rounding_cents: Cents
    reference: Short
    salt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]


class PhotoLeaf(_Sealed, frozen=True, kw_only=True):
    """A photo that belongs to no line: only the carrier sees it."""

    kind: Literal["photo"]
    sha256: Sha256
    note: Short
    salt: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
