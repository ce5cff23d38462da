"""When the solver has searched enough."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.problems import Problem, Text

MAX_SECONDS: Final = 86_400.0
MAX_ITERATIONS: Final = 10**9
INFEASIBLE_COST: Final = np.iinfo(np.int64).max
_PATIENCE: Final = 0.5


class BadStopRule(Problem):
    """The search has no end, or an impossible one."""

    slug = "planning-bad-stop-rule"
    title = Text("Durée de recherche invalide", "Invalid search length")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule:
    """Seconds, iterations, or whichever ends first. Only a count of iterations makes the same plan again.

    Raises:
        BadStopRule: neither is given, or one is out of bounds.
    """

    seconds: float | None = None
    iterations: int | None = None

    def __post_init__(self) -> None:
        """Refuse searches without an end."""
        seconds_fit = self.seconds is None or 0 < self.seconds <= MAX_SECONDS
        iterations_fit = self.iterations is None or 0 < self.iterations <= MAX_ITERATIONS
        if (self.seconds is None and self.iterations is None) or not (seconds_fit and iterations_fit):
            raise BadStopRule(
                Text(
                    f"Donnez de 0 à {MAX_SECONDS:.0f} secondes ou de 1 à {MAX_ITERATIONS} itérations.",
                    f"Give 0 to {MAX_SECONDS:.0f} seconds or 1 to {MAX_ITERATIONS} iterations.",
                )
            )


class Budget:
    """What is left of a stop rule while several searches share it."""

    def __init__(self, rule: StopRule, *, clock: Callable[[], float] = time.perf_counter) -> None:
        """Start the clock."""
        self._rule = rule
        self._clock = clock
        self._started_s = clock()
        self.iterations = 0

    @property
    def is_spent(self) -> bool:
        """Say whether the rule has ended."""
        spent_s = self._clock() - self._started_s
        return (self._rule.seconds is not None and spent_s >= self._rule.seconds) or (
            self._rule.iterations is not None and self.iterations >= self._rule.iterations
        )

    def criterion(self, *, share: float = 1.0, impatient: bool = False) -> Criterion:
        """Return when one search ends: at ``share`` of what is left, counted from now.

        An ``impatient`` search also ends half way when no legal plan was seen by then.
        """
        seconds_left = iterations_left = None
        if self._rule.seconds is not None:
            seconds_left = share * max(0.0, self._rule.seconds - (self._clock() - self._started_s))
        if self._rule.iterations is not None:
            iterations_left = max(1, round(share * (self._rule.iterations - self.iterations)))
        return Criterion(self, self._clock, seconds_left, iterations_left, impatient=impatient)


class Criterion:
    """Tells one search when to stop; called by the solver after each iteration with the best cost so far."""

    def __init__(
        self,
        budget: Budget,
        clock: Callable[[], float],
        seconds: float | None,
        iterations: int | None,
        *,
        impatient: bool,
    ) -> None:
        """Count from now."""
        self._budget, self._clock = budget, clock
        self._seconds, self._iterations, self._impatient = seconds, iterations, impatient
        self._started_s, self._calls = clock(), 0

    def __call__(self, best_cost: int) -> bool:
        """Say whether to stop."""
        spent = self._spent()
        if not self._ends(spent, best_cost):
            self._calls += 1
            self._budget.iterations += 1
            return False
        return True

    def _ends(self, spent: float, best_cost: int) -> bool:
        return spent >= 1.0 or (self._impatient and spent >= _PATIENCE and best_cost >= INFEASIBLE_COST)

    def _spent(self) -> float:
        shares = []
        if self._seconds is not None:
            shares.append((self._clock() - self._started_s) / self._seconds if self._seconds > 0 else 1.0)
        if self._iterations is not None:
            shares.append(self._calls / self._iterations)
        return max(shares)
