"""Stock: levels by place, adjustments, transfers between companies, movements, container accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.billing.explaining.paging import Page
from server.catalog import queries as catalog
from server.catalog.listing import names_of_formats
from server.core.acting import acting_for
from server.core.problems import Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.asked import asked_page
from server.core.web.forms import form_choice, form_id, form_ids, form_number, form_whole, form_words, required
from server.fulfilment.explaining.containers import ContainerAccount, explain_containers
from server.fulfilment.stock_levels import keepers_of, require_seller, sellers_kept, stock_levels
from server.identity.model import OrganisationKind
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.stock import queries, service
from server.stock.model import StockReason, StockTransfer, TransferLine
from server.stock.service import Adjustment, Sent
from server.stock.service.keeping import MAX_NOTE
from server.stock.service.moving import MAX_MOVED
from shared.ids import new_id

pages = Blueprint("stock", __name__, template_folder="../templates")


_ROWS = 100
_SAID = (
    StockReason.RECEIVED, StockReason.COUNTED, StockReason.BREAKAGE, StockReason.EXPIRED, StockReason.SAMPLE,
    StockReason.OTHER,
)  # fmt: skip
_OWN = "own"


@pages.get("/stock")
@requires(Permission.STOCK_KEEP)
def levels() -> str:
    """Show what there is of a seller's formats, by place, with what is reserved and left to sell."""
    with transaction(actor().org_id) as session:
        seller_id, sellers = _seller(session)
        rows: Any = []
        keepers: Any = {}
        if seller_id is not None:
            with acting_for(session, seller_id):
                rows = stock_levels(session)
            keepers = keepers_of(session, seller_id=seller_id)
        return render_template(
            "fulfilment/stock.html",
            rows=rows,
            keepers=keepers,
            sellers=sellers,
            seller_id=seller_id,
            reasons=_SAID,
            key=new_id(),
        )


@pages.post("/stock")
@requires(Permission.STOCK_KEEP)
def adjust() -> Response:
    """Adjust a format where it is kept, with the reason."""
    with transaction(actor().org_id) as session:
        seller_id = _said_seller(session)
        said = Adjustment(
            format_id=required("format_id", form_id("format_id")),
            keeper_id=_keeper("keeper_id"),
            reason=form_choice("reason", StockReason),
            quantity=_signed("quantity"),
            note=form_words("note", longest=MAX_NOTE),
            key=form_id("key"),
        )
        service.adjust(session, seller_id=seller_id, said=said, stamp=stamp())
    return redirect(f"/stock?vendeur={seller_id}", code=303)


@pages.get("/stock/mouvements")
@requires(Permission.STOCK_KEEP)
def moves() -> str:
    """List the movements of goods, the last first."""
    page = _page()
    with transaction(actor().org_id) as session:
        found = queries.moves(session, format_id=_asked_id("format"), offset=(page - 1) * _ROWS, limit=_ROWS + 1)
        names: dict[UUID, Text] = {}
        for owner_id in {one.owner_id for one in found}:
            with acting_for(session, owner_id):
                names |= names_of_formats(session, [one.format_id for one in found if one.owner_id == owner_id])
        named = {one for move in found for one in (move.owner_id, move.source_keeper_id, move.target_keeper_id) if one}
        return render_template(
            "fulfilment/moves.html",
            found=found[:_ROWS],
            more=len(found) > _ROWS,
            page=page,
            formats=names,
            orgs=parties.names(session, org_ids=named),
            zone=parties.zone_or_ours(session, org_id=actor().org_id),
        )


@pages.get("/stock/transferts")
@requires(Permission.STOCK_KEEP)
def transfers() -> str:
    """List transfers, with the form that sends one."""
    with transaction(actor().org_id) as session:
        seller_id, sellers = _seller(session)
        found = queries.transfers(session)
        rows: Any = []
        if seller_id is not None:
            with acting_for(session, seller_id):
                rows = stock_levels(session)
        return render_template(
            "fulfilment/transfers.html",
            found=found,
            formats=_names(session, found),
            orgs=parties.names(
                session,
                org_ids={
                    one for made, _ in found
                    for one in (made.owner_id, made.source_keeper_id, made.target_keeper_id) if one
                },
            ),
            rows=rows,
            keepers=keepers_of(session, seller_id=seller_id) if seller_id else {},
            sellers=sellers,
            seller_id=seller_id,
            key=new_id(),
            zone=parties.zone_or_ours(session, org_id=actor().org_id),
        )  # fmt: skip


@pages.post("/stock/transferts")
@requires(Permission.STOCK_KEEP)
def send() -> Response:
    """Send goods to another keeper."""
    with transaction(actor().org_id) as session:
        seller_id = _said_seller(session)
        amounts = {one: form_whole(f"quantity-{one}", most=MAX_MOVED) or 0 for one in form_ids("formats")}
        sent = Sent(
            source_keeper_id=_keeper("source"),
            target_keeper_id=_keeper("target"),
            quantities={one: amount for one, amount in amounts.items() if amount},
            note=form_words("note", longest=MAX_NOTE),
            key=form_id("key"),
        )
        service.send_transfer(session, seller_id=seller_id, sent=sent, stamp=stamp())
    return redirect("/stock/transferts", code=303)


@pages.post("/stock/transferts/<uuid:transfer_id>/accepter")
@requires(Permission.STOCK_KEEP)
def accept(transfer_id: UUID) -> Response:
    """Accept what arrived of a transfer."""
    formats = form_ids("formats")
    amounts = {one: form_whole(f"arrived-{one}", most=MAX_MOVED) for one in formats}
    arrived = {one: amount for one, amount in amounts.items() if amount is not None}
    with transaction(actor().org_id) as session:
        service.accept_transfer(session, transfer_id=transfer_id, arrived=arrived, stamp=stamp())
    return redirect("/stock/transferts", code=303)


@pages.post("/stock/transferts/<uuid:transfer_id>/annuler")
@requires(Permission.STOCK_KEEP)
def cancel(transfer_id: UUID) -> Response:
    """Take back a transfer that nobody accepted."""
    with transaction(actor().org_id) as session:
        service.cancel_transfer(session, transfer_id=transfer_id, stamp=stamp())
    return redirect("/stock/transferts", code=303)


@pages.get("/stock/contenants")
@requires(Permission.STOCK_KEEP)
def containers() -> str:
    """Show who holds whose containers, and what their deposits come to by today's table (C30)."""
    with transaction(actor().org_id) as session:
        zone = parties.zone_or_ours(session, org_id=actor().org_id)
        accounts = queries.container_accounts(session)
        class_ids = {class_id for _, class_id, _, _ in accounts}
        return render_template(
            "fulfilment/containers.html",
            accounts=accounts,
            classes=catalog.container_classes(session, class_ids=class_ids),
            deposits=catalog.known_prices_on(session, class_ids=class_ids, day=stamp().at.astimezone(zone).date()),
            orgs=parties.names(session, org_ids={one for row in accounts for one in (row[0], row[2])}),
        )


@pages.get("/stock/contenants/<uuid:owner_id>/<uuid:class_id>/<uuid:holder_id>")
@requires(Permission.STOCK_KEEP)
def why_containers(owner_id: UUID, class_id: UUID, holder_id: UUID) -> str:
    """Unfold what a holder's containers come to at today's deposit, to each movement of them."""
    page = Page(number=asked_page())
    account = ContainerAccount(owner_id=owner_id, class_id=class_id, holder_id=holder_id, page=page)
    with transaction(actor().org_id) as session:
        return render_template(
            "fulfilment/why_containers.html",
            explained=explain_containers(session, asked=account, stamp=stamp()),
            container=catalog.container_classes(session, class_ids=[class_id]).get(class_id),
            names=parties.names(session, org_ids=[owner_id, holder_id]),
            owner_id=owner_id,
            holder_id=holder_id,
        )


def _seller(session: Session) -> tuple[UUID | None, Any]:
    """Return whose stock the page is about, and the choice of sellers: a supplier's own, or a carrier's suppliers."""
    if actor().org_kind is OrganisationKind.SUPPLIER:
        return actor().org_id, ()
    sellers = sellers_kept(session)
    asked = _asked_id("vendeur")
    chosen = next((one.id for one in sellers if one.id == asked), sellers[0].id if sellers else None)
    return chosen, sellers


def _said_seller(session: Session) -> UUID:
    """Return the seller that a form is about, among those whose goods the caller may keep."""
    return require_seller(session, form_id("seller_id"), kind=actor().org_kind)


def _keeper(name: str) -> UUID | None:
    return None if request.form.get(name, _OWN) == _OWN else form_id(name)


def _signed(name: str) -> int:
    """Return a whole number that may be negative."""
    raw = request.form.get(name, "").strip()
    is_less = raw.startswith(("-", "−"))
    if is_less:
        return -required(name, _bare(raw[1:], name))
    form_number(name)
    return required(name, form_whole(name, most=MAX_MOVED))


def _bare(raw: str, name: str) -> int | None:
    digits = raw.strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(MAX_MOVED)):
        return int(digits)
    form_number(name)  # says that it is no number
    return None


def _names(session: Session, found: Any) -> dict[UUID, Text]:
    names: dict[UUID, Text] = {}
    rows: list[tuple[StockTransfer, list[TransferLine]]] = list(found)
    for made, lines in rows:
        with acting_for(session, made.owner_id):
            names |= names_of_formats(session, [line.format_id for line in lines])
    return names


def _asked_id(name: str) -> UUID | None:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _page() -> int:
    raw = request.args.get("page", "1")
    return min(max(int(raw), 1), 1000) if raw.isascii() and raw.isdigit() and len(raw) < len("100000") else 1
