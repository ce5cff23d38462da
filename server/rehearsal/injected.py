"""What a rehearsed day did to its players, counted, and traced so that a replay can be told from another day."""

from __future__ import annotations

import hashlib
from collections import Counter
from random import Random
from typing import Final

KINDS: Final = (
    "tablet killed",
    "tablet restarted by a power cut",
    "tablet disk full",
    "tablet clock wrong",
    "tablet revoked",
    "tablet replaced",
    "second tablet on the run",
    "poisoned event",
    "undo",
    "correction",
    "office killed",
    "office restored",
    "office rolled back",
    "office backed up",
    "request lost",
    "answer lost",
    "request doubled",
    "request late",
    "request cut",
    "digit flipped",
    "office too busy",
    "run changed",
    "bundles side by side",
    "office corrects",
    "office decides",
    "order revised",
    "line struck",
    "price changed",
    "discount changed",
    "invoice voided",
    "invoice left standing",
    "billed by hand",
    "credit decided",
    "order planned again",
    "run settled",
    "settling refused",
    "tablet copied",
    "old copy put back",
    "fork decided",
)


class Injected:
    """Counts faults by kind and digests everything that happened, in order."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.faults: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()
        self._trace = hashlib.sha256()

    def count(self, kind: str) -> None:
        """Count one fault of a listed kind."""
        if kind not in KINDS:
            raise ValueError(f"{kind} is not a listed fault")
        self.faults[kind] += 1
        self.note(kind)

    def kill_office(self, place: str) -> None:
        """Count a death of the office, and where it died."""
        self.count("office killed")
        self.deaths[place] += 1

    def note(self, happened: str) -> None:
        """Add to the trace alone."""
        self._trace.update(happened.encode() + b"\n")

    @property
    def trace(self) -> str:
        """Equal for two days in which the same happened in the same order."""
        return self._trace.hexdigest()


class Chance:
    """The one source of a day's accidents; a share of 0 draws nothing."""

    def __init__(self, seed: str) -> None:
        """Begin the sequence of ``seed``."""
        self.random = Random(seed)

    def hits(self, share: float) -> bool:
        """Say whether something of this probability happens now."""
        return share > 0 and self.random.random() < share
