"""Making and changing an order in the browser, with totals that the server computes while people type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.billing.service import publish_pending
from server.catalog import queries as catalog
from server.catalog.service import TAX_CODES
from server.core import clock
from server.core.problems import BadRequest, Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_day, form_id
from server.fulfilment import partners
from server.fulfilment.api.access import require_whole
from server.fulfilment.api.showing import require_relief_right, require_terms_right
from server.fulfilment.pages import order_reading as reading
from server.fulfilment.service.orders import accept_order, choose_billing, revise_order, submit_order
from server.fulfilment.service.quoting import Quote, quote_new, quote_revised
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Permission
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.model import Order
from server.parties import queries as parties
from server.parties.model import BillingType
from server.parties.terms import ChosenTerms
from shared.ids import new_id
from shared.states import OrderState

order_forms = Blueprint("order_forms", __name__)


@order_forms.get("/commandes/nouvelle")
@requires(Permission.ORDER_CREATE)
def new() -> str | Response:
    """Show the form of a new order: who with first, then what. A driver drafts at the stops of its runs instead."""
    if _drafts_off_truck():
        return redirect("/tournees", code=303)
    with transaction(actor().org_id) as session:
        return _new_form(session, _again(session))


@order_forms.post("/commandes/nouvelle")
@requires(Permission.ORDER_CREATE)
def create() -> Response | tuple[str, int]:
    """Make the order and submit it, or keep it as a draft; what is refused is shown with everything that was typed."""
    made = _attempt(_create)
    if isinstance(made, Problem) and _drafts_off_truck():
        raise made
    if isinstance(made, Problem):
        with transaction(actor().org_id) as session:
            return _new_form(session, reading.typed(request.form), problem=made), made.status
    return redirect(f"/commandes/{made}", code=303)


@order_forms.post("/commandes/nouvelle/total")
@requires(Permission.ORDER_CREATE)
def new_total() -> str:
    """Show what the order would come to, as it is typed so far."""
    return _totals(_attempt(lambda session: quote_new(session, stamp=stamp(), **_wanted(session))))


@order_forms.get("/commandes/<uuid:order_id>/modifier")
@requires(Permission.ORDER_EDIT)
def edit(order_id: UUID) -> str:
    """Show an order to be changed, line by line."""
    with transaction(actor().org_id) as session:
        order = orders_read.order(session, order_id=order_id)
        require_whole(Permission.ORDER_EDIT)
        return _edit_form(session, order, {})


@order_forms.post("/commandes/<uuid:order_id>/modifier")
@requires(Permission.ORDER_EDIT)
def save(order_id: UUID) -> Response | tuple[str, int]:
    """Save the changes, and accept the order for its day if asked for; what is refused is shown as it was typed."""
    done = _attempt(lambda session: _save(session, order_id))
    if isinstance(done, Problem):
        with transaction(actor().org_id) as session:
            order = orders_read.order(session, order_id=order_id)
            return _edit_form(session, order, reading.typed(request.form), problem=done), done.status
    return redirect(f"/commandes/{order_id}", code=303)


@order_forms.post("/commandes/<uuid:order_id>/modifier/total")
@requires(Permission.ORDER_EDIT)
def edited_total(order_id: UUID) -> str:
    """Show what the order would come to with the changes so far."""
    return _totals(_attempt(lambda session: _quote(session, order_id)))


def _attempt[T](act: Callable[[Session], T]) -> T | Problem:
    """Do it in a transaction of its own; a refusal of ours is returned, to be shown beside the form."""
    try:
        with transaction(actor().org_id) as session:
            return act(session)
    except Problem as problem:
        return problem


def _create(session: Session) -> UUID:
    now = stamp()
    order = orders.create_order(session, stamp=now, key=form_id("key"), **_wanted(session))
    if request.form.get("then") != "draft" and order.state is OrderState.DRAFT:  # sent again, it is submitted already
        submit_order(session, order=order, stamp=now)
        publish_pending(session, stamp=now)
    return order.id


def _save(session: Session, order_id: UUID) -> None:
    now = stamp()
    order = orders_read.order(session, order_id=order_id)
    require_whole(Permission.ORDER_EDIT)
    revise_order(session, order=order, stamp=now, **reading.edited(request.form, list(order.lines)))
    billing_type, one_invoice_a_stop = chosen_billing()
    if billing_type is not None:
        choose_billing(
            session, order=order, billing_type=billing_type, one_invoice_a_stop=one_invoice_a_stop, stamp=now
        )
    if request.form.get("then") == "accept":
        accept_order(session, order=order, wanted_on=form_day("wanted_on"), stamp=now)
        publish_pending(session, stamp=now)


def _quote(session: Session, order_id: UUID) -> Quote:
    order = orders_read.order(session, order_id=order_id)
    require_whole(Permission.ORDER_EDIT)
    content = reading.edited(request.form, list(order.lines))
    return quote_revised(session, order=order, stamp=stamp(), **content)


def _wanted(session: Session) -> dict[str, Any]:
    form, who = request.form, actor()
    seller_id, buyer_id = (_named(form.get(name), name) for name in ("seller_id", "buyer_id"))
    way = reading.way_of(form, seller_id=seller_id)
    require_relief_right(taxed="taxed" in form, with_deposits="with_deposits" in form)
    billing_type, one_invoice_a_stop = chosen_billing()
    partners.places(session, seller_id=seller_id, buyer_id=buyer_id)
    require_whole(Permission.ORDER_CREATE)
    return {
        "parties_of": orders.OrderParties(
            seller_id=seller_id,
            buyer_id=buyer_id,
            site_id=_named(form.get("site_id"), "site_id"),
            carrier_id=way.carrier_id,
            agent_id=who.org_id if who.org_kind is OrganisationKind.AGENT else None,
        ),
        "chosen": ChosenTerms(billing_type=billing_type, one_invoice_a_stop=one_invoice_a_stop),
        "distribution": way.distribution,
        "items": reading.new_items(form),
        "wanted_on": form_day("wanted_on"),
        "maker_name": f"{who.display_name}, {who.org_name}",
        **reading.header(form),
    }


def chosen_billing() -> tuple[BillingType | None, bool | None]:
    """Return how the form says that its order is billed, from a caller whose role may say so.

    Raises:
        Forbidden: it may not.
        BadOrder: the form names something else.
    """
    billing_type, one_invoice_a_stop = reading.billing_of(request.form)
    require_terms_right({"billing_type": billing_type, "one_invoice_a_stop": one_invoice_a_stop})
    return billing_type, one_invoice_a_stop


def _drafts_off_truck() -> bool:
    return actor().only(Role.DRIVER, permission=Permission.ORDER_CREATE)


def _named(raw: str | None, where: str) -> UUID:
    found = reading.asked_uuid(raw)
    if found is None:
        raise BadRequest(Text("Choisir dans la liste.", "Choose from the list."), where=where)
    return found


def _new_form(session: Session, shown: dict[str, str], *, problem: Problem | None = None) -> str:
    sellers = partners.sellers(session)
    seller_id = reading.asked_uuid(shown.get("seller_id")) or (sellers[0].id if len(sellers) == 1 else None)
    buyers = partners.buyers(session, seller_id=seller_id) if seller_id else []
    buyer_id = reading.asked_uuid(shown.get("buyer_id")) or (buyers[0].id if len(buyers) == 1 else None)
    if seller_id is None or buyer_id is None:
        return render_template(
            "fulfilment/order_whom.html", sellers=sellers, buyers=buyers, seller_id=seller_id, problem=problem
        )
    return render_template(
        "fulfilment/order_new.html",
        seller=next((one for one in sellers if one.id == seller_id), None),
        buyer=next((one for one in buyers if one.id == buyer_id), None),
        may_change=len(sellers) > 1 or len(buyers) > 1,
        places=partners.places(session, seller_id=seller_id, buyer_id=buyer_id),
        carriers=partners.carriers(session, seller_id=seller_id),
        offered=partners.on_offer(session, seller_id=seller_id, buyer_id=buyer_id, on=_today(session, seller_id)),
        shown=shown,
        problem=problem,
        key=reading.asked_uuid(shown.get("key")) or new_id(),
        today=_today(session, seller_id),
    )


def _edit_form(session: Session, order: Order, shown: dict[str, str], *, problem: Problem | None = None) -> str:
    today = _today(session, order.owner_id)
    return render_template(
        "fulfilment/order_edit.html",
        order=order,
        rebates=orders.rebates_of(order),
        rules=catalog.tax_rules(session, codes=TAX_CODES, on=today),
        offered=partners.on_offer(session, seller_id=order.owner_id, buyer_id=order.buyer_id, on=today),
        buyer_name=parties.names(session, org_ids=[order.buyer_id]).get(order.buyer_id, ""),
        extra_rows=reading.EXTRA_ROWS,
        is_seller_side=orders.is_seller_side(session, order),
        fixed=orders.why_fixed(order),
        shown=shown,
        problem=problem,
        today=today,
    )


def _again(session: Session) -> dict[str, str]:
    """Return what the form begins with: the address's choices, or an earlier order's lines to order again."""
    chosen = {"seller_id": request.args.get("vendeur", ""), "buyer_id": request.args.get("client", "")}
    chosen |= {"taxed": "1", "with_deposits": "1"}
    order_id = reading.asked_uuid(request.args.get("comme"))
    if order_id is None:
        return chosen
    order = orders_read.order(session, order_id=order_id)
    quantities = {f"n-{line.format_id}": str(line.quantity) for line in order.lines if line.format_id}
    chosen |= {"seller_id": str(order.owner_id), "buyer_id": str(order.buyer_id), "site_id": str(order.site_id)}
    return chosen | quantities


def _totals(found: Quote | Problem) -> str:
    is_refused = isinstance(found, Problem)
    return render_template(
        "fulfilment/order_totals.html",
        quote=None if is_refused else found,
        problem=found if is_refused else None,
    )


def _today(session: Session, seller_id: UUID) -> date:
    return clock.now().astimezone(parties.zone_of(session, org_id=seller_id)).date()
