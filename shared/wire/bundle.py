"""What a tablet pulls: runs, whole and immutable by version, that need no network all day."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.wire.limits import (
    MAX_ORDERS_A_STOP,
    MAX_STOPS,
    Cents,
    Code,
    Identifier,
    Long,
    Sequence,
    Sha256,
    Short,
)
from shared.wire.terms import Goods, Prices


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen and keyword-only; unknown fields are ignored so that older tablets read newer servers."""


class FileRef(_Part, frozen=True, kw_only=True):
    """A document that the tablet fetches by its hash. ``kind`` is e.g. ``invoice`` or ``delivery_slip``."""

    kind: Code
    sha256: Sha256
    size_bytes: int
    media_type: Short
    name: Short


class BundleOrder(_Part, frozen=True, kw_only=True):
    """One order of a stop: goods always, prices only when it is delivered with an invoice (C29)."""

    order_id: Identifier
    order_number: Short
    seller_name: Short
    issuer_name: Short
    terms_hash: Sha256
    goods: Goods
    prices: Prices | None
    prices_hash: Sha256
    files: tuple[FileRef, ...] = ()


class Window(_Part, frozen=True, kw_only=True):
    """Local times of day at the site, in minutes after midnight."""

    opens_min: int
    closes_min: int


class Place(_Part, frozen=True, kw_only=True):
    """A site. Coordinates are 1e-7 degrees."""

    site_id: Identifier
    name: Short
    street: Short
    city: Short
    postal_code: Short
    lat_e7: int
    lon_e7: int
    phone: Short = ""
    access_note: Long = ""
    windows: tuple[Window, ...] = ()


class ContainerClass(_Part, frozen=True, kw_only=True):
    """A kind of container that may come back at this stop, with who credits it and its price of the day."""

    container_class: Code
    owner_id: Identifier
    owner_name: Short
    creditor_id: Identifier
    name_fr: Short
    name_en: Short
    unit_cents: Cents
    taxable: bool


class Collectable(_Part, frozen=True, kw_only=True):
    """An amount that may be collected at the door for one issuer (C29)."""

    issuer_id: Identifier
    issuer_name: Short
    amount_cents: Cents


class BundleStop(_Part, frozen=True, kw_only=True):
    """One stop; ``position`` counts from 1. ``planned_at_ms`` is a Unix time in milliseconds."""

    stop_id: Identifier
    position: int
    place: Place
    planned_at_ms: int
    service_s: int
    recipients: tuple[Short, ...]
    orders: Annotated[tuple[BundleOrder, ...], Meta(max_length=MAX_ORDERS_A_STOP)]
    containers: tuple[ContainerClass, ...] = ()
    collect: tuple[Collectable, ...] = ()


class Reason(_Part, frozen=True, kw_only=True):
    """Why a line is short: ``effect`` says where the goods are."""

    code: Code
    effect: Literal["not_shipped", "lost", "returned"]
    name_fr: Short
    name_en: Short
    photo_required: bool = False


class FailureReason(_Part, frozen=True, kw_only=True):
    """Why nothing could be delivered at a stop."""

    code: Code
    outcome: Literal["refused", "failed"]
    name_fr: Short
    name_en: Short


class BundleRun(_Part, frozen=True, kw_only=True):
    """One version of a run."""

    run_id: Identifier
    version: Sequence
    name: Short
    carrier_id: Identifier
    carrier_name: Short
    runs_on: Short
    timezone: Short
    vehicle_name: Short
    driver_id: Identifier
    driver_name: Short
    depot: Place
    starts_at_ms: int
    stops: Annotated[tuple[BundleStop, ...], Meta(max_length=MAX_STOPS)]
    reasons: tuple[Reason, ...]
    failures: tuple[FailureReason, ...]
    consent_fr: Long
    consent_en: Long
    distance_m: int = 0
    route_e5: tuple[tuple[int, int], ...] = ()
    distances_estimated: bool = True


class StopDone(_Part, frozen=True, kw_only=True):
    """A stop that another tablet finished, as the office has it."""

    stop_id: Identifier
    outcome: Literal["complete", "partial", "refused", "failed"]
    finished_ms: int


class RunStanding(_Part, frozen=True, kw_only=True):
    """How far the office has a run by other tablets: a new tablet goes on from there. 0: it has not left."""

    run_id: Identifier
    departed_ms: int
    stops: tuple[StopDone, ...] = ()


class PullAnswer(_Part, frozen=True, kw_only=True):
    """Runs that changed since the cursor; ``full`` means that all of them are here.

    ``live`` names every run of the driver: one that is not among them is taken off the list, drafts and events stay.
    ``live_tags`` names, place by place, the version that counts, in no form that a tablet need read: it keeps the tag
    with the run, and asks again from cursor 0 where a run that did not come has another, since the office lost one.
    """

    epoch: Short
    cursor: Sequence
    full: bool
    runs: tuple[BundleRun, ...]
    live: tuple[Identifier, ...]
    live_tags: tuple[Short, ...] = ()
    standing: tuple[RunStanding, ...] = ()
    server_ms: int
