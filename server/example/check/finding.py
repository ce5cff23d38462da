"""What one check found: whether it holds, in figures, and where it does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from shared.problems import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose day is proven; ``tablets`` is the folder of the tablets' stores where there is one."""

    carrier_id: UUID
    runs_on: date
    tablets: Path | None = None


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
