"""What was ordered for the day: the orders that the day's incidents need, and seeded ones for everybody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from server.example.cast import SUPPLIERS
from server.example.catalogue import ITEMS
from server.example.places import PLACES, Place

SEED: Final = 2026
MOST_CASES: Final = 8
MOST_KEGS: Final = 3

type Maker = Literal["retailer", "supplier", "distributor"]
type Quantities = Mapping[int, int]
"""Units by the position of the item in its supplier's list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLine:
    """Units of one item, with what is taken off the whole line."""

    item: int
    quantity: int
    discount_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOrder:
    """One order of the day; there is at most one from a place to a supplier, which is how it is found again."""

    place: Place
    supplier: str
    lines: tuple[WantedLine, ...]
    maker: Maker
    document_discount_cents: int = 0


NEEDED: Final[Mapping[str, Mapping[str, Quantities]]] = {
    "Bar Beaubien": {"FBG": {0: 6, 1: 3, 2: 2}, "RUI": {0: 4}},
    "Pub Villeray": {"COR": {0: 8, 2: 2}, "VRN": {0: 2}},
    "Resto Masson": {"RG4": {0: 5, 1: 2}, "RUI": {1: 3}},
    "Bistro Valois": {"COR": {0: 4, 1: 2}, "FBG": {0: 5}, "OUT": {0: 3}, "BRG": {0: 2}},
    "Épicerie Viau": {"STC": {0: 6, 1: 1}, "VRN": {0: 3, 1: 2}},
    "Le Carré": {"VRR": {0: 6, 1: 2}, "FBG": {0: 3}},
    "Taverne du Parc": {"FBG": {0: 4, 2: 3}, "OUT": {0: 5, 1: 2}},
    "Dépanneur Waverly": {"FBG": {0: 5, 1: 2}, "KVI": {0: 3}},
    "Bar Panet": {"HBL": {0: 6, 1: 10}, "PMA": {0: 3}},
    "Fruiterie Deuxième": {"KVI": {0: 6, 1: 4}, "RUI": {0: 5}},
    "Le Gilford": {"PMA": {0: 6, 1: 5, 2: 1}, "COR": {1: 3}},
    "Bistro Castelnau": {"GRM": {0: 5, 1: 4}, "STC": {0: 3}},
    "Café Roy": {"BRG": {0: 4, 1: 3}, "HBL": {0: 3}},
    "Marché Sauvé": {"VRR": {0: 5, 2: 2}, "VRN": {0: 2}},
    "Bar Atateken": {"STC": {0: 7, 1: 2}, "GRM": {0: 2}},
    "Bar Ontario": {"HBL": {0: 4, 2: 1}, "RUI": {0: 6}},
}
"""What the places with an incident ordered, by supplier."""

_MAKERS: Final[tuple[Maker, ...]] = ("retailer", "supplier", "distributor")


def wanted_orders() -> tuple[WantedOrder, ...]:
    """Return every order of the day, place by place; always the same."""
    random = Random(SEED)
    return tuple(order for place in PLACES for order in _at(place, random))


def _at(place: Place, random: Random) -> Iterator[WantedOrder]:
    if place.name in NEEDED:
        for supplier, quantities in NEEDED[place.name].items():
            lines = tuple(WantedLine(item=item, quantity=quantity) for item, quantity in quantities.items())
            yield WantedOrder(place=place, supplier=supplier, lines=lines, maker=random.choice(_MAKERS))
        return
    suppliers = random.sample([one.code for one in SUPPLIERS], k=random.choice((1, 2, 2, 3, 3, 4)))
    for supplier in suppliers:
        lines = _some_lines(supplier, random)
        discount_cents = random.choice((0, 0, 0, 0, 500)) if len(lines) > 1 else 0
        yield WantedOrder(
            place=place,
            supplier=supplier,
            lines=lines,
            maker=_who_may(random.choice(_MAKERS), lines, discount_cents),
            document_discount_cents=discount_cents,
        )


def _who_may(maker: Maker, lines: tuple[WantedLine, ...], discount_cents: int) -> Maker:
    """Only the seller gives discounts (C22): an order that has some is entered by it."""
    return "supplier" if discount_cents or any(line.discount_cents for line in lines) else maker


def _some_lines(supplier: str, random: Random) -> tuple[WantedLine, ...]:
    items = ITEMS[supplier]
    chosen = sorted(random.sample(range(len(items)), k=random.randint(1, len(items))))
    return tuple(_line(item, is_keg=items[item].package == "keg", random=random) for item in chosen)


def _line(item: int, *, is_keg: bool, random: Random) -> WantedLine:
    quantity = random.randint(1, MOST_KEGS if is_keg else MOST_CASES)
    discount_cents = quantity * 125 + random.randint(0, 9) if random.random() < 1 / 8 else 0
    return WantedLine(item=item, quantity=quantity, discount_cents=discount_cents)
