"""Products and formats over JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.catalog import listing, schemas, service
from server.catalog.access import require_catalogue
from server.catalog.importing import import_catalogue, preview_catalogue, read_catalogue
from server.catalog.model import ProductFormat
from server.catalog.service import Audience, FormatFigures, ProductWords
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.import_doors import CSV_BODY, ImportQuery, ImportReportSchema, present_report, sent_bytes
from server.identity.permissions import Permission

products = Blueprint("products", __name__, url_prefix="/products", description="What a supplier sells, in its formats")
_ROWS = 100


@products.route("", methods=["GET"])
@requires(Permission.CATALOG_READ)
@products.arguments(schemas.ProductQuery, location="query")
@products.response(200, schemas.ProductPageSchema)
def list_products(asked: dict[str, Any]) -> dict[str, Any]:
    """List one's own products with their formats, by name"""
    require_catalogue(actor())
    with transaction(actor().org_id) as session:
        found = listing.list_products(
            session, words=asked["q"], archived=asked["archived"], page=asked["page"], rows=_ROWS
        )
        return {"products": [present(one) for one in found.rows], "total": found.total}


@products.route("", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@products.arguments(schemas.ProductWordsSchema)
@products.response(201, schemas.ProductSchema)
def add_product(asked: dict[str, Any]) -> dict[str, Any]:
    """Add a product"""
    with transaction(actor().org_id) as session:
        made = service.add_product(session, words=ProductWords(**asked), stamp=stamp())
        return present(listing.product_card(session, product_id=made.id))


@products.route("/import", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@products.doc(requestBody=CSV_BODY)
@products.arguments(ImportQuery, location="query")
@products.response(200, ImportReportSchema)
def take_file(asked: dict[str, Any]) -> dict[str, Any]:
    """Import products and formats from a CSV file, all of it or nothing; the same file again changes nothing"""
    sheet = read_catalogue(sent_bytes())
    with transaction(actor().org_id) as session:
        if asked["dry_run"]:
            return present_report(preview_catalogue(session, sheet=sheet), dry_run=True)
        return present_report(import_catalogue(session, sheet=sheet, stamp=stamp()), dry_run=False)


@products.route("/<uuid:product_id>", methods=["GET"])
@requires(Permission.CATALOG_READ)
@products.response(200, schemas.ProductSchema)
def read_product(product_id: UUID) -> dict[str, Any]:
    """Read a product with its formats"""
    require_catalogue(actor())
    with transaction(actor().org_id) as session:
        return present(listing.product_card(session, product_id=product_id))


@products.route("/<uuid:product_id>", methods=["PUT"])
@requires(Permission.CATALOG_EDIT)
@products.arguments(schemas.ProductWordsSchema)
@products.response(200, schemas.ProductSchema)
def change_product(asked: dict[str, Any], product_id: UUID) -> dict[str, Any]:
    """Say a product's words and taxes anew; formats without taxes of their own follow"""
    with transaction(actor().org_id) as session:
        service.change_product(session, product_id=product_id, words=ProductWords(**asked), stamp=stamp())
        return present(listing.product_card(session, product_id=product_id))


@products.route("/<uuid:product_id>/archive", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@products.arguments(schemas.ArchiveSchema)
@products.response(200, schemas.ProductSchema)
def archive_product(asked: dict[str, Any], product_id: UUID) -> dict[str, Any]:
    """Put a product away, or bring it back; nothing that was sold is deleted"""
    with transaction(actor().org_id) as session:
        service.archive_product(session, product_id=product_id, archived=asked["archived"], stamp=stamp())
        return present(listing.product_card(session, product_id=product_id))


@products.route("/<uuid:product_id>/formats", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@products.arguments(schemas.FormatFiguresSchema)
@products.response(201, schemas.FormatSchema)
def add_format(asked: dict[str, Any], product_id: UUID) -> dict[str, Any]:
    """Add a format of a product"""
    with transaction(actor().org_id) as session:
        made = service.add_format(session, product_id=product_id, figures=figures_from(asked), stamp=stamp())
        return present_format(made)


@products.route("/formats/<uuid:format_id>", methods=["PUT"])
@requires(Permission.CATALOG_EDIT)
@products.arguments(schemas.FormatFiguresSchema)
@products.response(200, schemas.FormatSchema)
def change_format(asked: dict[str, Any], format_id: UUID) -> dict[str, Any]:
    """Say a format's figures anew; orders keep what they were made with"""
    with transaction(actor().org_id) as session:
        return present_format(
            service.change_format(session, format_id=format_id, figures=figures_from(asked), stamp=stamp())
        )


@products.route("/formats/<uuid:format_id>/archive", methods=["POST"])
@requires(Permission.CATALOG_EDIT)
@products.arguments(schemas.ArchiveSchema)
@products.response(200, schemas.FormatSchema)
def archive_format(asked: dict[str, Any], format_id: UUID) -> dict[str, Any]:
    """Put a format away, or bring it back"""
    with transaction(actor().org_id) as session:
        return present_format(
            service.archive_format(session, format_id=format_id, archived=asked["archived"], stamp=stamp())
        )


def figures_from(asked: dict[str, Any]) -> FormatFigures:
    """Return the figures that a body says."""
    rest = {name: value for name, value in asked.items() if name not in {"unit_price", "group_ids", "buyer_ids"}}
    audience = Audience(tuple(asked["group_ids"]), tuple(asked["buyer_ids"]))
    return FormatFigures(**rest, unit_price=Decimal(asked["unit_price"]), audience=audience)


def present(card: listing.ProductCard) -> dict[str, Any]:
    """Return a product with its formats."""
    names = set(schemas.ProductSchema().fields) - {"formats"}
    shown = {name: getattr(card.product, name) for name in names}
    return shown | {"formats": [present_format(sold) for sold in card.formats]}


def present_format(sold: ProductFormat) -> dict[str, Any]:
    """Return a format."""
    names = set(schemas.FormatSchema().fields) - {"unit_price"}
    return {name: getattr(sold, name) for name in names} | {"unit_price": f"{sold.unit_price:.4f}"}
