"""The tablet dies at each of its commit points on one day, against the real office over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from driver_app.store.commit_points import COMMIT_POINTS
from tests.factories.drill import Cluster, Drill, Morning, day_script, morning_of
from tests.factories.state import Digest
from tests.factories.waiting import IS_NIGHT

pytestmark = pytest.mark.timeout(900 if IS_NIGHT else 300)

_FLOW = (
    "enrol:answered", "enrol", "set_nip", "unlock", "set_preference", "pull:answered", "pull", "keep_file",
    "start_run", "arrive", "set_line", "collect_cash", "add_photo", "finish_stop", "fail_stop", "set_containers",
    "undo_finish", "correct_stop", "end_run", "contact", "upload:chunk_sent", "upload:answered", "keep_upload",
    "take_batch", "push:answered", "standing", "receive", "prune",
)  # fmt: skip
_SIDES = ("before_commit", "after_commit")
# in the order in which a day reaches them last, so that each start still has its point before it
POINTS = [point for name in _FLOW for point in ([name] if ":" in name else [f"{name}:{side}" for side in _SIDES])]
NEW_KEY_BEFORE = "contact:before_commit"  # the tablet follows it, which is what it writes as its standing
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
    """G3: a new write of the app comes into the drill."""
    assert sorted(POINTS) == sorted(COMMIT_POINTS)


def whole_day(morning: Morning) -> dict:
    """Return a day with everything that the app can write: stops undone and corrected, a missed NIP, a preference."""
    script = day_script(morning.world, morning.stops)
    by_stop = {stop["stop_id"]: stop for stop in script["runs"][0]["stops"]}
    for shop in "567":
        by_stop.setdefault(morning.stops[shop], {"stop_id": morning.stops[shop]})["undone"] = True
    for shop in "57":
        by_stop[morning.stops[shop]]["corrected"] = {"#0": {"not_shipped": 1, "reason": "forgotten"}}
    runs = [script["runs"][0] | {"stops": list(by_stop.values())}]
    told = {"enrol": morning.code, "wrong_nips": ["1357"], "prefers": {"left_handed": True}, "pull": True, "push": True}
    return script | told | {"runs": runs}


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
    assert {row[1] for row in untroubled["deliveries"]} == {1, 2}, "no stop was corrected"
    with Drill(loaded, tmp_path_factory.mktemp("deaths")) as drill:
        drill.serve()
        survived = []
        for point in POINTS:
            if point == NEW_KEY_BEFORE:
                drill.rotate_keys()
            drill.sync(**whole_day(loaded), kill_at=point)
            survived += [] if drill.tablet_died else [point]
        said = drill.sync(**whole_day(loaded))
        assert survived == []
        assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
        assert end_of(drill) == untroubled
