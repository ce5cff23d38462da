"""The reference model: what must follow from the events alone, written from the rules and not from the product.

It hears every event in the order in which the office took them, and keeps for each order what was delivered, invoiced,
credited and supplied beyond it, for each stop the empties and the money of its first visit, and which events wait for a
person. It shares no code with the settlement or the sync that it judges.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from server.rehearsal.oracle_money import Bill, Json, bill, credit, empties, rounded, total
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
    is_trusted: bool = True


@dataclass(slots=True)
class Expected:
    """What must stand in the books. Amounts in cents; a credit has its state."""

    delivered: dict[Order, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    invoiced: dict[Order, int] = field(default_factory=dict)
    credited: dict[Order, tuple[str, int]] = field(default_factory=dict)
    supplied: dict[Order, int] = field(default_factory=dict)
    noticed: dict[Order, tuple[int, int]] = field(default_factory=dict)
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
        self._waiting: set[tuple[str, Stop]] = set()
        self.expected = Expected()

    def hear(self, taken: Taken) -> None:
        """Let one event have its consequences, or wait for a person."""
        said: Json = json.loads(taken.event.body)
        stop = said["stop_id"]
        if said["type"] == "visit.finished":
            self.expected.files |= set(_files(said, taken.event))
        if not taken.is_trusted or (taken.device, stop) in self._waiting or not self._can_apply(said):
            self.expected.parked.add((taken.device, taken.seq))
            if stop:
                self._waiting.add((taken.device, stop))
        elif said["type"] == "visit.finished":
            self._visit(stop, taken.event)

    def _can_apply(self, said: Json) -> bool:
        if said["run_id"] not in self._world.runs:
            return False
        if said["type"] in {"run.departed", "run.returned"}:
            return True
        run_id, _ = self._world.stops.get(said["stop_id"], ("", frozenset()))
        if run_id != said["run_id"]:
            return False
        payload = said["payload"]
        return said["type"] == "stop.arrived" or ("outcome" in payload and not payload["corrects"])

    def _visit(self, stop: Stop, event: SealedEvent) -> None:
        for group in event.groups:
            leaves = [json.loads(leaf) for leaf in group.leaves]
            if group.key.startswith("order:"):
                self._deliver(leaves[0], leaves[1:])
        if stop not in self._visited:
            self._visited.add(stop)
            self._take_along(stop, [json.loads(leaf) for group in event.groups for leaf in group.leaves])

    def _deliver(self, head: Json, lines: list[Json]) -> None:
        order = head["order_id"]
        if order in self.expected.delivered:
            return
        kinds = ("ordered", "delivered", "not_shipped", "lost", "returned", "extra")
        self.expected.delivered[order] = {line["line_id"]: tuple(line[kind] for kind in kinds) for line in lines}
        goods, prices = self._world.terms[order, head["terms_hash"]]
        extras = {line["line_id"]: line["extra"] for line in lines if line["extra"]}
        if extras:
            self.expected.supplied[order] = total(bill(goods, prices, extras, stretch_discount=False))
        self._settle(order, goods, prices, lines)
        self._compare_with_shown(head)

    def _settle(self, order: Order, goods: Json, prices: Json, lines: list[Json]) -> None:
        short = {line["line_id"]: line["ordered"] - line["delivered"] for line in lines}
        if goods["billing_type"] == "external":
            if any(short.values()):
                self.expected.noticed[order] = (sum(short.values()), sum(line["extra"] for line in lines))
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
