"""What is wrong with a day, under its heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

HEADS: Final = ("lost", "doubled", "out_of_order", "cents_wrong", "replay_differs")


@dataclass(slots=True)
class Verdict:
    """What is wrong, in words; empty lists are a day that holds."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    cents_wrong: list[str] = field(default_factory=list)
    replay_differs: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not any(getattr(self, head) for head in HEADS)

    def said(self) -> list[str]:
        """Return every finding with its head."""
        return [f"{head}: {one}" for head in HEADS for one in getattr(self, head)]
