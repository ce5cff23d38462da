"""Planted mistakes of the books: documents stand as they should, and what follows from them does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import server.billing.service.application
import server.billing.service.corrections
import server.billing.service.credits
import server.fulfilment.service.overages
import server.fulfilment.service.stock_effects
import server.fulfilment.service.taken
import server.ledger.entries
import server.ledger.service
from server.ledger.entries import Side
from server.ledger.model import Account
from server.rehearsal.office import Office
from server.rehearsal.patches import Patch
from server.rehearsal.planting import Plant, nothing
from server.stock.model import StockPlace


def _cent_off(_: Office) -> Iterator[Patch]:
    """The journal has a customer owe a cent more than its invoice says; the entry balances."""
    sides = server.ledger.entries.invoice_sides

    def a_cent_more(billed: Any) -> Any:
        return sides(replace(billed, net_cents=billed.net_cents + 1))

    yield Patch(server.ledger.service, "invoice_sides", a_cent_more)


def _taxes_earned(_: Office) -> Iterator[Patch]:
    """The taxes of an invoice are posted to its issuer's revenue; the entry balances, and the customer owes as much."""
    sides = server.ledger.entries.invoice_sides

    def earned(side: Side) -> Side:
        return replace(side, account=Account.REVENUE, detail="") if side.account is Account.TAX else side

    def all_revenue(billed: Any) -> tuple[Side, ...]:
        return tuple(map(earned, sides(billed)))

    yield Patch(server.ledger.service, "invoice_sides", all_revenue)


def _fee_kept(_: Office) -> Iterator[Patch]:
    """A billing agent keeps its fee of what it credits."""
    yield Patch(server.billing.service.credits, "fee_part_cents", lambda *_: 0)


def _money_unposted(_: Office) -> Iterator[Patch]:
    """Money of a truck is a payment, and nowhere in the journal."""
    yield Patch(server.ledger.service, "post_payment", nothing)


def _money_stands(_: Office) -> Iterator[Patch]:
    """Money that is said otherwise is another payment, beside the former one."""
    yield Patch(server.fulfilment.service.taken, "_take_back", nothing)


def _credit_stands(_: Office) -> Iterator[Patch]:
    """A payment that is taken back has failed, and its money stays the customer's credit."""
    yield Patch(server.ledger.service, "post_failed_payment", nothing)


def _strangers_credit(_: Office) -> Iterator[Patch]:
    """What is left of a credit goes to the issuer's next invoice, whoever is to pay it."""
    application: Any = server.billing.service.application

    def apply_to_anyone(session: Any, invoices: Sequence[Any], waiting: Sequence[Any], stamp: Any) -> None:
        still = {one.id: one.total_cents for one in invoices}
        for note, held_cents in waiting:
            left_cents = held_cents
            for invoice in invoices:
                amount_cents = min(left_cents, still[invoice.id])
                left_cents -= amount_cents
                still[invoice.id] -= amount_cents
                readers, on = application.readers_of(note, invoice), application.issue_day(invoice)
                application._apply(session, note, invoice.id, amount_cents, readers=readers, on=on, stamp=stamp)

    yield Patch(application, "_apply_waiting", apply_to_anyone)


def _overage_stands(_: Office) -> Iterator[Patch]:
    """The order of a corrected overage is withdrawn, and its invoice stays."""
    yield Patch(server.fulfilment.service.overages, "void_supplement", nothing)


def _unapproved(_: Office) -> Iterator[Patch]:
    """What a correction credits needs nobody's approval, however much it is."""
    yield Patch(server.billing.service.corrections, "_is_above_threshold", lambda *_: False)


def _overage_kept(_: Office) -> Iterator[Patch]:
    """What was accepted beyond an order is billed, and its goods stay on the truck."""
    stock: Any = server.fulfilment.service.stock_effects
    moves = stock._moves

    def as_ordered(one: Any, line: Any) -> Iterator[Any]:
        for move in moves(one, line):
            if move.target is not StockPlace.CUSTOMER:
                yield move
            elif one.delivered:
                yield replace(move, quantity=one.delivered)

    yield Patch(stock, "_moves", as_ordered)


def _empties_backwards(_: Office) -> Iterator[Patch]:
    """More empties than were counted before go to the customer, fewer come from it."""
    taken: Any = server.fulfilment.service.taken
    move = taken.move_empties

    def the_other_way(session: Any, one: Any, *, quantity: int, **more: Any) -> None:
        move(session, one, quantity=-quantity, **more)

    yield Patch(taken, "move_empties", the_other_way)


BOOKS: Final[Mapping[str, Plant]] = {
    "cent-off": _cent_off,
    "taxes-earned": _taxes_earned,
    "fee-kept": _fee_kept,
    "money-unposted": _money_unposted,
    "money-stands": _money_stands,
    "credit-stands": _credit_stands,
    "strangers-credit": _strangers_credit,
    "overage-stands": _overage_stands,
    "unapproved": _unapproved,
    "overage-kept": _overage_kept,
    "empties-backwards": _empties_backwards,
}
