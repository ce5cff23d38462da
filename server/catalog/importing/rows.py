"""The columns of a file of formats, and what its cells may hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from server.catalog.model import SalesUnit
from server.catalog.service.bounds import (
    MAX_CONTAINERS,
    MAX_NAME,
    MAX_REFERENCE,
    MAX_UNIT_PRICE,
    MAX_VOLUME_ML,
    MAX_WEIGHT_G,
    BadFormat,
    require_barcode,
)
from server.catalog.service.formats import MAX_AN_ORDER
from server.core.csv_cells import exact, one_of, whole, words, yes_or_no
from server.core.csv_rows import BadCell, Column, Sheet, doubled, read_sheet
from server.core.imports import require_faultless
from server.core.problems import Text

_UNITS: Final = {
    "caisse": SalesUnit.CASE, "fût": SalesUnit.KEG, "fut": SalesUnit.KEG, "unité": SalesUnit.UNIT,
    "case": SalesUnit.CASE, "keg": SalesUnit.KEG, "unit": SalesUnit.UNIT, "unite": SalesUnit.UNIT,
}  # fmt: skip
_TAXES: Final = {
    "tps et tvq": ("gst", "qst"), "tps": ("gst",), "tvq": ("qst",), "aucune": (),
    "gst and qst": ("gst", "qst"), "gst": ("gst",), "qst": ("qst",), "none": (),
}  # fmt: skip
_KILOGRAMS: Final = exact(3, Decimal(0), Decimal(MAX_WEIGHT_G) / 1000)


def _barcode(cell: str) -> str:
    try:
        return require_barcode("barcode", cell.replace(" ", ""))
    except BadFormat as wrong:
        raise BadCell(wrong.detail.fr, wrong.detail.en) from wrong


def _grams(cell: str) -> int:
    return int(_KILOGRAMS(cell) * 1000)


REFERENCE: Final = Column(
    key="reference", title=Text("Référence", "Reference"), read=words(MAX_REFERENCE), required=True
)
PRODUCT: Final = Column(key="product_fr", title=Text("Produit", "Product"), read=words(MAX_NAME), required=True)
CONTAINER: Final = Column(key="container", title=Text("Contenant consigné", "Deposit container"), read=words(40))
NAME: Final = Column(key="name_fr", title=Text("Format", "Format"), read=words(MAX_NAME), required=True)
COLUMNS: Final = (
    REFERENCE,
    PRODUCT,
    Column(key="product_en", title=Text("Produit en anglais", "Product in English"), read=words(MAX_NAME)),
    Column(key="style", title=Text("Style", "Style"), read=words(MAX_NAME)),
    NAME,
    Column(key="name_en", title=Text("Format en anglais", "Format in English"), read=words(MAX_NAME)),
    Column(key="sales_unit", title=Text("Unité de vente", "Sales unit"), read=one_of(_UNITS)),
    Column(key="packs_a_unit", title=Text("Emballages", "Packs"), read=whole(1, MAX_CONTAINERS)),
    Column(key="units_a_pack", title=Text("Contenants par emballage", "Containers in a pack"),
           read=whole(1, MAX_CONTAINERS)),
    Column(key="container_ml", title=Text("Volume du contenant (ml)", "Container volume (ml)"),
           read=whole(0, MAX_VOLUME_ML)),
    CONTAINER,
    Column(key="weight_g", title=Text("Poids (kg)", "Weight (kg)"), read=_grams),
    Column(key="unit_price", title=Text("Prix", "Price"), read=exact(4, Decimal(0), MAX_UNIT_PRICE)),
    Column(key="tax_codes", title=Text("Taxes", "Taxes"), read=one_of(_TAXES)),
    Column(key="barcode", title=Text("Code-barres", "Barcode"), read=_barcode),
    Column(key="pack_barcode", title=Text("Code-barres de l’emballage", "Pack barcode"), read=_barcode),
    Column(key="container_barcode", title=Text("Code-barres du contenant", "Container barcode"), read=_barcode),
    Column(key="unlimited", title=Text("Illimité", "Unlimited"), read=yes_or_no),
    Column(key="listed", title=Text("Offert", "Offered"), read=yes_or_no),
    Column(key="max_an_order", title=Text("Maximum par commande", "Maximum in an order"), read=whole(1, MAX_AN_ORDER)),
)  # fmt: skip
BY_KEY: Final = {column.key: column for column in COLUMNS}


def read_catalogue(content: bytes) -> Sheet:
    """Return the rows of a file of formats.

    Raises:
        UnreadableSheet: it is no such table.
        FaultyRows: a cell cannot be read, or a reference stands twice.
    """
    sheet = read_sheet(content, COLUMNS)
    require_faultless((*sheet.faults, *doubled(sheet.rows, REFERENCE)))
    return sheet
