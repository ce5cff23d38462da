"""What one check found: whether it holds, in figures, and where it does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from shared.problems import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Drills:
    """What was to happen to tablets: the commit points at which one dies, once each, and the runs that sync last."""

    kill_points: tuple[str, ...] = ()
    late_runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose day is proven; ``tablets`` is the folder of the tablets' stores where there is one.

    ``drills`` is what was to happen to them, where that was planned.
    """

    carrier_id: UUID
    runs_on: date
    tablets: Path | None = None
    drills: Drills | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A check by its slug; ``faults`` name each thing that does not hold, none when all does."""

    slug: str
    title: Text
    figures: Text
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether there is no fault."""
        return not self.faults


def finding(slug: str, title: Text, figures: Text, faults: Iterable[str]) -> Finding:
    """Return a finding with its faults in order."""
    return Finding(slug=slug, title=title, figures=figures, faults=tuple(faults))
