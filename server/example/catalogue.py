"""What the suppliers sell: beers, ciders and soft drinks in cases and kegs, with their deposits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from server.catalog.model import ContainerKind, SalesUnit

DEPOSITS_SINCE: Final = date(2023, 11, 1)
TAXED_KEGS_OF: Final = "VRR"
"""One supplier was told by its accountant that its kegs' deposit is taxable; the others' is not."""

type Package = Literal["case", "bottles", "keg"]


@dataclass(frozen=True, slots=True)
class Container:
    """A class of returnable containers and its deposit."""

    code: str
    kind: ContainerKind
    name_fr: str
    name_en: str
    unit_cents: int


CAN: Final = Container("can_public", ContainerKind.PUBLIC, "Canette", "Can", 10)
BOTTLE: Final = Container("bottle_large", ContainerKind.PUBLIC, "Bouteille de 500 ml à 2 L", "500 ml to 2 L bottle", 25)
KEG: Final = Container("keg_50l", ContainerKind.KEG, "Fût de 50 L", "50 L keg", 3000)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a package is sold: words, unit, containers inside, weight."""

    name_fr: str
    name_en: str
    sales_unit: SalesUnit
    container: Container
    containers_a_unit: int
    weight_g: int
    volume_ml: int


SHAPES: Final[dict[Package, Shape]] = {
    "case": Shape("caisse de 24 × 473 ml", "case of 24 × 473 ml", SalesUnit.CASE, CAN, 24, 12_400, 11_352),
    "bottles": Shape("caisse de 12 × 750 ml", "case of 12 × 750 ml", SalesUnit.CASE, BOTTLE, 12, 15_800, 9_000),
    "keg": Shape("fût de 50 L", "50 L keg", SalesUnit.KEG, KEG, 1, 62_000, 50_000),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One format of a supplier: a drink in a package at a price with up to 4 decimals."""

    drink_fr: str
    drink_en: str
    package: Package
    unit_price: Decimal

    @property
    def shape(self) -> Shape:
        """How it is sold."""
        return SHAPES[self.package]


def _items(*rows: tuple[str, str, Package, str]) -> tuple[Item, ...]:
    return tuple(Item(fr, en, package, Decimal(price)) for fr, en, package, price in rows)


ITEMS: Final[dict[str, tuple[Item, ...]]] = {
    "FBG": _items(
        ("Blonde des ruelles", "Alley Blonde", "case", "42.5000"),
        ("Rousse du marché", "Market Red", "case", "44.7500"),
        ("Blonde des ruelles", "Alley Blonde", "keg", "189.0000"),
    ),
    "COR": _items(
        ("IPA du portage", "Portage IPA", "case", "51.9600"),
        ("Noire du canot", "Canoe Stout", "case", "49.2000"),
        ("IPA du portage", "Portage IPA", "keg", "214.5000"),
    ),
    "HBL": _items(
        ("Blanche de blé", "Wheat White", "case", "46.3500"),
        ("Triple au miel", "Honey Triple", "bottles", "78.9900"),
        ("Blanche de blé", "Wheat White", "keg", "198.2500"),
    ),
    "VRN": _items(
        ("Cidre brut", "Dry Cider", "bottles", "84.0000"),
        ("Cidre rosé", "Rosé Cider", "bottles", "89.4000"),
    ),
    "PMA": _items(
        ("Stout au café", "Coffee Stout", "case", "53.1000"),
        ("Session matinale", "Morning Session", "case", "41.8875"),
        ("Session matinale", "Morning Session", "keg", "176.0000"),
    ),
    "GRM": _items(
        ("Saison des foins", "Haymaking Saison", "bottles", "81.5000"),
        ("Pale de la grange", "Barn Pale Ale", "case", "47.2500"),
    ),
    "STC": _items(
        ("Ambrée de la malterie", "Maltster’s Amber", "case", "45.6000"),
        ("Ambrée de la malterie", "Maltster’s Amber", "keg", "192.0000"),
    ),
    "OUT": _items(
        ("Pilsner des battures", "Mudflat Pilsner", "case", "43.9900"),
        ("Pilsner des battures", "Mudflat Pilsner", "keg", "184.7500"),
    ),
    "KVI": _items(
        ("Kombucha gingembre", "Ginger Kombucha", "case", "57.6000"),
        ("Kombucha hibiscus", "Hibiscus Kombucha", "case", "57.6000"),
    ),
    "RG4": _items(
        ("Dorée du rang", "Backroad Golden", "case", "46.0000"),
        ("Brune d’automne", "Autumn Brown", "case", "48.8000"),
        ("Dorée du rang", "Backroad Golden", "keg", "201.0000"),
    ),
    "BRG": _items(
        ("Gin-tonic en canette", "Canned Gin and Tonic", "case", "72.4800"),
        ("Spritz des berges", "Riverbank Spritz", "case", "74.1600"),
    ),
    "RUI": _items(
        ("Soda à l’épinette", "Spruce Soda", "case", "31.2000"),
        ("Limonade piquante", "Sharp Lemonade", "case", "29.7600"),
    ),
    "VRR": _items(
        ("Lager claire", "Clear Lager", "case", "39.9900"),
        ("Sure à la framboise", "Raspberry Sour", "case", "55.2400"),
        ("Lager claire", "Clear Lager", "keg", "179.9500"),
    ),
}
