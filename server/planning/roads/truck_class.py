"""What the roads must know of a truck."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from string import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class TruckClass:
    """Size and weight of a kind of truck: one road network is built for each class."""

    name: str
    height_m: float
    width_m: float
    length_m: float
    weight_kg: int
    top_speed_kmh: int

    def profile(self) -> str:
        """Return the Lua profile of the road engine for this class."""
        template = resources.files("server.planning.roads").joinpath("truck.lua").read_text("utf-8")
        return Template(template).substitute(
            height_m=self.height_m,
            width_m=self.width_m,
            length_m=self.length_m,
            weight_kg=self.weight_kg,
            top_speed_kmh=self.top_speed_kmh,
        )


DELIVERY_TRUCK = TruckClass(name="truck", height_m=3.8, width_m=2.6, length_m=9.0, weight_kg=12_000, top_speed_kmh=95)
"""The straight truck of a distributor."""
