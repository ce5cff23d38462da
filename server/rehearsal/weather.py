"""How bad a rehearsed day is: drawn once from its seed, so that kinds of faults meet in every combination."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final, Literal

type Profile = Literal["calm", "network", "faults", "full"]
type Copied = Literal["", "a second tablet", "put back"]
"""What becomes of a copy of a tablet's folder: a second tablet goes on with it, or it is put back later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Shares of calls, commits or stops at which each accident happens; all 0 is a perfect day."""

    request_lost: float = 0.0
    answer_lost: float = 0.0
    request_doubled: float = 0.0
    request_late: float = 0.0
    request_cut: float = 0.0
    damaged: float = 0.0
    office_busy: float = 0.0
    tablet_killed: float = 0.0
    office_killed: float = 0.0
    power_cut: float = 0.0
    disk_full: float = 0.0
    backed_up: float = 0.0
    restored: float = 0.0
    rolled_back: float = 0.0
    second_tablet: bool = False
    revoked: bool = False
    poisoned: float = 0.0
    undone: float = 0.0
    corrected: float = 0.0
    replaced: bool = False
    run_changed: float = 0.0
    side_by_side: float = 0.0
    clock_shift_ms: int = 0
    clock_jump_ms: int = 0
    metered: float = 0.0
    office_corrects: float = 0.0
    office_decides: float = 0.0
    order_revised: float = 0.0
    order_changed: float = 0.0
    credits_decided: float = 0.0
    replanned: float = 0.0
    run_settled: float = 0.0
    copied: Copied = ""
    batch: int = 200


_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
_EPOCH_1970_MS: Final = -1_795_000_000_000  # from a day in 2026
_EPOCH_2038_MS: Final = 353_000_000_000
SHIFTS_MS: Final = (0, 0, 0, 20_000, -420_000, 3 * _DAY, -3 * _DAY, _HOUR, -_HOUR, _EPOCH_1970_MS, _EPOCH_2038_MS)
JUMPS_MS: Final = (0, 0, -_HOUR, 20 * _DAY, 20 * _DAY, -400_000)


def draw_weather(random: Random, profile: Profile) -> Weather:
    """Return a day's weather: ``network`` has bad networks and kills alone, ``faults`` everything but people's doings.

    ``full`` begins as ``faults``; what people add is drawn apart.
    """
    if profile == "calm":
        return Weather()
    weather = Weather(
        request_lost=random.choice((0.0, 0.05, 0.2)),
        answer_lost=random.choice((0.0, 0.05, 0.2)),
        request_doubled=random.choice((0.0, 0.1, 0.3)),
        request_late=random.choice((0.0, 0.1, 0.2)),
        request_cut=random.choice((0.0, 0.0, 0.1)),
        office_busy=random.choice((0.0, 0.0, 0.1)),
        tablet_killed=random.choice((0.0, 0.01, 0.04)),
        office_killed=random.choice((0.0, 0.01, 0.08)),
        undone=random.choice((0.0, 0.2)),
        metered=random.choice((0.0, 0.7)),
        batch=random.choice((1, 2, 3, 200)),
    )
    return weather if profile == "network" else _with_everything(weather, random)


def draw_day(seed: int, random: Random, profile: Profile) -> Weather:
    """Return the weather of a seed's day; what was added later is drawn apart, so that older days stay the same."""
    weather = draw_weather(random, profile)
    if profile != "calm":
        weather = with_damage(weather, Random(f"damaged beside the chain {seed}"))
    if profile in {"faults", "full"}:
        weather = with_second_thoughts(weather, Random(f"second thoughts {seed}"))
    if profile == "full":
        weather = with_decisions(weather, Random(f"decisions {seed}"))
        weather = with_endings(weather, Random(f"endings {seed}"))
        weather = with_copies(weather, Random(f"a tablet copied {seed}"))
        weather = with_changes(weather, Random(f"orders changed {seed}"))
    return weather


def with_damage(weather: Weather, random: Random) -> Weather:
    """Return a day on which, perhaps, digits flip on the way; drawn apart, so that days without stay as they were."""
    return replace(weather, damaged=random.choice((0.0, 0.0, 0.0, 0.7)))


def with_second_thoughts(weather: Weather, random: Random) -> Weather:
    """Return a day of every fault on which, perhaps, drivers also correct stops, and a lost tablet is replaced.

    Drawn apart from the rest, so that days without either stay as they were.
    """
    return replace(
        weather,
        corrected=random.choice((0.0, 0.0, 0.5)),
        replaced=weather.revoked and random.random() < 0.5,
    )


def with_decisions(weather: Weather, random: Random) -> Weather:
    """Return a day on which, perhaps, people of the office correct, decide and revise; drawn apart, too."""
    return replace(
        weather,
        office_corrects=random.choice((0.0, 0.2, 0.5)),
        office_decides=random.choice((0.0, 0.3, 0.8)),
        order_revised=random.choice((0.0, 0.0, 0.4)),
    )


def with_endings(weather: Weather, random: Random) -> Weather:
    """Return a day on which, perhaps, people settle runs whenever they are let; drawn apart, too."""
    return replace(weather, run_settled=random.choice((0.0, 0.3, 0.6)))


def with_copies(weather: Weather, random: Random) -> Weather:
    """Return a day on which, perhaps, a tablet's folder is copied; drawn apart, too."""
    return replace(weather, copied=random.choice(("", "", "", "", "a second tablet", "put back")))


def with_changes(weather: Weather, random: Random) -> Weather:
    """Return a day on which, perhaps, sellers change orders, decide of credits, and plan again; drawn apart, too."""
    return replace(
        weather,
        order_changed=random.choice((0.0, 0.0, 0.7)),
        credits_decided=random.choice((0.0, 0.0, 0.5)),
        replanned=random.choice((0.0, 0.0, 0.3)),
    )


def _with_everything(weather: Weather, random: Random) -> Weather:
    return replace(
        weather,
        power_cut=random.choice((0.0, 0.1)),
        disk_full=random.choice((0.0, 0.0, 0.05)),
        backed_up=random.choice((0.0, 0.4, 0.8)),
        restored=random.choice((0.0, 0.04, 0.1)),
        rolled_back=random.choice((0.0, 0.0, 0.05)),
        second_tablet=random.random() < 0.25,
        revoked=random.random() < 0.15,
        poisoned=random.choice((0.0, 0.0, 0.3)),
        run_changed=random.choice((0.0, 0.3)),
        side_by_side=random.choice((0.0, 0.0, 0.4)),
        clock_shift_ms=random.choice(SHIFTS_MS),
        clock_jump_ms=random.choice(JUMPS_MS),
    )
