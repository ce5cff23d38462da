"""Price rules and allocations over JSON."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.catalog import schemas
from server.catalog.access import require_catalogue
from server.catalog.prices import queries, service
from server.catalog.prices.model import PriceRule
from server.catalog.prices.service import RuleTerms
from server.catalog.service import Audience
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission

rules = Blueprint("price_rules", __name__, url_prefix="/price-rules", description="Price lists, discounts, promotions")
allocations = Blueprint("allocations", __name__, url_prefix="/allocations", description="Shares of scarce formats")
_DECIMALS = ("percent_off", "amount_off", "fixed_price")


@rules.route("", methods=["GET"])
@requires(Permission.CATALOG_READ)
@rules.arguments(schemas.RuleQuery, location="query")
@rules.response(200, schemas.RuleSchema(many=True))
def list_rules(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """List one's price rules, the last to begin first"""
    require_catalogue(actor())
    with transaction(actor().org_id) as session:
        found, _total = queries.rules(session, **asked)
        return _presented(session, found)


@rules.route("", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@rules.arguments(schemas.RuleTermsSchema)
@rules.response(201, schemas.RuleSchema)
def add_rule(asked: dict[str, Any]) -> dict[str, Any]:
    """Set a price list, a discount or a promotion"""
    with transaction(actor().org_id) as session:
        return _presented(session, [service.set_rule(session, terms=_terms(asked), stamp=stamp())])[0]


@rules.route("/<uuid:rule_id>", methods=["GET"])
@requires(Permission.CATALOG_READ)
@rules.response(200, schemas.RuleSchema)
def read_rule(rule_id: UUID) -> dict[str, Any]:
    """Read a price rule"""
    require_catalogue(actor())
    with transaction(actor().org_id) as session:
        return _presented(session, [queries.rule(session, rule_id=rule_id)])[0]


@rules.route("/<uuid:rule_id>", methods=["PUT"])
@requires(Permission.CATALOG_EDIT)
@rules.arguments(schemas.RuleTermsSchema)
@rules.response(200, schemas.RuleSchema)
def change_rule(asked: dict[str, Any], rule_id: UUID) -> dict[str, Any]:
    """Say a rule's terms anew; orders keep the prices that they were made with"""
    with transaction(actor().org_id) as session:
        changed = service.set_rule(session, terms=_terms(asked), rule_id=rule_id, stamp=stamp())
        return _presented(session, [changed])[0]


@rules.route("/<uuid:rule_id>/archive", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@rules.arguments(schemas.ArchiveSchema)
@rules.response(200, schemas.RuleSchema)
def archive_rule(asked: dict[str, Any], rule_id: UUID) -> dict[str, Any]:
    """Put a rule away, or bring it back"""
    with transaction(actor().org_id) as session:
        put_away = service.archive_rule(session, rule_id=rule_id, archived=asked["archived"], stamp=stamp())
        return _presented(session, [put_away])[0]


@allocations.route("", methods=["GET"])
@requires(Permission.CATALOG_READ)
@allocations.response(200, schemas.AllocationSchema(many=True))
def list_allocations() -> list[Any]:
    """List one's allocations, those that end last first"""
    require_catalogue(actor())
    with transaction(actor().org_id) as session:
        return list(queries.allocations(session))


@allocations.route("", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@allocations.arguments(schemas.AllocationTermsSchema)
@allocations.response(201, schemas.AllocationSchema)
def allocate(asked: dict[str, Any]) -> Any:
    """Say how much of a scarce format each client of an audience may order over some days"""
    rest = {name: value for name, value in asked.items() if name not in {"group_ids", "buyer_ids"}}
    with transaction(actor().org_id) as session:
        return service.allocate(session, **rest, audience=_audience(asked), stamp=stamp())


@allocations.route("/<uuid:allocation_id>", methods=["DELETE"])
@requires(Permission.CATALOG_EDIT)
@allocations.response(204)
def end_allocation(allocation_id: UUID) -> None:
    """Take an allocation away"""
    with transaction(actor().org_id) as session:
        service.end_allocation(session, allocation_id=allocation_id, stamp=stamp())


def _terms(asked: dict[str, Any]) -> RuleTerms:
    apart = {"group_ids", "buyer_ids", "prices", *_DECIMALS}
    rest = {name: value for name, value in asked.items() if name not in apart}
    ways: dict[str, Any] = {name: None if asked[name] is None else Decimal(asked[name]) for name in _DECIMALS}
    prices = {one["format_id"]: Decimal(one["unit_price"]) for one in asked["prices"]}
    return RuleTerms(**rest, **ways, prices=prices, audience=_audience(asked))


def _audience(asked: dict[str, Any]) -> Audience:
    return Audience(tuple(asked["group_ids"]), tuple(asked["buyer_ids"]))


def _presented(session: Session, found: Sequence[PriceRule]) -> list[dict[str, Any]]:
    listed = queries.prices_of_lists(session, rule_ids=[one.id for one in found])
    plain = set(schemas.RuleSchema().fields) - {"prices", *_DECIMALS}
    return [
        {name: getattr(one, name) for name in plain}
        | {name: None if (value := getattr(one, name)) is None else f"{value:.4f}" for name in _DECIMALS}
        | {"prices": [{"format_id": key, "unit_price": f"{value:.4f}"} for key, value in listed[one.id].items()]}
        for one in found
    ]
