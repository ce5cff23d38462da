"""The tablet dies at each of its commit points on one day, against the real office over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from driver_app.store.commit_points import COMMIT_POINTS
from tests.factories.drill import Cluster, Drill, Morning, day_script, morning_of
from tests.factories.state import Digest
from tests.factories.waiting import IS_NIGHT

pytestmark = pytest.mark.timeout(900 if IS_NIGHT else 300)

NOT_IN_A_SCRIPT = ("undo_finish", "correct_stop", "standing", "set_preference", "unlock", "keep_file")
_FLOW = (
    "enrol:answered", "enrol", "set_nip", "pull:answered", "pull", "start_run", "arrive", "set_line", "collect_cash",
    "add_photo", "finish_stop", "fail_stop", "set_containers", "end_run", "contact", "upload:chunk_sent",
    "upload:answered", "keep_upload", "take_batch", "push:answered", "receive", "prune",
)  # fmt: skip
_SIDES = ("before_commit", "after_commit")
# in the order in which a day reaches them last, so that each start still has its point before it
POINTS = [point for name in _FLOW for point in ([name] if ":" in name else [f"{name}:{side}" for side in _SIDES])]
# what does not hang on the ids and salts that each tablet makes for itself
COMPARED = ("runs", "stops", "orders", "visits", "deliveries", "delivery lines", "invoices", "credits", "numbers",
            "postings", "payments", "collections", "containers", "container entries", "stock", "variances",
            "discrepancies", "jobs")  # fmt: skip


@pytest.fixture(scope="module")
def loaded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    """A loaded truck whose tablet is not enrolled yet."""
    with pytest.MonkeyPatch.context() as patch:
        yield morning_of(cluster, tmp_path_factory.mktemp("loaded"), patch, driven=False)


def test_the_drill_knows_every_commit_point() -> None:
    """A new write of the app comes into the drill, or is named as one that no script reaches."""
    assert set(POINTS) == {point for point in COMMIT_POINTS if not point.startswith(NOT_IN_A_SCRIPT)}


def whole_day(morning: Morning) -> dict:
    return day_script(morning.world, morning.stops) | {"enrol": morning.code, "pull": True, "push": True}


def end_of(drill: Drill) -> Digest:
    found = drill.state()
    seen = {part: found[part] for part in COMPARED}
    return seen | {"visits": [row[:-1] for row in found["visits"]]}  # a driver who starts again signs a little later


def test_tablet_killed_at_each_of_its_commit_points(loaded: Morning, tmp_path_factory: pytest.TempPathFactory) -> None:
    """G1, G3, R025: one death at every point, a new start after each; the day ends as without any."""
    with Drill(loaded, tmp_path_factory.mktemp("whole")) as drill:
        drill.serve()
        drill.sync(**whole_day(loaded))
        untroubled = end_of(drill)
    with Drill(loaded, tmp_path_factory.mktemp("deaths")) as drill:
        drill.serve()
        survived = []
        for point in POINTS:
            drill.sync(**whole_day(loaded), kill_at=point)
            survived += [] if drill.tablet_died else [point]
        said = drill.sync(**whole_day(loaded))
        assert survived == []
        assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
        assert end_of(drill) == untroubled
