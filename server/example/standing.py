"""What the day stands on: a database and a store for each kind of store, the roads, the settings that say so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.core.ground import VAR, StoreKind, store_ground
from server.core.settings import PREFIX, reload_settings
from server.core.transaction import forget_engine
from server.example.cast import CARRIER_ID, RUN_DAY
from server.example.check.finding import Drills, Scope
from server.example.incidents import EVENING_TRUCK, INCIDENTS

__all__ = ["VAR", "DayPlace", "StoreKind", "standing"]


@dataclass(frozen=True, slots=True)
class DayPlace:
    """Where a day keeps its things: ``var`` holds the servers, ``folder`` what the day leaves."""

    var: Path
    store: StoreKind

    @property
    def folder(self) -> Path:
        """The folder of report, documents and proofs."""
        return self.var / "day"

    @property
    def tablets(self) -> Path:
        """The folder of the tablets' homes; each kind of store has a day of its own, hence tablets of its own."""
        return self.folder / ("tablets" if self.store == "local" else f"tablets-{self.store}")

    @property
    def scope(self) -> Scope:
        """Whose day it is, where its tablets are, and what was to happen to them."""
        return Scope(
            carrier_id=CARRIER_ID,
            runs_on=RUN_DAY,
            tablets=self.tablets if self.tablets.exists() else None,
            drills=Drills(
                kill_points=tuple(one.kill_at for one in INCIDENTS.values() if one.kill_at),
                late_runs=(EVENING_TRUCK,),
            ),
        )


@contextmanager
def standing(place: DayPlace) -> Iterator[None]:
    """Hold database and store inside the block, with the settings of this process and its children pointing there."""
    before = dict(os.environ)
    place.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.callback(_restore, before)
        os.environ.setdefault(f"{PREFIX}SECRETS_PATH", str(place.var / "secrets"))
        os.environ.setdefault(f"{PREFIX}ROADS_PATH", str(place.var / "roads"))
        os.environ.setdefault(f"{PREFIX}LOG_LEVEL", "WARNING")
        stack.enter_context(store_ground(place.store, place.var))
        stack.callback(forget_engine)
        yield


def _restore(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
    reload_settings()
