"""Whole days of drivers and office under faults, beside the reference model; each push plays the small column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.rehearsal.day import DayReport, RehearsedDay
from server.rehearsal.ground import Ground
from server.rehearsal.office import Hazard
from server.rehearsal.planted_twice import BETWEEN
from server.rehearsal.plants import PLANTS
from server.rehearsal.weather import Profile

CATCHING: dict[str, list[int]] = json.loads((Path(__file__).parent / "catching_seeds.json").read_text(encoding="utf-8"))
FOUND: list[dict[str, Any]] = json.loads((Path(__file__).parent / "known_seeds.json").read_text(encoding="utf-8"))
NETWORK_DAYS, FULL_DAYS, A_TEST = 200, 20, 10


def played(ground: Ground, seed: int, profile: Profile, *, planted: str = "") -> DayReport:
    return RehearsedDay(ground, seed, profile, planted=planted).run()


OF_EVERY_FAULT = {"closes-early", "branch-forgotten", "fork-keeps-photos", "money-stands", "credit-stands"}
OF_EVERY_FAULT |= {"fee-kept", "strangers-credit", "unapproved", "overage-kept", "empties-backwards"}
OF_EVERY_FAULT |= {"first-terms-stand", "struck-unbilled", "changed-under-invoice", "refusal-credits"}
OF_EVERY_FAULT |= {"cents-left"}


def weather_of(planted: str) -> Profile:
    """What people do, and copied tablets, come on days of every fault alone."""
    return "full" if planted in OF_EVERY_FAULT else "faults"


_known: dict[tuple[int, Profile], DayReport] = {}


def known(ground: Ground, seed: int, profile: Profile) -> DayReport:
    """Return the report of a day as the product is; several tests look at the same one."""
    if (seed, profile) not in _known:
        _known[seed, profile] = played(ground, seed, profile)
    return _known[seed, profile]


def wrong(ground: Ground, first: int, profile: Profile, days: int = A_TEST) -> dict[int, list[str]]:
    """Return what does not hold, by seed: `tournee rehearse --days 1 --seed N` plays that day again."""
    reports = [known(ground, seed, profile) for seed in range(first, first + days)]
    assert sum(report.events for report in reports) > days * (days > 1)
    return {report.seed: report.verdict.said() for report in reports if not report.verdict.holds}


def test_calm_days_end_as_the_model_says(ground: Ground) -> None:
    """M4, G4: without any fault the books are what a model follows from the events alone, to the cent."""
    assert wrong(ground, 0, "calm", 4) == {}


@pytest.mark.parametrize("first", range(0, NETWORK_DAYS, A_TEST))
def test_days_on_bad_networks(first: int, ground: Ground) -> None:
    """M4, G3, G8: messages lost, doubled, late and cut, both sides killed: 0 lost, doubled, misordered, cents wrong."""
    assert wrong(ground, first, "network") == {}


@pytest.mark.parametrize("first", range(0, FULL_DAYS, A_TEST))
def test_days_under_every_fault(first: int, ground: Ground) -> None:
    """M4, G1 to G8: restores, rollbacks, full disks, wrong clocks, revoked and second tablets on top of that."""
    assert wrong(ground, first, "full") == {}


def test_a_seed_plays_the_same_day_again(ground: Ground) -> None:
    """M4: the seed that is printed replays its day exactly, whatever was played in between."""
    first, other = (known(ground, seed, "full") for seed in (8, 9))
    again = played(ground, 8, "full")
    assert first.trace == again.trace
    assert first.trace != other.trace
    assert (first.events, first.faults) == (again.events, again.faults)


@pytest.mark.parametrize("planted", sorted(PLANTS))
def test_a_planted_mistake_is_caught(planted: str, ground: Ground) -> None:
    """M4: the model and the faults are strong enough to find each known mistake, on the seeds that are recorded."""
    seeds = CATCHING[planted]
    assert 0 < len(seeds) <= 10
    assert max(seeds) < 2_000
    profile = weather_of(planted)
    assert any(not played(ground, seed, profile, planted=planted).verdict.holds for seed in seeds)


def test_two_transactions_show_only_when_the_office_dies_between_them(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M4, G3: with two careful transactions the very same day holds, unless the office dies between the two."""
    (seed,) = CATCHING["two-transactions"]
    killed = played(ground, seed, "faults", planted="two-transactions")
    assert killed.deaths[BETWEEN] > 0
    assert {finding.split()[0] for finding in killed.verdict.lost} >= {"delivered", "invoiced"}
    reach = Hazard.reach

    def reach_elsewhere(self: Hazard, place: str) -> None:
        if self._within != BETWEEN:
            reach(self, place)

    monkeypatch.setattr(Hazard, "reach", reach_elsewhere)
    spared = played(ground, seed, "faults", planted="two-transactions")
    assert (spared.deaths[BETWEEN], spared.verdict.said()) == (0, [])
    assert spared.faults["office killed"] > 0


@pytest.mark.parametrize(
    ("profile", "seed"), sorted({(weather_of(planted), seed) for planted, seeds in CATCHING.items() for seed in seeds})
)
def test_a_catching_seed_holds_without_its_plant(profile: Profile, seed: int, ground: Ground) -> None:
    """M4: what catches a planted mistake finds nothing in the product as it is."""
    assert wrong(ground, seed, profile, 1) == {}


@pytest.mark.parametrize("found", FOUND, ids=lambda found: f"{found['profile']}-{found['seed']}")
def test_a_day_that_once_found_a_fault_holds(found: dict[str, Any], ground: Ground) -> None:
    """M4: what a night found never comes back."""
    assert wrong(ground, found["seed"], found["profile"], 1) == {}
