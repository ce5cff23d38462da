"""The power goes while the tablet writes: what the screen had ticked is there, and the day ends the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from tests.factories.office_http import serving
from tests.factories.power_cut_disk import PowerCutDisk, can_mount
from tests.factories.protocol_peer import OfficePeer
from tests.factories.runs import make_run
from tests.factories.scripted import DAY, ROOT, day_script, outcomes
from tests.factories.waiting import IS_NIGHT
from tests.factories.witnessed import losses, told

pytestmark = [
    pytest.mark.timeout(900 if IS_NIGHT else 300),
    pytest.mark.skipif(not can_mount(), reason="no /dev/fuse here, or no right to mount: power cannot be cut"),
]
CUTS_A_DAY = 5
DAYS = int(os.environ.get("DRILL_POWER_CUT_DAYS", "1"))
FIRST_SEED = int(os.environ.get("DRILL_SEED", "1"))
_CHANGES_OF_A_DAY = 700


@dataclass
class Day:
    """A tablet on a flash that loses its power, and its office."""

    folder: Path
    server: str
    plant: str = ""
    disk: PowerCutDisk = field(default_factory=PowerCutDisk)
    cuts: int = 0

    def drive(self, *, cut_after: int = 0, seed: int = 0) -> list[str]:
        """Drive until the power goes at the ``cut_after``-th change, or the day ends; return what was lost."""
        script = self.folder / "script.json"
        script.write_text(json.dumps(day_script()))
        command = [
            sys.executable,
            "-m",
            "tests.factories.witnessed",
            "--home",
            str(self.folder / "flash" / "app" / "home"),
        ]
        with self.disk.mounted(self.folder / "flash", cut_after=cut_after, seed=seed):
            self.ended = subprocess.run(
                [*command, "--server", self.server, str(script)], cwd=ROOT, capture_output=True, text=True, check=False,
                timeout=300, env=os.environ | {"PYTHONPATH": str(ROOT), "DRILL_PLANT": self.plant},
            )  # fmt: skip
            self.was_cut = self.disk.is_cut
        self.cuts += 1
        remains = self.folder / f"remains-{self.cuts}"
        self.disk.copy_to(remains)
        return losses(remains / "app" / "home", told(self.ended.stdout))


@pytest.fixture
def office() -> OfficePeer:
    """An office with one run of four stops."""
    peer = OfficePeer()
    peer.runs = (make_run(stops=4),)
    return peer


@pytest.fixture
def server(office: OfficePeer) -> Iterator[str]:
    with serving(office) as address:
        yield address


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + DAYS))
def test_what_was_ticked_survives_power_cuts(seed: int, office: OfficePeer, server: str, tmp_path: Path) -> None:
    """G1, R025: cut after cut while it writes, nothing ticked is lost or broken; the day reaches the office once."""
    day, dice = Day(tmp_path, server), Random(seed)
    for number in range(CUTS_A_DAY):
        at = dice.randint(1, _CHANGES_OF_A_DAY // (CUTS_A_DAY - 1))
        assert day.drive(cut_after=at, seed=seed * 1000 + number) == [], f"seed {seed}, cut {number} at change {at}"
        assert day.was_cut, f"seed {seed}: the power held"
    assert day.drive() == []
    assert day.ended.returncode == 0, day.ended.stdout + day.ended.stderr
    assert outcomes(office) == DAY
    assert len(office.disk.files) == 3 * 2 + 2


@pytest.mark.parametrize("plant", ["off", "wal-normal"])
def test_a_store_that_does_not_synchronise_is_caught(plant: str, server: str, tmp_path: Path) -> None:
    """G1: the drill is worth its name: with either planted bug, it finds what was ticked and is gone."""
    day = Day(tmp_path, server, plant)
    assert day.drive(cut_after=_CHANGES_OF_A_DAY // 4, seed=4) != []
