"""The reference model: what must follow from the events alone, written from the rules and not from the product.

It hears every event in the order in which the office took them, and keeps for each order what was delivered, invoiced,
credited and supplied beyond it, for each stop the empties and the money of its first visit, and which events wait for a
person. It shares no code with the settlement or the sync that it judges. One correction of an order at most is
reckoned with: the rehearsed drivers make no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from server.rehearsal.oracle_clock import when_sealed
from server.rehearsal.oracle_money import Bill, Json, bill, credit, empties, left_of, rounded, total
from shared.wire.event import SealedEvent

type Order = str
type Stop = str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the events speak about: terms by order and hash, runs with their stops and orders, taxed classes, rates."""

    terms: Mapping[tuple[Order, str], tuple[Json, Json]]
    stops: Mapping[Stop, tuple[str, frozenset[Order]]]
    runs: frozenset[str]
    taxed: frozenset[tuple[str, str]]
    rates: tuple[str, ...]


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
    """What must stand in the books. Amounts in cents; a credit has its state.

    ``delivered`` has every revision; ``left`` is what a corrected order's invoices and credits come to.
    """

    delivered: dict[Order, list[dict[str, tuple[int, ...]]]] = field(default_factory=dict)
    left: dict[Order, int] = field(default_factory=dict)
    invoiced: dict[Order, int] = field(default_factory=dict)
    credited: dict[Order, tuple[str, int]] = field(default_factory=dict)
    supplied: dict[Order, int] = field(default_factory=dict)
    noticed: dict[Order, list[tuple[int, int]]] = field(default_factory=dict)
    returned: dict[tuple[Stop, str, str], int] = field(default_factory=dict)
    deposits: dict[tuple[Stop, str], int] = field(default_factory=dict)
    money: dict[tuple[Stop, str, str], tuple[int, int]] = field(default_factory=dict)
    parked: set[tuple[str, int]] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    shown_wrong: list[str] = field(default_factory=list)


class Model:
    """Hears events, one after the other."""

    def __init__(self, world: World) -> None:
        """Begin with the morning."""
        self._world = world
        self._visited: set[Stop] = set()
        self._visits: dict[str, _Heard] = {}
        self._standing: dict[Order, _Standing] = {}
        self._waiting: set[tuple[str, Stop]] = set()
        self.expected = Expected()

    def hear(self, taken: Taken) -> None:
        """Let one event have its consequences, or wait for a person."""
        said: Json = json.loads(taken.event.body)
        stop = said["stop_id"]
        if said["type"] == "visit.finished":
            self.expected.files |= set(_files(said, taken.event))
        if not taken.is_trusted or (taken.device, stop) in self._waiting or not self._can_apply(said, taken):
            self.expected.parked.add((taken.device, taken.seq))
            if stop:
                self._waiting.add((taken.device, stop))
        elif said["type"] == "visit.finished":
            self._visit(said, taken)

    def _can_apply(self, said: Json, taken: Taken) -> bool:
        if said["run_id"] not in self._world.runs:
            return False
        if said["type"] in {"run.departed", "run.returned"}:
            return True
        run_id, _ = self._world.stops.get(said["stop_id"], ("", frozenset()))
        if run_id != said["run_id"]:
            return False
        payload = said["payload"]
        if said["type"] == "stop.arrived" or "outcome" not in payload:
            return bool(said["type"] == "stop.arrived")
        return not payload["corrects"] or self._may_correct(said, taken)

    def _may_correct(self, said: Json, taken: Taken) -> bool:
        """A driver corrects alone what stands by the same tablet and was not at the office when it was sealed."""
        first = self._visits.get(said["payload"]["corrects"])
        if first is None or (first.stop, first.device) != (said["stop_id"], taken.device):
            return False
        _, orders = self._world.stops[first.stop]
        stands = {self._standing[order].visit for order in orders if order in self._standing}
        sealed_ms = when_sealed(said, taken.received_ms)
        is_early = sealed_ms is not None and sealed_ms < first.received_ms
        return stands == {said["payload"]["corrects"]} and (is_early or first.received_ms == taken.received_ms)

    def _visit(self, said: Json, taken: Taken) -> None:
        stop, event = said["stop_id"], taken.event
        self._visits[said["event_id"]] = _Heard(stop, taken.device, taken.received_ms)
        for group in event.groups:
            leaves = [json.loads(leaf) for leaf in group.leaves]
            if group.key.startswith("order:"):
                if said["payload"]["corrects"] and leaves[0]["order_id"] in self.expected.delivered:
                    self._correct(said, leaves[0], leaves[1:])
                else:
                    self._deliver(said["event_id"], leaves[0], leaves[1:])
        if stop not in self._visited:
            self._visited.add(stop)
            self._take_along(stop, [json.loads(leaf) for group in event.groups for leaf in group.leaves])

    def _deliver(self, visit: str, head: Json, lines: list[Json]) -> None:
        order = head["order_id"]
        if order in self.expected.delivered:
            return
        goods, prices = self._world.terms[order, head["terms_hash"]]
        self.expected.delivered[order] = [_counts(lines)]
        self._standing[order] = _Standing(visit, lines)
        extras = {line["line_id"]: line["extra"] for line in lines if line["extra"]}
        if extras:
            self.expected.supplied[order] = total(bill(goods, prices, extras, stretch_discount=False))
        self._settle(order, goods, prices, lines)
        self._compare_with_shown(head)

    def _correct(self, said: Json, head: Json, lines: list[Json]) -> None:
        """Add a revision, and let what was billed come to what the last word says.

        What came in one batch with its correction has no number yet: it is billed as corrected.
        """
        visit, first = said["event_id"], self._visits[said["payload"]["corrects"]]
        order, before = head["order_id"], self._standing[head["order_id"]]
        if _said_of(before.lines) == _said_of(lines):
            return
        goods, prices = self._world.terms[order, head["terms_hash"]]
        self.expected.delivered[order].append(_counts(lines))
        self._standing[order] = _Standing(visit, lines)
        self.expected.supplied.pop(order, None)
        if extras := {line["line_id"]: line["extra"] for line in lines if line["extra"]}:
            self.expected.supplied[order] = total(bill(goods, prices, extras, stretch_discount=False))
        if goods["billing_type"] == "external":
            self._notice(order, lines)
            return
        state, _ = self.expected.credited.pop(order, ("", 0))
        self.expected.invoiced.pop(order, None)
        if prices["invoice_standing"] == "published" or goods["deliver_with"] == "invoice":
            is_void = state == "issued" and not any(line["delivered"] for line in before.lines)
            is_unnumbered = first.received_ms == self._visits[visit].received_ms
            is_anew = is_unnumbered if prices["invoice_standing"] != "published" else is_void
            left = left_of(goods, prices, before.lines, lines, is_anew=is_anew)
            self.expected.left[order] = left
            self._compare_correction_with_shown(head, left, len(lines))

    def _compare_correction_with_shown(self, head: Json, left: int, lines: int) -> None:
        """What is signed anew is what is left, but for the cent a line that a difference may round otherwise."""
        shown = head["shown_total_cents"] - head["shown_credit_cents"]
        if head["shown"] in {"invoice", "credit"} and abs(shown - left) > lines:
            self.expected.shown_wrong.append(f"order {head['order_id']} was shown {shown} anew, not {left}")

    def _notice(self, order: Order, lines: list[Json]) -> None:
        short = sum(line["ordered"] - line["delivered"] for line in lines)
        if any(line["ordered"] != line["delivered"] for line in lines):
            self.expected.noticed.setdefault(order, []).append((short, sum(line["extra"] for line in lines)))

    def _settle(self, order: Order, goods: Json, prices: Json, lines: list[Json]) -> None:
        short = {line["line_id"]: line["ordered"] - line["delivered"] for line in lines}
        if goods["billing_type"] == "external":
            self._notice(order, lines)
        elif prices["invoice_standing"] == "published":
            whole = bill(goods, prices, {line["line_id"]: line["ordered"] for line in lines})
            self.expected.invoiced[order] = total(whole)
            self._give_back(order, prices, whole, short)
        elif goods["deliver_with"] == "invoice":
            left = bill(goods, prices, {line["line_id"]: line["delivered"] for line in lines})
            if left:
                self.expected.invoiced[order] = total(left)

    def _give_back(self, order: Order, prices: Json, invoice: Bill, short: Mapping[str, int]) -> None:
        back = credit(invoice, short)
        if back:
            threshold, amount = prices["credit_threshold_cents"], total(back)
            is_large = threshold is not None and amount > threshold
            self.expected.credited[order] = ("proposed" if is_large else "issued", amount)

    def _compare_with_shown(self, head: Json) -> None:
        """What the signer saw is what follows."""
        order, shown = head["order_id"], head["shown"]
        invoiced = self.expected.invoiced.get(order, 0)
        state, given_back = self.expected.credited.get(order, ("", 0))
        wanted = {
            "none": (0, 0),
            "invoice": (invoiced, 0),
            "credit": (invoiced, given_back if state == "issued" else -1),
            "credit_pending": (invoiced, 0),
            "supplement": (0, 0),
        }[shown]
        if (head["shown_total_cents"], head["shown_credit_cents"]) != wanted:
            self.expected.shown_wrong.append(f"order {order} was shown {shown}, not {wanted}")

    def _take_along(self, stop: Stop, leaves: list[Json]) -> None:
        back = [leaf for leaf in leaves if leaf["kind"] == "containers" and leaf["returned"]]
        for leaf in back:
            self.expected.returned[stop, leaf["owner_id"], leaf["container_class"]] = leaf["returned"]
        for creditor in {leaf["creditor_id"] for leaf in back}:
            rows = [
                (leaf["returned"], leaf["unit_cents"], (leaf["owner_id"], leaf["container_class"]) in self._world.taxed)
                for leaf in back
                if leaf["creditor_id"] == creditor
            ]
            self.expected.deposits[stop, creditor] = empties(rows, self._world.rates)
        for leaf in leaves:
            if leaf["kind"] == "collection":
                key = (stop, leaf["issuer_id"], leaf["method"])
                self.expected.money[key] = (leaf["amount_cents"], _to_five_cents(leaf["method"], leaf["amount_cents"]))


@dataclass(frozen=True, slots=True)
class _Heard:
    """A visit that the office took."""

    stop: Stop
    device: str
    received_ms: int


@dataclass(frozen=True, slots=True)
class _Standing:
    """The visit that stands for an order, and the lines that it said."""

    visit: str
    lines: list[Json]


_KINDS = ("ordered", "delivered", "not_shipped", "lost", "returned", "extra")


def _counts(lines: list[Json]) -> dict[str, tuple[int, ...]]:
    return {line["line_id"]: tuple(line[kind] for kind in _KINDS) for line in lines}


def _said_of(lines: list[Json]) -> dict[str, tuple[Any, ...]]:
    return {line["line_id"]: (*(line[kind] for kind in _KINDS), line["reason"]) for line in lines}


def _files(said: Json, event: SealedEvent) -> Iterator[str]:
    payload = said["payload"]
    yield from (payload[name] for name in ("signature_sha256", "picture_sha256") if payload.get(name))
    for group in event.groups:
        for leaf in map(json.loads, group.leaves):
            yield from leaf.get("photos", ())
            if leaf["kind"] == "photo":
                yield leaf["sha256"]


def _to_five_cents(method: str, amount: int) -> int:
    return 5 * rounded(Fraction(amount, 5)) - amount if method == "cash" else 0
