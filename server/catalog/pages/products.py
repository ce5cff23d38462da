"""Products and formats: listed, searched, made, changed, put away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.catalog import listing, queries, service
from server.catalog.access import require_catalogue
from server.catalog.model import SalesUnit
from server.catalog.pages.blueprint import asked_page, asked_words, audiences, pages, said_audience, turning, written
from server.catalog.service import FormatFigures, ProductWords
from server.catalog.service.bounds import (
    MAX_CONTAINERS,
    MAX_LONG_TEXT,
    MAX_NAME,
    MAX_REFERENCE,
    MAX_VOLUME_ML,
    MAX_WEIGHT_G,
    TAX_CODES,
)
from server.catalog.service.formats import MAX_AN_ORDER
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import (
    form_choice,
    form_flag,
    form_id,
    form_number,
    form_thousandths,
    form_whole,
    form_words,
    required,
)
from server.identity.permissions import Permission


@pages.get("/catalogue")
@requires(Permission.CATALOG_READ)
def products() -> str:
    """List one's own products with their formats."""
    require_catalogue(actor())
    archived = request.args.get("etat") == "archives"
    with transaction(actor().org_id) as session:
        found = listing.list_products(session, words=asked_words(), archived=archived, page=asked_page())
        return render_template(
            "catalog/products.html", found=found, words=asked_words(), archived=archived, turning=turning()
        )


@pages.get("/catalogue/produits/nouveau")
@requires(Permission.CATALOG_EDIT)
def new_product() -> str:
    """Show the form of a new product."""
    return render_template("catalog/product.html", card=None, taxes=TAX_CODES)


@pages.post("/catalogue/produits")
@requires(Permission.CATALOG_EDIT)
def add_product() -> Response:
    """Add a product."""
    words = _words()
    with transaction(actor().org_id) as session:
        made = service.add_product(session, words=words, stamp=stamp())
    return _to_product(made.id)


@pages.get("/catalogue/produits/<uuid:product_id>")
@requires(Permission.CATALOG_EDIT)
def product(product_id: UUID) -> str:
    """Show a product with its formats, and the form that changes it."""
    with transaction(actor().org_id) as session:
        card = listing.product_card(session, product_id=product_id)
        return render_template("catalog/product.html", card=card, taxes=card.product.tax_codes)


@pages.post("/catalogue/produits/<uuid:product_id>")
@requires(Permission.CATALOG_EDIT)
def change_product(product_id: UUID) -> Response:
    """Change a product."""
    words = _words()
    with transaction(actor().org_id) as session:
        service.change_product(session, product_id=product_id, words=words, stamp=stamp())
    return _to_product(product_id)


@pages.post("/catalogue/produits/<uuid:product_id>/archives")
@requires(Permission.CATALOG_EDIT)
def archive_product(product_id: UUID) -> Response:
    """Put a product away, or bring it back."""
    with transaction(actor().org_id) as session:
        service.archive_product(session, product_id=product_id, archived=form_flag("archived"), stamp=stamp())
    return _to_product(product_id)


@pages.get("/catalogue/produits/<uuid:product_id>/formats/nouveau")
@requires(Permission.CATALOG_EDIT)
def new_format(product_id: UUID) -> str:
    """Show the form of a new format."""
    with transaction(actor().org_id) as session:
        card = listing.product_card(session, product_id=product_id)
        return render_template(
            "catalog/format.html", product=card.product, sold=None, written=written, **_choices(session)
        )


@pages.post("/catalogue/produits/<uuid:product_id>/formats")
@requires(Permission.CATALOG_EDIT)
def add_format(product_id: UUID) -> Response:
    """Add a format."""
    figures = _figures()
    with transaction(actor().org_id) as session:
        service.add_format(session, product_id=product_id, figures=figures, stamp=stamp())
    return _to_product(product_id)


@pages.get("/catalogue/formats/<uuid:format_id>")
@requires(Permission.CATALOG_EDIT)
def sold_format(format_id: UUID) -> str:
    """Show a format and the form that changes it."""
    with transaction(actor().org_id) as session:
        found, sold = listing.format_named(session, format_id=format_id)
        return render_template("catalog/format.html", product=found, sold=sold, written=written, **_choices(session))


@pages.post("/catalogue/formats/<uuid:format_id>")
@requires(Permission.CATALOG_EDIT)
def change_format(format_id: UUID) -> Response:
    """Change a format; orders keep what they were made with."""
    figures = _figures()
    with transaction(actor().org_id) as session:
        changed = service.change_format(session, format_id=format_id, figures=figures, stamp=stamp())
    return _to_product(changed.product_id)


@pages.post("/catalogue/formats/<uuid:format_id>/archives")
@requires(Permission.CATALOG_EDIT)
def archive_format(format_id: UUID) -> Response:
    """Put a format away, or bring it back."""
    with transaction(actor().org_id) as session:
        changed = service.archive_format(session, format_id=format_id, archived=form_flag("archived"), stamp=stamp())
    return _to_product(changed.product_id)


def _words() -> ProductWords:
    return ProductWords(
        name_fr=form_words("name_fr", longest=MAX_NAME),
        name_en=form_words("name_en", longest=MAX_NAME),
        style=form_words("style", longest=MAX_NAME),
        reference=form_words("reference", longest=MAX_REFERENCE),
        description_fr=form_words("description_fr", longest=MAX_LONG_TEXT),
        description_en=form_words("description_en", longest=MAX_LONG_TEXT),
        tax_codes=_ticked_taxes(),
    )


def _figures() -> FormatFigures:
    return FormatFigures(
        name_fr=form_words("name_fr", longest=MAX_NAME),
        name_en=form_words("name_en", longest=MAX_NAME),
        reference=form_words("reference", longest=MAX_REFERENCE),
        sales_unit=form_choice("sales_unit", SalesUnit),
        unit_price=required("unit_price", form_number("unit_price")),
        weight_g=required("weight_kg", form_thousandths("weight_kg", most=MAX_WEIGHT_G)),
        container_class_id=form_id("container_class_id"),
        tax_codes=_ticked_taxes() if form_flag("own_taxes") else None,
        unlimited=not form_flag("counted"),
        listed=form_flag("listed"),
        audience=said_audience(),
        max_an_order=form_whole("max_an_order", least=1, most=MAX_AN_ORDER),
        **_sizes(),
        barcode=form_words("barcode", longest=14),
        pack_barcode=form_words("pack_barcode", longest=14),
        container_barcode=form_words("container_barcode", longest=14),
    )


def _sizes() -> dict[str, Any]:
    each = {name: form_whole(name, least=1, most=MAX_CONTAINERS) or 1 for name in ("units_a_pack", "packs_a_unit")}
    millilitres = form_whole("container_ml", most=MAX_VOLUME_ML) or 0
    litres = form_whole("volume_ml", most=MAX_VOLUME_ML) or 0
    return {**each, "container_ml": millilitres, "volume_ml": litres}


def _ticked_taxes() -> Sequence[str]:
    return [code for code in TAX_CODES if form_flag(code)]


def _choices(session: Session) -> dict[str, Any]:
    classes = queries.readable_classes(session)
    return {"classes": classes, "taxes": TAX_CODES, "units": list(SalesUnit), **audiences(session)}


def _to_product(product_id: UUID) -> Response:
    return redirect(f"/catalogue/produits/{product_id}", code=303)
