"""What the reference model hears, keeps and expects, and the words of a sealed visit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from server.rehearsal.oracle_money import Bill, Json, rounded
from shared.wire.event import SealedEvent

type Order = str
type Stop = str
type Batch = tuple[str, int]
type Billed = Literal["invoiced", "credited", "billed_beside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the events speak about: terms by order and hash, runs with their stops and orders, taxed classes, rates.

    ``at_dawn`` are the terms under which each order was loaded.
    """

    terms: Mapping[tuple[Order, str], tuple[Json, Json]]
    stops: Mapping[Stop, tuple[str, frozenset[Order]]]
    runs: frozenset[str]
    taxed: frozenset[tuple[str, str]]
    rates: tuple[str, ...]
    at_dawn: Mapping[Order, tuple[Json, Json]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """One event as the office took it; ``is_trusted`` is False once its tablet was revoked."""

    device: str
    seq: int
    event: SealedEvent
    received_ms: int
    is_trusted: bool = True


@dataclass(slots=True)
class Expected:
    """What must stand in the books. Amounts in cents; a credit has its state, above ``threshold`` a person approves.

    ``delivered`` has every revision; ``left`` is what a corrected order's invoices and credits come to, give or take
    the ``loose`` cents that roundings of further corrections may differ by; ``signed`` is what was signed for it, by
    the same terms from the first word to the last; of ``bearing`` ones the last correction moved a line that may bear
    the cents of rounding. ``bills`` are the lines that each amount of
    an order that was never corrected, and each overage, is made of. ``decided`` are the events that a person looked at.
    ``money`` is each payment with the cents of its rounding, and whether it stands: a former one is taken back.
    ``effects`` are the events that took effect, in their turn; ``outcomes`` how every revision ended. ``voided`` is
    what the invoice came to that a person voided of an order, ``struck`` the lines that its seller struck; of
    ``approved`` orders a person approved a credit, ``reopened`` ones are to ride again.
    """

    delivered: dict[Order, list[dict[str, tuple[Any, ...]]]] = field(default_factory=dict)
    left: dict[Order, int] = field(default_factory=dict)
    loose: dict[Order, int] = field(default_factory=dict)
    invoiced: dict[Order, int] = field(default_factory=dict)
    credited: dict[Order, tuple[str, int]] = field(default_factory=dict)
    threshold: dict[Order, int | None] = field(default_factory=dict)
    supplied: dict[Order, int] = field(default_factory=dict)
    billed_beside: dict[Order, int] = field(default_factory=dict)
    bills: dict[tuple[Billed, Order], Bill] = field(default_factory=dict)
    noticed: dict[Order, list[tuple[int, int]]] = field(default_factory=dict)
    returned: dict[tuple[Stop, str, str], list[int]] = field(default_factory=dict)
    deposits: dict[tuple[Stop, str], list[int]] = field(default_factory=dict)
    money: dict[tuple[Stop, str, str], list[tuple[int, int, bool]]] = field(default_factory=dict)
    parked: set[tuple[str, int]] = field(default_factory=set)
    decided: set[tuple[str, int]] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    shown_wrong: list[str] = field(default_factory=list)
    effects: list[tuple[Json, Taken]] = field(default_factory=list)
    outcomes: dict[Order, list[str]] = field(default_factory=dict)
    voided: dict[Order, int] = field(default_factory=dict)
    signed: dict[Order, int] = field(default_factory=dict)
    bearing: set[Order] = field(default_factory=set)
    struck: dict[Order, set[str]] = field(default_factory=dict)
    approved: set[Order] = field(default_factory=set)
    reopened: set[Order] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Standing:
    """The visit that stands for an order, none when the office said it; terms, lines and outcome that count."""

    visit: str
    terms_hash: str
    lines: list[Json]
    outcome: str


@dataclass(frozen=True, slots=True)
class First:
    """What was first billed of an order: by which terms and lines, in which batch, and whether a refusal voided it.

    What is billed ``as_delivered`` was not billed whole, whatever its terms say: a person had voided their invoice.
    """

    terms_hash: str
    lines: list[Json]
    batch: Batch
    was_void: bool = False
    as_delivered: bool = False


KINDS_OF_COUNT = ("ordered", "delivered", "not_shipped", "lost", "returned", "extra")


def counts(lines: list[Json]) -> dict[str, tuple[Any, ...]]:
    """Return all that stands of each line: its counted units, its reason, and its photos as they were taken."""
    return {
        line["line_id"]: (*(line[kind] for kind in KINDS_OF_COUNT), line["reason"], tuple(line["photos"]))
        for line in lines
    }


def said_of(lines: list[Json]) -> dict[str, tuple[Any, ...]]:
    """Return everything that is said of each line, its reason too."""
    return {line["line_id"]: (*(line[kind] for kind in KINDS_OF_COUNT), line["reason"]) for line in lines}


def outcome_of(lines: list[Json]) -> str:
    """Return how an order ended that is counted at the office, where nobody says why nothing was accepted."""
    if all(line["delivered"] == line["ordered"] for line in lines):
        return "complete"
    if any(line["delivered"] or line["extra"] for line in lines):
        return "partial"
    return "refused" if any(line["returned"] for line in lines) else "failed"


def files_of(event: SealedEvent) -> Iterator[str]:
    """Yield the hashes of the files that a visit names; no other event names any."""
    said: Json = json.loads(event.body)
    if said["type"] != "visit.finished":
        return
    payload = said["payload"]
    yield from (payload[name] for name in ("signature_sha256", "picture_sha256") if payload.get(name))
    for group in event.groups:
        for leaf in map(json.loads, group.leaves):
            yield from leaf.get("photos", ())
            if leaf["kind"] == "photo":
                yield leaf["sha256"]


def is_signed_as_it_says(payload: Json, event: SealedEvent) -> bool:
    """Say whether a visit that failed handed nothing over, and any other has a name and strokes under it."""
    leaves = [json.loads(leaf) for group in event.groups for leaf in group.leaves]
    if payload["failure"]:
        return all(leaf["delivered"] + leaf["extra"] == 0 for leaf in leaves if leaf["kind"] == "line")
    return bool(payload["signer_name"].strip() and payload["signature_sha256"])


def to_five_cents(method: str, amount: int) -> int:
    """Return what cash is rounded by to the nearest five cents."""
    return 5 * rounded(Fraction(amount, 5)) - amount if method == "cash" else 0
