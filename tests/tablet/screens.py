"""An app on a tablet of its own, for tests of the real screens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driver_app.flow import Flow, Machine
from driver_app.platform.desktop import NoLocation
from driver_app.platform.fake import DrawnCamera, NotedHandover
from driver_app.store.settings import Preferences
from shared.wire.bundle import BundleRun
from tests.factories.tablets import NIP, Cab, make_cab

from tests.tablet.pilot import Pilot  # isort: skip - sets Kivy up before anything imports it

from driver_app.ui.app import DriverApp


@contextmanager
def driving(home: Path, *runs: BundleRun, preferences: Preferences | None = None) -> Iterator[tuple[Cab, Pilot]]:
    """Yield an enrolled tablet and a pilot at its first screen."""
    cab = make_cab(home, *runs)
    flow = Flow(cab.tablet, cab.clock, Machine(DrawnCamera(), NoLocation(), NotedHandover()))
    if preferences is not None:
        flow.prefer(preferences)
    pilot = Pilot(DriverApp(flow))
    try:
        yield cab, pilot
    finally:
        pilot.close()
        cab.tablet.store.close()


def unlock(pilot: Pilot) -> None:
    """Type the NIP."""
    for digit in NIP:
        pilot.tap(f"key-{digit}")
    pilot.tap("pad-accept")


def depart(pilot: Pilot) -> None:
    """Unlock, check the truck and leave."""
    unlock(pilot)
    for test_id in ("vehicle", "load", "start"):
        pilot.tap(test_id)
