"""The rules of a delivery, in one place for both sides: its lines, and what follows from them."""

from shared.delivered_line import (
    DeliveredLine,
    Overage,
    Shortage,
    UnbalancedLine,
    outcome,
    overages,
    shortages,
)
from shared.settlement import (
    LinesMismatch,
    PricesMissing,
    SettlementPreview,
    preview_settlement,
    price_accepted,
)

__all__ = [
    "DeliveredLine",
    "LinesMismatch",
    "Overage",
    "PricesMissing",
    "SettlementPreview",
    "Shortage",
    "UnbalancedLine",
    "outcome",
    "overages",
    "preview_settlement",
    "price_accepted",
    "shortages",
]
