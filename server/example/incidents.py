"""What does not go as planned: the day's incidents, by place, in the words of orders and items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

type Outcome = Literal["full", "short", "refused", "closed"]
type LineKey = tuple[str, int]
"""A supplier's code and the position of the item in its list."""

CARRIER: Final = "DBN"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineIncident:
    """What becomes of one line, in its sales unit."""

    not_shipped: int = 0
    lost: int = 0
    returned: int = 0
    extra: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What happens at one place.

    ``returns`` are empties by (class, owner's code); ``cash_for`` pays these suppliers' invoices in coins and notes;
    ``kill_at`` is the commit point at which the tablet dies there, once.
    """

    outcome: Outcome = "full"
    lines: Mapping[LineKey, LineIncident] = field(default_factory=dict)
    returns: Mapping[tuple[str, str], int] = field(default_factory=dict)
    cash_for: tuple[str, ...] = ()
    photo: bool = False
    kill_at: str | None = None


def _short(lines: Mapping[LineKey, LineIncident], *, kill_at: str | None = None) -> Incident:
    return Incident(outcome="short", lines=lines, kill_at=kill_at)


INCIDENTS: Final[Mapping[str, Incident]] = {
    # lost, on a provisional invoice, with the photo that breakage asks for; the tablet dies while the driver counts
    "Bar Beaubien": _short({("FBG", 0): LineIncident(lost=2, reason="breakage")}, kill_at="set_line:after_commit"),
    # not shipped, on a published invoice: a credit note
    "Pub Villeray": _short({("COR", 0): LineIncident(not_shipped=3, reason="out_of_stock")}),
    # returned, billed by the distributor on one invoice with what another supplier delivers there
    "Resto Masson": _short({("RG4", 0): LineIncident(returned=1, reason="refused_item")}),
    # nothing accepted from four suppliers: published invoices voided, provisional ones dropped, a variance notice
    "Bistro Valois": Incident(outcome="refused"),
    "Épicerie Viau": Incident(outcome="closed", photo=True),
    # more than was ordered: a supplementary order
    "Le Carré": Incident(lines={("VRR", 0): LineIncident(extra=2)}),
    "Taverne du Parc": Incident(returns={("can_public", CARRIER): 240, ("keg_50l", "FBG"): 2, ("keg_50l", "OUT"): 1}),
    "Dépanneur Waverly": Incident(cash_for=("FBG",)),
    # above the threshold: the credit is proposed, and the supplier approves it in the evening
    "Bar Panet": _short({("HBL", 1): LineIncident(returned=4, reason="wrong_item")}),
    # invoiced outside: a variance notice and nothing else
    "Fruiterie Deuxième": _short({("KVI", 0): LineIncident(lost=1, reason="missing")}),
    # no invoice on the truck: it is made from what was delivered, at once or by hand
    "Le Gilford": _short({("PMA", 1): LineIncident(not_shipped=2, reason="not_loaded")}),
    "Bistro Castelnau": _short({("GRM", 1): LineIncident(returned=1, reason="expired")}),
    "Café Roy": _short({("BRG", 0): LineIncident(lost=1, reason="breakage")}),
    "Marché Sauvé": Incident(returns={("keg_50l", "VRR"): 3, ("bottle_large", CARRIER): 48}),
    "Bar Atateken": _short(
        {("STC", 0): LineIncident(not_shipped=1, reason="forgotten"), ("STC", 1): LineIncident(extra=1)}
    ),
    "Bar Ontario": Incident(cash_for=("HBL", "RUI"), returns={("can_public", CARRIER): 96}),
}
EVENING_TRUCK: Final = "Camion 4"
"""The truck whose tablet meets the network only in the evening."""
