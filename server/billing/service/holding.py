"""Holding an order while it is invoiced: its row locked for the seller, then acting as its issuer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.billing.letterhead import registered
from server.billing.model import Invoice, InvoiceOrder
from server.billing.queries import order_ids_of
from server.catalog import queries as catalog
from server.core.acting import acting_for
from server.core.memory import remembered
from server.core.problems import Conflict, Text
from server.orders.model import Order
from server.orders.service.holding import held, hold_all
from server.parties.model import BillingType
from shared.states import BillingState
from shared.wire.terms import TaxRule


class BilledOutside(Conflict):
    """The order is invoiced in the seller's own system: nothing here makes an invoice for it (R007)."""

    slug = "billed-outside"
    title = Text("Facturation externe", "Invoiced outside")


class NoIssuer(Conflict):
    """The order has no issuer yet: it was never accepted (C28)."""

    slug = "no-issuer"
    title = Text("Commande sans émetteur", "Order without issuer")


class OrderChanged(Conflict):
    """Somebody changed the order after it was read."""

    slug = "order-changed"
    title = Text("Commande modifiée entre-temps", "Order changed meanwhile")


@contextmanager
def issuing(session: Session, order: Order) -> Iterator[UUID]:
    """Hold the order until the transaction ends and act as its issuer inside the block; yields the issuer.

    Raises:
        BilledOutside: external billing.
        NoIssuer: the order was never accepted.
        OrderChanged: its lines are no longer those that were read.
    """
    revision = order.revision
    with held(session, order):
        issuer_id = _issuer_of(order)
        if order.revision != revision:
            raise OrderChanged(
                Text(
                    f"La commande {order.number} a changé. La relire, puis recommencer.",
                    f"Order {order.number} has changed. Read it again, then start over.",
                ),
                where=order.number,
            )
        with acting_for(session, issuer_id):
            yield issuer_id


def hold_credited(session: Session, invoice: Invoice) -> list[Order]:
    """Hold the orders of an invoice until the transaction ends, and return them; before what is left of it is read.

    Whatever credits an invoice holds its orders first: a void, a delivery and its correction hold them anyway, a person
    who credits items or decides of a proposal does it here. Two of them can then never give one line back twice. Orders
    come before accounts, and these before counters. An invoice without an order (deposits billed again) is held itself.

    Source: laws 8, 9; ADR 0049.
    """
    with acting_for(session, invoice.owner_id):
        order_ids = order_ids_of(session, invoice_id=invoice.id)
        if not order_ids:
            session.execute(select(Invoice.id).where(Invoice.id == invoice.id).with_for_update())
        return hold_all(session, order_ids=order_ids)


def mark_billed(session: Session, order: Order) -> None:
    """Close the order's billing: its final invoice is published (R100)."""
    if order.billing_state is not BillingState.SETTLED:
        with acting_for(session, order.owner_id):
            order.bill_to(BillingState.SETTLED)


def reopen_billing(session: Session, order: Order) -> None:
    """Open the order for one new invoice: the former one is void (C6, C27)."""
    if order.billing_state is BillingState.SETTLED:
        with acting_for(session, order.owner_id):
            order.bill_to(BillingState.UNINVOICED)


def release_orders(session: Session, invoice: Invoice) -> None:
    """Let an invoice stand for its orders no longer; the session acts for its issuer."""
    session.flush()
    session.execute(
        update(InvoiceOrder)
        .where(InvoiceOrder.invoice_id == invoice.id, InvoiceOrder.live_final)
        .values(live_final=False)
        .execution_options(synchronize_session="fetch")
    )


def rules_for(session: Session, *, order: Order, on: date) -> tuple[TaxRule, ...]:
    """Return what the order's issuer charges of the taxes that its lines bear, at the rates of a day.

    It charges those that it is registered for on that day, whoever was to bill the order when it was made. A tax that
    the order's total bears does not fall away in silence when the registration ended since: publishing refuses it. A
    total that was reckoned for a later day says nothing of this one: a registration may have begun between them.
    ``order.lines`` must be loaded.

    Source: T8, R012, C28.
    """
    numbers = registered(session, org_id=order.issuer_id or order.owner_id, on=on)
    charged = {one["code"] for one in numbers} | set(order.charged_taxes if order.priced_on <= on else ())
    asked = frozenset(code for line in order.lines for code in line.tax_codes if code in charged), on
    rules = remembered(session, "tax rules")
    if asked not in rules:
        rules[asked] = catalog.tax_rules(session, codes=set(asked[0]), on=on)
    found: tuple[TaxRule, ...] = rules[asked]
    return found


def _issuer_of(order: Order) -> UUID:
    if order.billing_type is BillingType.EXTERNAL:
        raise BilledOutside(
            Text(
                f"La commande {order.number} est facturée à l’externe. La facturer dans le système du vendeur.",
                f"Order {order.number} is invoiced outside. Invoice it in the seller’s own system.",
            ),
            where=order.number,
        )
    if order.issuer_id is None:
        raise NoIssuer(
            Text(
                f"La commande {order.number} n’a pas d’émetteur. L’accepter d’abord.",
                f"Order {order.number} has no issuer. Accept it first.",
            ),
            where=order.number,
        )
    return order.issuer_id
