"""What the doors of orders share: reading what is asked, deciding, and showing the order as it stands then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.service import publish_pending
from server.conversations.model import Message
from server.core.problems import Forbidden, Text
from server.core.transaction import transaction
from server.core.web import actor, stamp
from server.fulfilment import queries
from server.fulfilment.api.access import driver_limit, require_whole
from server.fulfilment.service.off_truck import not_off_truck, require_off_truck
from server.identity.model import Role
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders import service as plain
from server.orders.listing import ListedOrder, Today
from server.orders.model import DistributionMethod, Order
from server.orders.presenting import parties_of, present_detail
from server.parties import queries as parties
from server.parties.model import DeliverWith
from server.parties.terms import ChosenTerms

_TERMS: Final = ("billing_type", "emission", "deliver_with", "one_invoice_a_stop")


def decide(order_id: UUID, verb: Callable[..., Any], permission: Permission, **options: Any) -> dict[str, Any]:
    """Let a verb act on an order whole, number what it publishes, and return the order as it stands then."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_whole(permission)
        verb(session, order=order, stamp=stamp(), **options)
        publish_pending(session, stamp=stamp())
        return shown(session, order_id)


def shown(session: Session, order_id: UUID) -> dict[str, Any]:
    """Return an order with its lines, as its caller may see it."""
    found = listed(session, order_id)
    names = parties.names(session, org_ids=parties_of((found.order,)))
    return present_detail(found, names=names, with_prices=shows_prices(found.order))


def listed(session: Session, order_id: UUID) -> ListedOrder:
    """Return an order of the caller, a driver's own runs' alone.

    Raises:
        NotFound: there is none for the caller.
    """
    return queries.listed_order(session, order_id=order_id, today=today(session), driver_id=driver_limit())


def today(session: Session) -> Today:
    """Return the caller's business day."""
    return Today.of(stamp().at, parties.zone_or_ours(session, org_id=actor().org_id))


def shows_prices(order: Order) -> bool:
    """Say whether the caller sees prices: a driver does when an invoice rides along (C29)."""
    return driver_limit() is None or order.deliver_with is DeliverWith.INVOICE


def speaker() -> str:
    """Return who speaks, as the other parties read it."""
    return f"{actor().display_name}, {actor().org_name}"


def new_order(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what ``create_order`` takes."""
    require_relief_right(taxed=asked["taxed"], with_deposits=asked["with_deposits"])
    named = ("seller_id", "buyer_id", "site_id", "carrier_id", "agent_id")
    return content(asked) | {
        "parties_of": plain.OrderParties(**{name: asked[name] for name in named}),
        "chosen": ChosenTerms(**{name: asked[name] for name in _TERMS}),
        "distribution": asked["distribution"],
        "planned_on": asked["planned_on"],
        "wanted_on": asked["wanted_on"],
        "note": asked["note"],
        "maker_name": speaker(),
    }


def require_drafter(session: Session, wanted: dict[str, Any]) -> None:
    """Hold a driver to drafts off its own truck, at the seller's prices and on its usual terms.

    Raises:
        NotOffTruck: what is wanted is not of its run, or has prices, terms or a way of its own.
    """
    if not actor().only(Role.DRIVER, permission=Permission.ORDER_CREATE):
        return
    for name in ("rebates", "document_discount_cents"):
        if wanted[name]:
            raise not_off_truck(name)
    if wanted["chosen"] != ChosenTerms():
        raise not_off_truck("billing_type")
    if wanted["distribution"] is not DistributionMethod.DISTRIBUTOR:
        raise not_off_truck("distribution")
    require_off_truck(session, driver_id=actor().user_id, named=wanted["parties_of"], items=wanted["items"])


def require_terms_right(asked: Mapping[str, Any]) -> None:
    """Refuse terms chosen for one order by a role that does not choose them; organisations are the service's to hold.

    Raises:
        Forbidden: the caller's role neither sets billing nor chooses the paper that goes along.

    Source: section 3 (set billing type: no dispatcher, no retailer; an accountant, terms of payment alone), R012, R013.
    """
    chosen = [name for name in _TERMS if asked.get(name) is not None]
    may_bill = actor().may(Permission.TERMS_SET) and not actor().only(Role.ACCOUNTANT, permission=Permission.TERMS_SET)
    may_paper = actor().may(Permission.DELIVER_WITH_CHOOSE)
    beyond = [name for name in chosen if not (may_paper if name == "deliver_with" else may_bill)]
    if beyond:
        raise Forbidden(
            Text(
                "Votre rôle ne choisit ni la facturation ni le document de livraison de cette commande. "
                "Laisser ce champ vide, ou demander au vendeur.",
                "Your role chooses neither how this order is billed nor the paper that goes along. "
                "Leave this field out, or ask the seller.",
            ),
            where=beyond[0],
        )


def require_relief_right(*, taxed: bool, with_deposits: bool) -> None:
    """Refuse an order without taxes or deposits from a role that may not take them off (C22).

    Raises:
        Forbidden: the caller's role leaves both on.
    """
    if not (taxed and with_deposits) and not actor().may(Permission.ORDER_RELIEVE):
        raise Forbidden(
            Text(
                "Votre rôle ne retire ni taxes ni consignes. Demandez à un responsable.",
                "Your role removes neither taxes nor deposits. Ask somebody in charge.",
            ),
            where="taxed",
        )


def content(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what an order's content is made from."""
    same = ("document_discount_cents", "taxed", "with_deposits")
    return {
        "items": [_item(**item) for item in asked["items"]],
        "rebates": [plain.Rebate(**rebate) for rebate in asked["rebates"]],
        **{name: asked[name] for name in same},
    }


def revision(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what ``revise_order`` takes."""
    return content(asked) | {"note": asked["note"], "seen_revision": asked["revision"]}


def present_message(one: Message) -> dict[str, Any]:
    """Return what somebody said."""
    return {
        "id": one.id,
        "author_name": one.author_name,
        "text": {"fr": one.text_fr, "en": one.text_en},
        "said_at": one.said_at,
    }


def _item(*, unit_price: str | None, **item: Any) -> plain.OrderItem:
    return plain.OrderItem(unit_price=None if unit_price is None else Decimal(unit_price), **item)
