"""The network cuts, resets, doubles, swallows and slows; the tablet drains through it all the same."""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.factories.drill import Drill
from tests.factories.far_network import OFFICE_HOST, far_network, why_not
from tests.factories.fault_proxy import KINDS, MOBILE_BYTES_PER_S, Trouble, bad_network
from tests.factories.real_office import web_office
from tests.factories.state import differences
from tests.factories.waiting import IS_NIGHT
from tests.faults.conftest import Untroubled

pytestmark = pytest.mark.timeout(900 if IS_NIGHT else 300)
PATIENCE_S = 600 if IS_NIGHT else 150
TIMEOUT_S, TIMEOUT_ON_A_SLOW_LINE_S = 4, 15
_CUTS = ("cut_request", "cut_answer")
_RESETS = ("reset_request", "reset_answer", "refuse")
_SWALLOWS = ("swallow_request", "swallow_answer")
EACH_PUSH = (
    Trouble(1, _CUTS, rate=0.4, most=20),
    Trouble(2, _RESETS, rate=0.4, most=20),
    Trouble(3, ("duplicate",), rate=0.5, most=40),
    Trouble(4, _SWALLOWS, rate=0.3, most=2, latency_s=0.2),
    Trouble(5, KINDS[:-2], rate=0.1, most=4, bytes_per_s=4 * MOBILE_BYTES_PER_S),  # by night as slow as it gets
)
FIRST_SEED = int(os.environ.get("DRILL_SEED", "1001"))
MORE = int(os.environ.get("DRILL_NETWORKS", "0"))


def any_trouble(seed: int) -> Trouble:
    """Return a network drawn from a seed: now fast and rude, now slow and far."""
    dice = Random(seed)
    slow, far = dice.random() < 0.2, dice.choice((0.0, 0.0, 0.05, 0.3))
    kinds = tuple(dice.sample(KINDS, dice.randint(1, len(KINDS))))
    swallows = bool({"swallow_request", "swallow_answer"} & set(kinds))
    return Trouble(
        seed,
        kinds,
        rate=dice.uniform(0.2, 0.5),
        most=6 if swallows else dice.randint(8, 40),
        latency_s=2.0 if seed % 50 == 0 else far,
        bytes_per_s=MOBILE_BYTES_PER_S if slow else 0.0,
    )


TROUBLES = tuple(map(any_trouble, range(FIRST_SEED, FIRST_SEED + MORE))) or EACH_PUSH


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: f"seed-{trouble.seed}")
def test_the_tablet_drains_through_a_bad_network(trouble: Trouble, drill: Drill, untroubled: Untroubled) -> None:
    """G3, G8, R025: the same day through a bad network; a cut costs one chunk or batch sent again, at most."""
    with (
        web_office(drill.environment, drill.folder / "office.log") as office,
        bad_network(office.port, trouble) as (url, tally),
    ):
        timeout_s = TIMEOUT_ON_A_SLOW_LINE_S if trouble.bytes_per_s or trouble.latency_s > 1 else TIMEOUT_S
        said = drill.sync(url=url, patience_s=PATIENCE_S, timeout_s=timeout_s)
    assert tally.faults, f"seed {trouble.seed} harms nothing"
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, drill.state()) == {}
    assert tally.sent_again_without_need == {}


@pytest.mark.skipif("DRILL_NETWORKS" not in os.environ, reason="by night: see tools/nightly.py")
def test_the_tablet_drains_through_a_thin_wire(drill: Drill, untroubled: Untroubled) -> None:
    """G3, G8: 40 kbit/s of the kernel's own, with lost packets and outages: the same day reaches the office once."""
    if reason := why_not():
        pytest.skip(reason)
    with (
        far_network(seed=FIRST_SEED) as wire,
        web_office(drill.environment, drill.folder / "office.log", host=OFFICE_HOST) as office,
    ):
        said = drill.sync(url=office.url, patience_s=PATIENCE_S, timeout_s=30, inside=wire.inside)
    assert wire.outages > 0
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, drill.state()) == {}
