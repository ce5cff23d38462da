"""What all players of a day share."""

from __future__ import annotations

from dataclasses import dataclass

from server.rehearsal.clockwork import WorldTime
from server.rehearsal.injected import Chance, Injected
from server.rehearsal.weather import Weather


@dataclass(slots=True)
class Surroundings:
    """Time, weather, and what the weather does; the weather clears up at the end of the day."""

    time: WorldTime
    weather: Weather
    chance: Chance
    injected: Injected

    def strikes(self, kind: str, share: float) -> bool:
        """Say whether an accident of this kind and probability happens now, and count it."""
        if not self.chance.hits(share):
            return False
        self.injected.count(kind)
        return True
