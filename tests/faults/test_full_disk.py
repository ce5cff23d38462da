"""Disks fill up, on the tablet, under the store and under the log: it is said, nothing is lost, and it passes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.drill import Drill
from tests.factories.office_http import serving
from tests.factories.protocol_peer import OfficePeer
from tests.factories.real_office import web_office
from tests.factories.runs import make_run
from tests.factories.scripted import DAY, ROOT, day_script, outcomes
from tests.factories.small_disk import SmallDisk, can_mount, small_disk
from tests.factories.state import differences
from tests.factories.waiting import IS_NIGHT
from tests.factories.witnessed import losses, told
from tests.faults.conftest import Untroubled

pytestmark = [
    pytest.mark.timeout(900 if IS_NIGHT else 300),
    pytest.mark.skipif(not can_mount(), reason="no right to mount a small disk here"),
]
_MB = 1024 * 1024
_EACH_PUSH, _BY_NIGHT = (60_000,), (0, 20_000, 60_000)
ROOM = _BY_NIGHT if os.environ.get("DRILL_FULL_DISKS") else _EACH_PUSH


@pytest.fixture
def office() -> OfficePeer:
    """An office with one run of four stops."""
    peer = OfficePeer()
    peer.runs = (make_run(stops=4),)
    return peer


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 24 * _MB) as mounted:
        yield mounted


def drive(home: Path, server: str, script: dict) -> subprocess.CompletedProcess[str]:
    path = home.parents[1] / "script.json"
    path.write_text(json.dumps(script))
    command = [sys.executable, "-m", "tests.factories.witnessed", "--home", str(home), "--server", server, str(path)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.parametrize("room", ROOM)
def test_a_full_tablet_says_so_and_goes_on_later(room: int, office: OfficePeer, disk: SmallDisk) -> None:
    """G1, R025: no tick without room; what was ticked stays; with room again the same day ends and is sent once."""
    home = disk.place / "home"
    with serving(office) as server:
        first = drive(home, server, day_script() | {"runs": [], "push": False})
        (home / "reserve").unlink()  # given up once before: with it the whole day would still find room
        disk.fill(leaving_bytes=room)
        full = drive(home, server, day_script())
        problem = json.loads(full.stdout.splitlines()[-1])["problem"]
        assert losses(home, told(full.stdout)) == []
        disk.empty()
        last = drive(home, server, day_script())
    assert (first.returncode, full.returncode, last.returncode) == (0, 2, 0)
    assert problem["slug"] == "tablet-full"
    assert "mémoire est pleine" in problem["details"]["fr"]
    assert "Storage is full" in problem["details"]["en"]
    assert outcomes(office) == DAY
    assert len(office.disk.files) == 3 * 2 + 2


@pytest.mark.parametrize("room", ROOM)
def test_a_full_store_says_so_and_goes_on_later(
    room: int, drill: Drill, untroubled: Untroubled, disk: SmallDisk
) -> None:
    """G2, G7: no file is acknowledged that has no room; with room again the waiting tablet drains by itself."""
    shutil.copytree(drill.folder / "store", disk.place / "store")
    drill.environment |= {"TOURNEE_STORE_PATH": str(disk.place / "store")}
    disk.fill(leaving_bytes=room)
    with web_office(drill.environment, drill.folder / "office.log", is_ready=False) as office:
        said = drill.sync(url=office.url, patience_s=3, may_wait=True)
        problem = said[-1]["problem"]
        assert said[-1]["ending"] == "busy"
        assert "disque du bureau est plein" in problem["details"]["fr"]
        assert "disk is full" in problem["details"]["en"]
        assert said[-1]["waiting_files"] > said[-1]["waiting_events"] == 0  # events need no room in the store
        threading.Timer(2.0, disk.empty).start()
        said = drill.sync(url=office.url)
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, drill.state()) == {}


@pytest.mark.parametrize("room", ROOM)
def test_a_full_log_volume_stops_nothing(room: int, drill: Drill, untroubled: Untroubled, disk: SmallDisk) -> None:
    """G2: where the log has no room the office works on; later lines are written when there is room."""
    disk.fill(leaving_bytes=4096 + room // 100)
    log = disk.place / "office.log"
    with web_office(drill.environment | {"TOURNEE_LOG_LEVEL": "DEBUG"}, log) as office:
        said = drill.sync(url=office.url)
        assert disk.free_bytes < 4096
        before = log.stat().st_size
        disk.empty()
        assert office.is_ready()
    assert log.stat().st_size > before
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, drill.state()) == {}
