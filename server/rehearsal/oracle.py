"""The reference model: what must follow from the events alone, written from the rules and not from the product.

It hears every event in the order in which the office took them, and keeps for each order what was delivered, invoiced,
credited and supplied beyond it, for each stop the empties and the money of its first visit, and which events wait for a
person. It shares no code with the settlement or the sync that it judges. What an order comes to after its first
correction is known to the cent; each further one may round every line anew, and is held to that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from server.rehearsal.oracle_asked import Asked
from server.rehearsal.oracle_clock import when_sealed
from server.rehearsal.oracle_heard import Visits
from server.rehearsal.oracle_money import Bill, Json, bill, credit, empties, left_of, total
from server.rehearsal.oracle_said import (
    Batch,
    Billed,
    Expected,
    First,
    Order,
    Standing,
    Stop,
    Taken,
    World,
    counts,
    files_of,
    is_signed_as_it_says,
    outcome_of,
    said_of,
    to_five_cents,
)

_CENTS_A_LINE = 4
"""By how much a further correction may round a line: its net, its deposit and two taxes."""


class Model:
    """Hears events, one after the other."""

    def __init__(self, world: World) -> None:
        """Begin with the morning."""
        self._world = world
        self._visited: set[Stop] = set()
        self._visits = Visits()
        self._first: dict[Order, First] = {}
        self._standing: dict[Order, Standing] = {}
        self._waiting: dict[tuple[str, int], tuple[Json, Taken]] = {}
        self._taken: dict[tuple[Stop, str, str], int] = {}
        self._turn = 0
        self.asked = Asked()
        self.expected = Expected()

    def hear(self, taken: Taken) -> None:
        """Let one event have its consequences, or wait for a person."""
        said: Json = json.loads(taken.event.body)
        self.expected.files |= set(files_of(taken.event))
        if not taken.is_trusted or self._of_stop(taken.device, said["stop_id"]) or not self._can_apply(said, taken):
            self.expected.parked.add((taken.device, taken.seq))
            self._waiting[taken.device, taken.seq] = (said, taken)
        else:
            self._take_effect(said, taken, batch=("push", taken.received_ms))

    def decide(self, device: str, seq: int, choice: str) -> None:
        """Let a person look at an event that waits: once it is applied or put away, those of its stop behind it follow.

        What cannot be applied goes on waiting, and so does what stands behind it. One that replaces has the last word
        about its stop, whoever visited it before. Nobody looked at those behind: what needs a person waits for one.
        """
        stop = self._waiting[device, seq][0]["stop_id"]
        if not self._look_at(device, seq, choice):
            return
        for later in sorted(key for key in self._of_stop(device, stop) if key[1] > seq):
            if not self._follow(*later):
                return

    def correct(self, order: Order, lines: list[Json]) -> None:
        """Let the office say what was really delivered; nobody signs anew, and its driver corrects no more.

        The photos of each line stay.
        """
        standing = self._standing[order]
        photos = {line["line_id"]: line["photos"] for line in standing.lines}
        kept: list[Json] = [{**line, "photos": photos[line["line_id"]]} for line in lines]
        self._revise(order, Standing("", standing.terms_hash, kept, outcome_of(kept)), is_unnumbered=False)

    def _look_at(self, device: str, seq: int, choice: str) -> bool:
        said, taken = self._waiting[device, seq]
        if choice != "set_aside" and not self._can_apply(said, taken, choice):
            return False
        self._take_up(device, seq, choice)
        return True

    def _follow(self, device: str, seq: int) -> bool:
        """An event that nobody looked at: it needs its tablet's trust, and may do what a driver may do alone."""
        said, taken = self._waiting[device, seq]
        if not taken.is_trusted or not self._can_apply(said, taken):
            return False
        self._take_up(device, seq, "applied")
        return True

    def _take_up(self, device: str, seq: int, choice: str) -> None:
        said, taken = self._waiting[device, seq]
        del self._waiting[device, seq]
        self.expected.parked.remove((device, seq))
        self.expected.decided.add((device, seq))
        if choice != "set_aside":
            self._turn += 1  # each has its documents numbered before the next one follows
            self._take_effect(said, taken, batch=("decision", self._turn), replaces=choice == "replaced")

    def _take_effect(self, said: Json, taken: Taken, *, batch: Batch, replaces: bool = False) -> None:
        self.expected.effects.append((said, taken))
        if said["type"] == "visit.finished":
            self._visit(said, taken, batch=batch, replaces=replaces)

    def _of_stop(self, device: str, stop: str) -> list[tuple[str, int]]:
        """Return what waits of a tablet at one stop; what is of no stop holds up nothing."""
        return [
            key for key, (said, _) in self._waiting.items() if stop and key[0] == device and said["stop_id"] == stop
        ]

    def _can_apply(self, said: Json, taken: Taken, choice: str = "") -> bool:
        """Say whether an event makes sense; a correction also needs its visit and, without a person's choice, a right.

        A person who lets a visit replace what stands needs none: it is whole.
        """
        if said["run_id"] not in self._world.runs:
            return False
        if said["type"] in {"run.departed", "run.returned"}:
            return True
        run_id, _ = self._world.stops.get(said["stop_id"], ("", frozenset()))
        if run_id != said["run_id"]:
            return False
        payload = said["payload"]
        if said["type"] == "stop.arrived" or "failure" not in payload:
            return bool(said["type"] == "stop.arrived")
        makes_sense = self._knows_terms(taken) and (bool(choice) or is_signed_as_it_says(payload, taken.event))
        if not payload["corrects"] or choice == "replaced":
            return makes_sense
        is_here = self._visits.is_of(payload["corrects"], said["stop_id"])
        return is_here and makes_sense and (bool(choice) or self._may_correct(said, taken))

    def _knows_terms(self, taken: Taken) -> bool:
        """Say whether the office has what each order's visit cites: a restore loses what an order was changed to."""
        heads = (json.loads(one.leaves[0]) for one in taken.event.groups if one.key.startswith("order:"))
        return all((head["order_id"], head["terms_hash"]) in self._world.terms for head in heads)

    def _may_correct(self, said: Json, taken: Taken) -> bool:
        """A driver corrects alone what stands by the same tablet and was not at the office when it was sealed."""
        corrected = said["payload"]["corrects"]
        if not self._visits.is_of(corrected, said["stop_id"], taken.device):
            return False
        _, orders = self._world.stops[said["stop_id"]]
        stands = {self._standing[order].visit for order in orders if order in self._standing}
        is_last_word = bool(stands) and stands <= self._visits.told_by(corrected)
        return is_last_word and self._visits.had_none_of(corrected, when_sealed(said, taken.received_ms), taken)

    def _visit(self, said: Json, taken: Taken, *, batch: Batch, replaces: bool = False) -> None:
        stop, event = said["stop_id"], taken.event
        corrects = replaces or bool(said["payload"]["corrects"])
        self._visits.hear(said, taken)
        self.asked.about_moment(said, taken)
        for group in event.groups:
            leaves = [json.loads(leaf) for leaf in group.leaves]
            if group.key.startswith("order:"):
                if corrects and leaves[0]["order_id"] in self.expected.delivered:
                    self._correct(said["event_id"], leaves[0], leaves[1:], batch)
                else:
                    self._deliver(said["event_id"], leaves[0], leaves[1:], batch)
        leaves = [json.loads(leaf) for group in event.groups for leaf in group.leaves]
        if not corrects and stop in self._visited:
            empties = {key: said[-1] for key, said in self.expected.returned.items()}
            self.asked.about_taken(stop, empties | self._taken, leaves, event_id=said["event_id"])
        else:
            self._visited.add(stop)
            self._take_empties(stop, [leaf for leaf in leaves if leaf["kind"] == "containers"])
            self._take_money(stop, [leaf for leaf in leaves if leaf["kind"] == "collection"])

    def _deliver(self, visit: str, head: Json, lines: list[Json], batch: Batch) -> None:
        order = head["order_id"]
        if order in self.expected.delivered:
            self.asked.about_order(order, self._standing[order], lines, event_id=visit)
            return
        goods, prices = self._world.terms[order, head["terms_hash"]]
        self.expected.delivered[order] = [counts(lines)]
        self.expected.outcomes[order] = [head["outcome"]]
        self._standing[order] = Standing(visit, head["terms_hash"], lines, head["outcome"])
        self._first[order] = First(head["terms_hash"], lines, batch)
        self._supply(order, goods, prices, lines)
        self._settle(order, goods, prices, lines)
        self._compare_with_shown(head, goods)
        self.asked.about_change(order, goods, lines)

    def _correct(self, visit: str, head: Json, lines: list[Json], batch: Batch) -> None:
        """A driver says anew what was delivered. What came in one batch with it has no number: billed as corrected."""
        order = head["order_id"]
        if said_of(self._standing[order].lines) == said_of(lines):
            return
        is_unnumbered = self._first[order].batch == batch
        now = Standing(visit, head["terms_hash"], lines, head["outcome"])
        self._revise(order, now, is_unnumbered=is_unnumbered)
        if order in self.expected.left:
            cents = len(lines) + self.expected.loose.get(order, 0)
            self._compare_correction_with_shown(head, self.expected.left[order], cents)

    def _revise(self, order: Order, now: Standing, *, is_unnumbered: bool) -> None:
        """Add a revision, and let what was billed come to what the last word says."""
        before, lines, first = self._standing[order].lines, now.lines, self._first[order]
        goods, prices = self._world.terms[order, now.terms_hash]
        is_further = len(self.expected.delivered[order]) > 1
        self.expected.delivered[order].append(counts(lines))
        self.expected.outcomes[order].append(now.outcome)
        self._standing[order] = now
        self.asked.about_change(order, goods, lines)
        self._supply(order, goods, prices, lines)
        if goods["billing_type"] == "external":
            self._notice(order, lines)
            return
        state, _ = self.expected.credited.pop(order, ("", 0))
        self.expected.invoiced.pop(order, None)
        is_void = state == "issued" and not any(line["delivered"] for line in before)
        is_anew = is_unnumbered if prices["invoice_standing"] != "published" else is_void
        if is_anew and not is_further:
            terms_hash, said = (now.terms_hash, lines) if is_unnumbered else (first.terms_hash, first.lines)
            self._first[order] = First(terms_hash, said, first.batch, was_void=is_void)
        self.expected.left[order] = left_of(
            goods,
            prices,
            first.lines,
            lines,
            is_anew=is_anew or first.was_void,
            agreed_first=self._world.terms[order, first.terms_hash],
        )
        if is_further:
            loose = self.expected.loose
            loose[order] = loose.get(order, 0) + _CENTS_A_LINE * len(lines)

    def _compare_correction_with_shown(self, head: Json, left: int, lines: int) -> None:
        """What is signed anew is what is left, but for the cent a line that a difference may round otherwise."""
        shown = head["shown_total_cents"] - head["shown_credit_cents"]
        if head["shown"] in {"invoice", "credit"} and abs(shown - left) > lines:
            self.expected.shown_wrong.append(f"order {head['order_id']} was shown {shown} anew, not {left}")

    def _notice(self, order: Order, lines: list[Json]) -> None:
        short = sum(line["ordered"] - line["delivered"] for line in lines)
        if any(line["ordered"] != line["delivered"] for line in lines):
            self.expected.noticed.setdefault(order, []).append((short, sum(line["extra"] for line in lines)))

    def _supply(self, order: Order, goods: Json, prices: Json, lines: list[Json]) -> None:
        """What was accepted beyond an order is an order of its own, billed at once unless it is billed outside."""
        expected = self.expected
        for kind in (expected.supplied, expected.billed_beside):
            kind.pop(order, None)
        if extras := {line["line_id"]: line["extra"] for line in lines if line["extra"]}:
            beyond = bill(goods, prices, extras, stretch_discount=False)
            expected.supplied[order] = total(beyond)
            if goods["billing_type"] != "external":
                self._bill("billed_beside", order, beyond)

    def _bill(self, kind: Billed, order: Order, billed: Bill) -> None:
        getattr(self.expected, kind)[order] = total(billed)
        self.expected.bills[kind, order] = billed

    def _settle(self, order: Order, goods: Json, prices: Json, lines: list[Json]) -> None:
        short = {line["line_id"]: line["ordered"] - line["delivered"] for line in lines}
        if goods["billing_type"] == "external":
            self._notice(order, lines)
            return
        self.expected.threshold[order] = prices["credit_threshold_cents"]
        if prices["invoice_standing"] == "published":
            whole = bill(goods, prices, {line["line_id"]: line["ordered"] for line in lines})
            self._bill("invoiced", order, whole)
            self._give_back(order, prices, whole, short)
        else:  # with a purchase order on the truck, too: what is emitted by itself is billed at delivery at the latest
            left = bill(goods, prices, {line["line_id"]: line["delivered"] for line in lines})
            if left:
                self._bill("invoiced", order, left)

    def _give_back(self, order: Order, prices: Json, invoice: Bill, short: Mapping[str, int]) -> None:
        back = credit(invoice, short)
        if back:
            threshold, amount = prices["credit_threshold_cents"], total(back)
            is_large = threshold is not None and amount > threshold
            self.expected.credited[order] = ("proposed" if is_large else "issued", amount)
            self.expected.bills["credited", order] = back

    def _compare_with_shown(self, head: Json, goods: Json) -> None:
        """What the signer saw is what follows, by its word and by its cents."""
        order, word = head["order_id"], self._word(head["order_id"], goods)
        invoiced, supplied = (kind.get(order, 0) for kind in (self.expected.invoiced, self.expected.supplied))
        wanted = (
            word,
            0 if word in {"none", "supplement"} else invoiced,
            self.expected.credited[order][1] if word == "credit" else 0,
            0 if word == "none" else supplied,
        )
        shown = (head["shown"], *(head[f"shown_{one}_cents"] for one in ("total", "credit", "supplement")))
        if shown != wanted:
            self.expected.shown_wrong.append(f"order {order} was shown {shown}, not {wanted}")

    def _word(self, order: Order, goods: Json) -> str:
        """Return what a signer is shown of an order; of one without an invoice on the truck, nothing."""
        if goods["billing_type"] == "external" or goods["deliver_with"] == "po":
            return "none"
        if order in self.expected.credited:
            return "credit" if self.expected.credited[order][0] == "issued" else "credit_pending"
        if order in self.expected.invoiced:
            return "invoice"
        return "supplement" if order in self.expected.supplied else "none"

    def _take_empties(self, stop: Stop, leaves: list[Json]) -> None:
        """Empties stand as the last word says; more than was ever credited is credited, fewer wait for a person."""
        expected = self.expected
        more: dict[str, list[tuple[int, int, tuple[str, str]]]] = {}
        said = {(stop, leaf["owner_id"], leaf["container_class"]): leaf for leaf in leaves}
        for key in {key for key in expected.returned if key[0] == stop} | set(said):
            before, now = list(expected.returned.get(key, [])), said[key]["returned"] if key in said else 0
            if now == (before[-1] if before else 0):
                continue
            expected.returned.setdefault(key, []).append(now)
            units = now - max(before, default=0)
            if units > 0:
                more.setdefault(said[key]["creditor_id"], []).append((units, said[key]["unit_cents"], key[1:]))
        for creditor, rows in more.items():
            priced = [(units, cents, what in self._world.taxed) for units, cents, what in rows]
            expected.deposits.setdefault((stop, creditor), []).append(empties(priced, self._world.rates))

    def _take_money(self, stop: Stop, leaves: list[Json]) -> None:
        """Money that is said otherwise is another payment in place of the former one, which is taken back."""
        said = {(stop, leaf["issuer_id"], leaf["method"]): leaf["amount_cents"] for leaf in leaves}
        for key in {key for key in self._taken if key[0] == stop} | set(said):
            amount = said.get(key, 0)
            if amount != self._taken.get(key, 0):
                self._taken[key] = amount
                former = [(*row[:2], False) for row in self.expected.money.pop(key, [])]
                last = [(amount, to_five_cents(key[2], amount), True)] if amount else []
                if former or last:
                    self.expected.money[key] = former + last
