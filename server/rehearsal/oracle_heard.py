"""The visits that the office took, and since when it had what a correction of one of them corrects."""

from __future__ import annotations

from dataclasses import dataclass

from server.rehearsal.oracle_money import Json
from server.rehearsal.oracle_said import Stop, Taken


@dataclass(frozen=True, slots=True)
class _Heard:
    """A visit that the office took."""

    stop: Stop
    device: str
    received_ms: int
    corrects: str


class Visits:
    """Every visit that counted, by its event."""

    def __init__(self) -> None:
        """Begin with none."""
        self._heard: dict[str, _Heard] = {}

    def hear(self, said: Json, taken: Taken) -> None:
        """Keep one that counts."""
        corrects = said["payload"]["corrects"]
        self._heard[said["event_id"]] = _Heard(said["stop_id"], taken.device, taken.received_ms, corrects)

    def is_of(self, visit: str, stop: Stop, device: str = "") -> bool:
        """Say whether it was heard, of this stop and, where one is given, by this tablet."""
        heard = self._heard.get(visit)
        return heard is not None and heard.stop == stop and device in {"", heard.device}

    def told_by(self, visit: str) -> set[str]:
        """Return a visit with those that it corrects: what it left as it was stands by them."""
        told: set[str] = set()
        while visit in self._heard and visit not in told:
            told.add(visit)
            visit = self._heard[visit].corrects
        return told

    def had_none_of(self, visit: str, sealed_ms: int | None, taken: Taken) -> bool:
        """Say whether the office had neither this visit nor one that it corrects when a correction was sealed.

        What comes in one batch with the first of them was sealed before, whatever the tablet's clock says.
        """
        first_ms = min(self._heard[one].received_ms for one in self.told_by(visit))
        return first_ms == taken.received_ms or (sealed_ms is not None and sealed_ms < first_ms)
