"""Tablets for tests: enrolled, with runs pulled, in a folder of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from driver_app.actions.enrol import enrol
from driver_app.actions.unlock import choose_nip
from driver_app.clock import Moment, VirtualClock
from driver_app.platform.desktop import FileSecrets, Wired
from driver_app.store.commit_points import Reached, pass_by
from driver_app.sync.engine import SyncEngine
from driver_app.tablet import Tablet, open_tablet
from shared.wire.bundle import BundleRun, BundleStop
from tests.factories.protocol_peer import CODE, OfficePeer
from tests.factories.runs import STARTS_AT_MS, make_run

NIP = "2468"


@dataclass
class Cab:
    """A tablet, its office and its clock."""

    home: Path
    office: OfficePeer = field(default_factory=OfficePeer)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(STARTS_AT_MS))
    reached: Reached = pass_by
    connection: object = field(default_factory=Wired)

    def __post_init__(self) -> None:
        self.tablet = self._open()

    def _open(self) -> Tablet:
        return open_tablet(self.home, FileSecrets(self.home / "keys"), reached=self.reached)

    def restart(self) -> None:
        """Close the app and open it again."""
        self.tablet.store.close()
        self.tablet = self._open()

    @property
    def engine(self) -> SyncEngine:
        return SyncEngine(self.tablet, self.office, self.clock, self.connection)

    @property
    def now(self) -> Moment:
        return self.clock.now()

    @property
    def run(self) -> BundleRun:
        return self.office.runs[0]

    def stop(self, position: int = 0) -> BundleStop:
        return self.run.stops[position]

    def at(self, position: int = 0) -> dict[str, str]:
        """Return the ids that actions take."""
        return {"run_id": self.run.run_id, "stop_id": self.stop(position).stop_id}


def make_cab(home: Path, *runs: BundleRun) -> Cab:
    """Return an enrolled tablet with its NIP chosen and its runs pulled."""
    cab = Cab(home)
    cab.office.runs = runs or (make_run(),)
    enrol(cab.tablet, cab.office, code=CODE, name="Tablette 7", now=cab.now)
    choose_nip(cab.tablet, nip=NIP)
    assert cab.engine.pull().ending == "done"
    return cab
