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
from server.rehearsal.oracle_money import Bill, Json, accepted, bill, can_bear, credit, left_of, total
from server.rehearsal.oracle_ordered import Change, Ordered
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
)
from server.rehearsal.oracle_shown import shown_in, shown_of, word_of
from server.rehearsal.oracle_taken import take_empties, take_money

_CENTS_A_LINE = 4
"""By how much a further correction may round a line: its net, its deposit and two taxes."""
_AT_THE_OFFICE: Batch = ("office", 0)
"""No batch: what a person does has its number at once."""


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
        self._unbilled: set[Order] = set()
        self._kept: dict[Order, dict[str, int]] = {}
        self._mixed: set[Order] = set()
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
        self._revise(order, Standing("", standing.terms_hash, kept, outcome_of(kept)), _AT_THE_OFFICE)

    def change(self, order: Order, change: Change) -> None:
        """Let a seller change an order: who delivers struck lines by older terms is paid for them all the same."""
        ordered = self.asked.ordered
        self.expected.struck.setdefault(order, set()).update(change.struck)
        ordered[order] = (ordered.get(order) or Ordered.cited(*self._world.at_dawn[order])).changed(change)

    def void(self, order: Order) -> None:
        """Let a person void the invoice of an order that was not delivered: it was for everything, at dawn's terms."""
        goods, prices = self._world.at_dawn[order]
        self.expected.voided[order] = total(
            bill(goods, prices, {one["line_id"]: one["quantity"] for one in goods["lines"]})
        )

    def decide_credit(self, order: Order, *, approves: bool) -> None:
        """Let the issuer approve what was proposed, or refuse it: what is short stays billed until it is moved."""
        if approves:
            self.expected.approved.add(order)
        else:
            self._kept[order] = {line["line_id"]: line["ordered"] for line in self._standing[order].lines}
        if order in self.expected.credited:
            _, amount = self.expected.credited[order]
            self.expected.credited[order] = ("issued" if approves else "refused", amount)

    def bill_by_hand(self, order: Order) -> None:
        """Let a person bill what nobody bills by itself: what was signed last, by the terms that its signer saw."""
        standing, expected = self._standing[order], self.expected
        self._first[order] = First(standing.terms_hash, standing.lines, _AT_THE_OFFICE, as_delivered=True)
        self._unbilled.discard(order)
        goods, prices = self._world.terms[order, standing.terms_hash]
        billed = accepted(goods, prices, {line["line_id"]: line["delivered"] for line in standing.lines})
        if order in expected.left:
            expected.left[order] = total(billed)
        else:
            self._bill("invoiced", order, billed)

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
            take_empties(self.expected, self._world, stop, [leaf for leaf in leaves if leaf["kind"] == "containers"])
            take_money(self.expected, self._taken, stop, [leaf for leaf in leaves if leaf["kind"] == "collection"])

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
        self.asked.about_struck_lines(order, lines, self.expected.struck.get(order, set()))
        if order in self.expected.voided and prices["invoice_standing"] == "published":
            self._leave_unbilled(order)
        else:
            self.asked.about_change(order, (goods, prices), lines)

    def _leave_unbilled(self, order: Order) -> None:
        """Signed under an invoice that was voided since: no amount moves, and a person decides (C6)."""
        self._unbilled.add(order)
        for kind in (self.expected.invoiced, self.expected.credited):
            kind.pop(order, None)
        self.asked.about_void(order, len(self.expected.delivered[order]))

    def _correct(self, visit: str, head: Json, lines: list[Json], batch: Batch) -> None:
        """A driver says anew what was delivered. What came in one batch with it has no number: billed as corrected."""
        order = head["order_id"]
        if said_of(self._standing[order].lines) == said_of(lines):
            return
        self._revise(order, Standing(visit, head["terms_hash"], lines, head["outcome"]), batch)
        wanted = shown_of(*self._world.terms[order, head["terms_hash"]], lines)
        if (shown := shown_in(head)) != wanted:
            self.expected.shown_wrong.append(f"order {order} was shown {shown} anew, not {wanted}")

    def _revise(self, order: Order, now: Standing, batch: Batch) -> None:
        """Add a revision, and let what was billed come to what the last word says."""
        stood, lines, first = self._standing[order], now.lines, self._first[order]
        before = stood.lines
        is_unnumbered = first.batch == batch
        goods, prices = self._world.terms[order, now.terms_hash]
        is_further = len(self.expected.delivered[order]) > 1
        self.expected.delivered[order].append(counts(lines))
        self.expected.outcomes[order].append(now.outcome)
        self._standing[order] = now
        struck, revision = self.expected.struck.get(order, set()), len(self.expected.delivered[order])
        self.asked.about_struck_lines(order, lines, struck, revision=revision, before=before)
        if any(line["delivered"] or line["extra"] for line in lines):
            self.expected.reopened.discard(order)
        self._supply(order, goods, prices, lines)
        is_voided = order in self._unbilled and any(line["delivered"] for line in before)
        is_known = stood.terms_hash == now.terms_hash and any(line["delivered"] or line["extra"] for line in before)
        if not is_voided and not is_known:
            self.asked.about_change(order, (goods, prices), lines)
        if goods["billing_type"] == "external":
            self._notice(order, lines)
            return
        if order in self._unbilled:
            self._bill_unbilled(order, before, now, batch)
            return
        state, _ = self.expected.credited.pop(order, ("", 0))
        self.expected.invoiced.pop(order, None)
        is_void = state == "issued" and not any(line["delivered"] for line in before)
        is_anew = is_unnumbered if prices["invoice_standing"] != "published" else is_void
        if is_anew and not is_further:
            terms_hash, said = (now.terms_hash, lines) if is_unnumbered else (first.terms_hash, first.lines)
            self._first[order] = First(terms_hash, said, first.batch, is_void, first.as_delivered)
        self.expected.left[order] = left_of(
            goods,
            prices,
            first.lines,
            self._as_decided(order, before, lines),
            is_anew=is_anew or first.was_void,
            agreed_first=self._agreed(order, first),
        )
        self._expect_signed(order, before, now)
        if is_further:
            loose = self.expected.loose
            loose[order] = loose.get(order, 0) + _CENTS_A_LINE * len(lines)

    def _expect_signed(self, order: Order, before: list[Json], now: Standing) -> None:
        """The books come to what was signed, but where people or other terms came between."""
        goods, prices = self._world.terms[order, now.terms_hash]
        self.expected.bearing.discard(order)
        if can_bear(prices, before, now.lines):
            self.expected.bearing.add(order)
        self._mixed |= {order} if now.terms_hash != self._first[order].terms_hash or order in self._kept else set()
        if order in self._mixed:
            self.expected.signed.pop(order, None)
        else:
            units = {line["line_id"]: line["delivered"] for line in now.lines}
            self.expected.signed[order] = total(accepted(goods, prices, units))

    def _as_decided(self, order: Order, before: list[Json], lines: list[Json]) -> list[Json]:
        """Return what counts of each line: where a person refused to credit it, what is billed until it is moved."""
        if order not in self._kept:
            return lines
        kept, stood = self._kept[order], {line["line_id"]: line["delivered"] for line in before}
        kept |= {one["line_id"]: one["delivered"] for one in lines if stood.get(one["line_id"]) != one["delivered"]}
        return [{**line, "delivered": kept[line["line_id"]]} for line in lines]

    def _agreed(self, order: Order, first: First) -> tuple[Json, Json]:
        goods, prices = self._world.terms[order, first.terms_hash]
        return goods, {**prices, "invoice_standing": "none"} if first.as_delivered else prices

    def _bill_unbilled(self, order: Order, before: list[Json], now: Standing, batch: Batch) -> None:
        """What a person voided stays void, but where nobody had accepted anything: that is billed as corrected."""
        self.expected.left[order] = 0
        if any(line["delivered"] for line in before):
            self.asked.about_void(order, len(self.expected.delivered[order]))
        elif any(line["delivered"] for line in now.lines):
            goods, prices = self._world.terms[order, now.terms_hash]
            billed = accepted(goods, prices, {line["line_id"]: line["delivered"] for line in now.lines})
            self.expected.left[order] = total(billed)
            self._first[order] = First(now.terms_hash, now.lines, batch, as_delivered=True)
            self._unbilled.discard(order)

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
        order, word = head["order_id"], word_of(self.expected, head["order_id"], goods)
        invoiced, supplied = (kind.get(order, 0) for kind in (self.expected.invoiced, self.expected.supplied))
        wanted = (
            word,
            0 if word in {"none", "supplement"} else invoiced,
            self.expected.credited[order][1] if word == "credit" else 0,
            0 if word == "none" else supplied,
        )
        if (shown := shown_in(head)) != wanted:
            self.expected.shown_wrong.append(f"order {order} was shown {shown}, not {wanted}")
