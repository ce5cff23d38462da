"""Web workers, database, job worker and tablets die by SIGKILL, one after another, while several tablets push."""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest

from tests.factories.drill import Cluster
from tests.factories.fleet import TABLETS, Fleet, KillLoop, fleet_of
from tests.factories.state import Digest, differences
from tests.factories.waiting import IS_NIGHT

pytestmark = pytest.mark.timeout(2 * 3600 if IS_NIGHT else 480)
SECONDS = float(os.environ.get("DRILL_KILL_SECONDS", "30"))
FIRST_SEED = int(os.environ.get("DRILL_SEED", "1"))
KILLS_A_ROUND = 14


@pytest.fixture(scope="module")
def fleet(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """Several carriers' days, each on its tablet."""
    with pytest.MonkeyPatch.context() as patch:
        return fleet_of(cluster, tmp_path_factory.mktemp("fleet"), patch)


@pytest.fixture(scope="module")
def calm(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Digest:
    """The same days when nobody dies."""
    with KillLoop(fleet, tmp_path_factory.mktemp("calm")) as loop:
        loop.fight(most=0)
        loop.work()
        return loop.state()


def test_nothing_acknowledged_is_lost_under_fire(
    fleet: Fleet, calm: Digest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """G1-G4: what a tablet has a receipt for is at the office after every death; the books end as without any."""
    assert len(calm["visits"]) == TABLETS * 4
    ends_s, seed, kills = time.monotonic() + SECONDS, FIRST_SEED, Counter[str]()
    while seed == FIRST_SEED or time.monotonic() < ends_s:
        with KillLoop(fleet, tmp_path_factory.mktemp(f"round{seed}"), seed) as loop:
            loop.fight(most=KILLS_A_ROUND)
            assert set(loop.acknowledged) == set(loop.homes), f"seed {seed}"
            loop.work()
            assert differences(calm, loop.state()) == {}, f"seed {seed}, {dict(loop.kills)}"
        kills += loop.kills
        seed += 1
    assert kills.total() >= 8, f"nearly nobody died: {dict(kills)}"  # a round may drain before four have died
    assert len(kills) >= 3, dict(kills)
