"""What a visit leaves to a dispatcher: where it says otherwise than what stands, where its clock lied, or came late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from server.rehearsal.oracle_clock import when_sealed
from server.rehearsal.oracle_money import Json
from server.rehearsal.oracle_ordered import Ordered
from server.rehearsal.oracle_said import Order, Standing, Stop, Taken

type Question = tuple[str, str, str]
"""Its kind, the order, stop or event that it is about, and the event that says otherwise."""


@dataclass(slots=True)
class Asked:
    """The questions of a day; ``settled`` are the runs that somebody had settled, ``ordered`` the orders as changed."""

    questions: set[Question] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    ordered: dict[Order, Ordered] = field(default_factory=dict)

    def about_moment(self, said: Json, taken: Taken) -> None:
        """A wall clock that was wrong is told, and so is what comes once its run was settled."""
        if when_sealed(said, taken.received_ms) is None:
            self.questions.add(("clock_skew", said["event_id"], ""))
        if said["run_id"] in self.settled:
            self.questions.add(("after_closing", said["event_id"], ""))

    def about_void(self, order: Order, revision: int) -> None:
        """What was signed under an invoice that a person had voided by then is billed by a person, or not at all."""
        self.questions.add(("invoice_voided", order, str(revision)))

    def about_struck_lines(
        self, order: Order, lines: list[Json], struck: set[str], *, revision: int = 1, before: Iterable[Json] = ()
    ) -> None:
        """Goods of a line that the order has lost are moved by a person, and so is what a correction says otherwise."""
        had, has = (
            {one["line_id"]: _moved(one) for one in said if one["line_id"] in struck} for said in (before, lines)
        )
        if had != has:
            self.questions.add(("line_struck_out", order, str(revision)))

    def about_order(self, order: Order, stands: Standing, lines: list[Json], *, event_id: str) -> None:
        """What another visit says of an order's goods than the last word is put before a person."""
        if _units(stands.lines) != _units(lines):
            self.questions.add(("two_deliveries", order, event_id))

    def about_change(self, order: Order, cited: tuple[Json, Json], lines: list[Json]) -> None:
        """What is accepted by terms that an order says no more is told, once."""
        goods, prices = cited
        now, is_accepted = self.ordered.get(order), any(line["delivered"] + line["extra"] for line in lines)
        is_priced = goods["billing_type"] != "external"
        if now and is_accepted and now.differs(Ordered.cited(goods, prices), is_priced=is_priced):
            self.questions.add(("order_changed", order, ""))

    def about_taken(
        self, stop: Stop, stands: Mapping[tuple[str, str, str], int], leaves: Iterable[Json], *, event_id: str
    ) -> None:
        """What another visit of a stop says of empties and money than the last word is put before a person."""
        here = {key[1:]: amount for key, amount in stands.items() if key[0] == stop and amount}
        said = {_key(leaf): _amount(leaf) for leaf in leaves if leaf["kind"] in _AMOUNTS and _amount(leaf)}
        if here != said:
            self.questions.add(("two_visits", stop, event_id))


_AMOUNTS = {"containers": "returned", "collection": "amount_cents"}
_KEYS = {"containers": ("owner_id", "container_class"), "collection": ("issuer_id", "method")}


def _amount(leaf: Json) -> int:
    return int(leaf[_AMOUNTS[leaf["kind"]]])


def _key(leaf: Json) -> tuple[str, str]:
    whose, what = _KEYS[leaf["kind"]]
    return str(leaf[whose]), str(leaf[what])


def _units(lines: list[Json]) -> dict[str, tuple[int, int]]:
    return {line["line_id"]: (line["delivered"], line["extra"]) for line in lines}


def _moved(line: Json) -> tuple[int, int, int]:
    """Return how many units went to the customer, were lost, and came back."""
    return line["delivered"] + line["extra"], line["lost"], line["returned"] + line["not_shipped"]
