"""Stock over JSON: levels, adjustments, movements, transfers between keepers, container accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.billing.explaining import Explanation
from server.billing.explaining.paging import Page
from server.billing.schemas import ExplanationSchema, WhyQuerySchema
from server.catalog import queries as catalog
from server.core.acting import acting_for
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.fulfilment.explaining.containers import ContainerAccount, explain_containers
from server.fulfilment.stock_levels import Level, require_seller, stock_levels
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.stock import queries, schemas, service
from server.stock.model import StockMove, StockTransfer, TransferLine

stock = Blueprint("stock_api", __name__, url_prefix="/stock", description="Stock, movements and transfers")


@stock.route("", methods=["GET"])
@requires(Permission.STOCK_KEEP)
@stock.arguments(schemas.StockQuery, location="query")
@stock.response(200, schemas.LevelSchema(many=True))
def levels(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Read what there is of a seller's formats, by keeper, with what is reserved and left to sell"""
    with transaction(actor().org_id) as session:
        seller_id = require_seller(session, asked["seller_id"], kind=actor().org_kind)
        with acting_for(session, seller_id):
            return [_level(one) for one in stock_levels(session)]


@stock.route("/adjustments", methods=["POST"])
@requires(Permission.STOCK_KEEP)
@stock.arguments(schemas.AdjustmentSchema)
@stock.response(200, schemas.AdjustedSchema)
def adjust(asked: dict[str, Any]) -> dict[str, Any]:
    """Adjust a format where it is kept, with the reason"""
    with transaction(actor().org_id) as session:
        seller_id = require_seller(session, asked.pop("seller_id"), kind=actor().org_kind)
        change = service.adjust(session, seller_id=seller_id, said=service.Adjustment(**asked), stamp=stamp())
        with acting_for(session, seller_id):
            session.flush()
            return {"change": change, "level": _level(stock_levels(session, format_ids=[asked["format_id"]])[0])}


@stock.route("/moves", methods=["GET"])
@requires(Permission.STOCK_KEEP)
@stock.arguments(schemas.MovesQuery, location="query")
@stock.response(200, schemas.MoveSchema(many=True))
def moves(asked: dict[str, Any]) -> Sequence[StockMove]:
    """List the movements of goods, the last first"""
    with transaction(actor().org_id) as session:
        return queries.moves(session, **asked)


@stock.route("/transfers", methods=["GET"])
@requires(Permission.STOCK_KEEP)
@stock.arguments(schemas.TransfersQuery, location="query")
@stock.response(200, schemas.TransferSchema(many=True))
def list_transfers(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """List transfers, the last first"""
    with transaction(actor().org_id) as session:
        return [_transfer(made, lines) for made, lines in queries.transfers(session, **asked)]


@stock.route("/transfers", methods=["POST"])
@requires(Permission.STOCK_KEEP)
@stock.arguments(schemas.NewTransferSchema)
@stock.response(201, schemas.TransferSchema)
def send(asked: dict[str, Any]) -> dict[str, Any]:
    """Send goods to another keeper; they are nobody's to sell until accepted"""
    with transaction(actor().org_id) as session:
        seller_id = require_seller(session, asked.pop("seller_id"), kind=actor().org_kind)
        sent = service.Sent(quantities=_by_format(asked.pop("lines")), **asked)
        made = service.send_transfer(session, seller_id=seller_id, sent=sent, stamp=stamp())
        return _shown(session, made.id)


@stock.route("/transfers/<uuid:transfer_id>", methods=["GET"])
@requires(Permission.STOCK_KEEP)
@stock.response(200, schemas.TransferSchema)
def read_transfer(transfer_id: UUID) -> dict[str, Any]:
    """Read a transfer"""
    with transaction(actor().org_id) as session:
        return _shown(session, transfer_id)


@stock.route("/transfers/<uuid:transfer_id>/accept", methods=["POST"])
@requires(Permission.STOCK_KEEP)
@stock.arguments(schemas.ArrivedSchema)
@stock.response(200, schemas.TransferSchema)
def accept(asked: dict[str, Any], transfer_id: UUID) -> dict[str, Any]:
    """Accept what arrived, as the keeper at the other end; what is missing is lost on the way"""
    with transaction(actor().org_id) as session:
        service.accept_transfer(session, transfer_id=transfer_id, arrived=_by_format(asked["lines"]), stamp=stamp())
        return _shown(session, transfer_id)


@stock.route("/transfers/<uuid:transfer_id>/cancel", methods=["POST"])
@requires(Permission.STOCK_KEEP)
@stock.response(200, schemas.TransferSchema)
def cancel(transfer_id: UUID) -> dict[str, Any]:
    """Take back a transfer that nobody accepted, as its sender or seller"""
    with transaction(actor().org_id) as session:
        service.cancel_transfer(session, transfer_id=transfer_id, stamp=stamp())
        return _shown(session, transfer_id)


@stock.route("/containers", methods=["GET"])
@requires(Permission.STOCK_KEEP)
@stock.response(200, schemas.ContainerAccountSchema(many=True))
def containers() -> list[dict[str, Any]]:
    """List who holds whose containers, and what their deposits come to today"""
    with transaction(actor().org_id) as session:
        zone = parties.zone_or_ours(session, org_id=actor().org_id)
        accounts = queries.container_accounts(session)
        prices = catalog.known_prices_on(
            session, class_ids={one[1] for one in accounts}, day=stamp().at.astimezone(zone).date()
        )
        return [_account(row, prices.get(row[1])) for row in accounts]


@stock.route("/containers/<uuid:owner_id>/<uuid:class_id>/<uuid:holder_id>/explanation", methods=["GET"])
@requires(Permission.STOCK_KEEP)
@stock.arguments(WhyQuerySchema, location="query")
@stock.response(200, ExplanationSchema)
def why_containers(asked: dict[str, Any], owner_id: UUID, class_id: UUID, holder_id: UUID) -> Explanation:
    """Unfold what a holder's containers come to today, to each movement that made their number"""
    page = Page(number=asked["page"])
    account = ContainerAccount(owner_id=owner_id, class_id=class_id, holder_id=holder_id, page=page)
    with transaction(actor().org_id) as session:
        return explain_containers(session, asked=account, stamp=stamp())


def _level(one: Level) -> dict[str, Any]:
    plain = ("format_id", "unlimited", "on_trucks", "in_transit", "in_hand", "reserved", "available")
    return {name: getattr(one, name) for name in plain} | {
        "name": {"fr": one.name.fr, "en": one.name.en},
        "kept": [{"keeper_id": keeper_id, "quantity": quantity} for keeper_id, quantity in one.kept.items()],
    }


def _by_format(lines: Sequence[dict[str, Any]]) -> dict[UUID, int]:
    found = {one["format_id"]: one["quantity"] for one in lines}
    if len(found) < len(lines):
        raise BadRequest(
            Text("Un format est nommé deux fois. En faire une ligne.", "A format is named twice. Make it one line."),
            where="lines",
        )
    return found


def _shown(session: Session, transfer_id: UUID) -> dict[str, Any]:
    session.flush()
    return _transfer(*queries.transfer(session, transfer_id=transfer_id))


def _transfer(made: StockTransfer, lines: Sequence[TransferLine]) -> dict[str, Any]:
    names = set(schemas.TransferSchema().fields) - {"seller_id", "lines"}
    return {name: getattr(made, name) for name in names} | {"seller_id": made.owner_id, "lines": lines}


def _account(row: tuple[UUID, UUID, UUID, int], unit_cents: int | None) -> dict[str, Any]:
    owner_id, class_id, holder_id, quantity = row
    return {
        "owner_id": owner_id,
        "class_id": class_id,
        "holder_id": holder_id,
        "quantity": quantity,
        "deposit_cents": None if unit_cents is None else quantity * unit_cents,
    }
