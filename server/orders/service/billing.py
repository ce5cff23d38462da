"""Choosing how an order is billed, before and beside its acceptance, until an invoice stands (R012)."""

from __future__ import annotations

from typing import ClassVar, Final

from sqlalchemy.orm import Session

from server.core import facts
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import Order
from server.orders.service.deciding import chosen_terms, settle_terms
from server.orders.service.differences import in_one
from server.orders.service.holding import held, require_seen, require_seller_side
from server.orders.service.timeline import enter
from server.parties.model import BillingType
from shared.states import BillingState, OrderState

_FREE: Final = (OrderState.DRAFT, OrderState.PENDING, OrderState.ACCEPTED)
_SAID: Final = {
    BillingType.PLATFORM: Text("facturée sur la plateforme", "billed on the platform"),
    BillingType.EXTERNAL: Text("facturée dans un autre système", "billed in another system"),
    BillingType.AGENT: Text("facturée par l’agent facturant", "billed by the billing agent"),
}


class BillingFixed(Problem):
    """How an order is billed is chosen until an invoice stands for it, or it rides on a run."""

    slug = "billing-fixed"
    status: ClassVar[int] = 409
    title = Text("Facturation fixée", "Billing is fixed")


def choose_billing(
    session: Session,
    *,
    order: Order,
    billing_type: BillingType,
    one_invoice_a_stop: bool | None,
    stamp: Stamp,
    seen_revision: int | None = None,
) -> Order:
    """Choose how an order is billed; what depends on it (paper, issuer, taxes) follows. ``order.lines`` must be loaded.

    Choosing what it has already changes nothing. The parties read the choice in the timeline, and what they read of
    the order is stale then. With ``seen_revision`` the order must still be as the caller read it.

    Raises:
        StaleOrder: it was changed since.
        Forbidden: the buyer acts, or a carrier that does not bill for the seller.
        BillingFixed: an invoice stands, the order rides on a run or is over.
        NoBillingAgent: agent billing without an agent in the agreement.
        OneInvoiceNeedsAgent: one invoice a stop without agent billing.
        BadOrder: a rebate is above the lines of its taxation, as that issuer charges them.

    Source: R001, R012, C15, C28.
    """
    require_seller_side(session, order)
    with held(session, order):
        require_seen(session, order, seen_revision)
        wanted = (billing_type, order.one_invoice_a_stop if one_invoice_a_stop is None else one_invoice_a_stop)
        if wanted == (order.billing_type, order.one_invoice_a_stop):
            return order
        if refusal := why_fixed(order):
            raise BillingFixed(refusal, where=order.number)
        chosen = chosen_terms(order, billing_type, one_invoice_a_stop=one_invoice_a_stop)
        settle_terms(session, order, chosen, stamp, is_final=order.state is OrderState.ACCEPTED)
        order.revision += 1
        head = Text(f"Commande modifiée (révision {order.revision}).", f"Order changed (revision {order.revision}).")
        enter(session, order, "revised", in_one(head, [_SAID[order.billing_type]]), stamp)
        facts.record(session, events.ORDER_REVISED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def why_fixed(order: Order) -> Text | None:
    """Return why the billing of an order is not chosen any more, and what to do; None while it is (R012)."""
    if order.billing_state is not BillingState.UNINVOICED:
        return Text(
            "Une facture existe pour cette commande\u00a0: sa facturation ne se choisit plus. "
            "Annuler la facture d’abord.",
            "An invoice stands for this order: its billing is not chosen any more. Void the invoice first.",
        )
    if order.state is OrderState.PLANNED:
        return Text(
            "La commande est sur une tournée, dont les documents suivent sa facturation. L’en retirer d’abord.",
            "The order rides on a run, whose papers follow its billing. Take it off the run first.",
        )
    if order.state not in _FREE:
        return Text(
            "La commande est partie ou close\u00a0: sa facturation ne se choisit plus. Passer par un crédit.",
            "The order has left or is over: its billing is not chosen any more. Use a credit.",
        )
    return None
