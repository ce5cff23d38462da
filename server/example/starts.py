"""Each start of a tablet's driver, kept beside its store: how it ended and what it printed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

KILLED: Final = -signal.SIGKILL
SUFFIX: Final = "-starts.jsonl"

type Phase = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Start:
    """One start: its exit code, negative for the signal that ended it, and the phases that it printed."""

    code: int
    phases: tuple[Phase, ...]

    @property
    def is_killed(self) -> bool:
        """Whether it died of SIGKILL, as a tablet that falls does."""
        return self.code == KILLED

    @property
    def kept_offline(self) -> int:
        """The events that a push without network left on the tablet."""
        pushes = [phase for phase in self.phases if phase["phase"] == "push" and phase["ending"] == "offline"]
        return max((int(phase["waiting_events"]) for phase in pushes), default=0)


def note_start(home: Path, start: Start) -> None:
    """Add a start to the tablet's journal and see it written."""
    with _journal(home).open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(asdict(start)) + "\n")
        journal.flush()
        os.fsync(journal.fileno())


def read_starts(home: Path) -> Sequence[Start]:
    """Return the starts of a tablet in order; none when it was never started."""
    if not _journal(home).exists():
        return ()
    kept = [json.loads(line) for line in _journal(home).read_text(encoding="utf-8").splitlines()]
    return [Start(one["code"], tuple(one["phases"])) for one in kept]


def _journal(home: Path) -> Path:
    return home.with_name(home.name + SUFFIX)
