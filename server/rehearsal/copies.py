"""What nobody promised to survive unseen: a tablet's folder is copied, and two logs go on under one key.

Either another tablet goes on with the copy, or the copy takes the place of what its tablet has done since. The office
follows one branch, keeps the other as it came, and a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.rehearsal.books import received_files
from server.rehearsal.cab import Cab
from server.rehearsal.dispatch import Dispatch
from server.rehearsal.injected import Chance
from server.rehearsal.oracle_said import files_of
from server.sync.service.strays import retire_stream

_WHY: Final = "Comparé avec le livreur."
_WHEN: Final = 0.5


class Copies:
    """Copies a tablet at most once a day, from a chance of its own; ``split`` are the tablets that it happened to.

    ``gone`` are files whose last copy went with what an old copy has written over: the office did not have them then,
    or a restore took them since.
    """

    def __init__(self, dispatch: Dispatch, chance: Chance, cabs: Sequence[Cab]) -> None:
        """Watch the tablets in the drivers' hands; nothing is copied yet."""
        self.split: set[str] = set()
        self.gone: set[str] = set()
        self._dispatch, self._chance, self._cabs = dispatch, chance, cabs
        self._around = dispatch.around
        self._kept: tuple[Cab, Path, str] | None = None

    def between_stops(self, run_id: str, hand_over: Callable[[Cab], object]) -> None:
        """Perhaps copy a tablet, or put an earlier copy of the same run back on it."""
        wanted = self._around.weather.copied
        if not wanted or self.split or not self._chance.hits(_WHEN):
            return
        if self._kept is not None and self._kept[2] == run_id:
            self._put_back(*self._kept[:2])
            return
        cab, folder = self._chance.random.choice(self._cabs), self._dispatch.ground.folder / "tablets" / "copy"
        if wanted == "put back":
            if self._kept is None:
                cab.copy_to(folder)
                self._kept = (cab, folder, run_id)
            return
        self.split.add(cab.device_id)
        self._around.injected.count("tablet copied")
        hand_over(cab.copied(f"copy of {cab.name}", folder))

    def decide(self) -> None:
        """Let a person keep the office's branch of each forked tablet: its key is trusted no more."""
        found = self._dispatch.ground.rows.all("SELECT device_id FROM device_stream WHERE state = 'forked' ORDER BY 1")
        for (device,) in found:
            if self._chance.hits(_WHEN):
                self._retire(device)

    def look_for_gone(self) -> None:
        """Note which files of overwritten events nobody has any more; called whenever the office may have lost some."""
        overwritten = [event for cab in self._cabs for _seq, event in cab.journal.overwritten]
        if overwritten:
            has = received_files(self._dispatch.ground.rows, self._dispatch.carrier_id)
            self.gone = {sha256 for event in overwritten for sha256 in files_of(event)} - has

    def _put_back(self, cab: Cab, folder: Path) -> None:
        self.split.add(cab.device_id)
        self._around.injected.count("old copy put back")
        cab.put_back(folder)
        self.look_for_gone()

    def _retire(self, device: UUID) -> None:
        time = self._around.time
        time.advance(1)
        with transaction(self._dispatch.carrier_id) as session:
            retire_stream(session, device, note=_WHY, stamp=Stamp(by=None, at=time.instant()))
        self._around.injected.count("fork decided")
        self._dispatch.revoked.setdefault(str(device), time.instant())
        time.advance(1)
