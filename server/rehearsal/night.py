"""A night of rehearsed days: written down in chunks, so that one that was cut short goes on where it stopped."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from server.rehearsal.running import Summary, Wanted, rehearse

CHUNK: Final = 100
"""Days between two lines of the record."""
_PLAYED: Final = (":/server", ":/shared", ":/driver_app", ":/requirements")


class Night:
    """The days that are wanted, less those that the record has from the same code."""

    def __init__(self, wanted: Wanted, workers: int, record: Path | None) -> None:
        """Read the record, if there is one."""
        self.total = Summary()
        self.played = 0
        self._wanted, self._workers, self._record = wanted, workers, record
        self._code = _commit() if record else ""
        for known in self._known():
            self.total.add(known["summary"])

    def chunks(self) -> Iterator[int]:
        """Play what is left; yield how many days there are after each chunk."""
        left = self.left
        if not left.days:
            return
        days = rehearse(left, workers=self._workers)
        first = left.seed
        while chunk := list(islice(days, CHUNK)):
            summary = Summary()
            for day in chunk:
                summary.hear(day)
            self.played += len(chunk)
            self.total.add(summary.record())
            self._write(first, summary)
            first += len(chunk)
            yield self.total.days

    @property
    def left(self) -> Wanted:
        """The days that are left. Chunks are written in the order of their seeds: what is known is the beginning."""
        return replace(self._wanted, days=self._wanted.days - self.total.days, seed=self._wanted.seed + self.total.days)

    def _known(self) -> Iterator[dict[str, Any]]:
        if self._record is None or not self._record.exists():
            return
        follows = self._wanted.seed
        for line in self._record.read_text(encoding="utf-8").splitlines():
            known = json.loads(line)
            days = known["summary"]["days"]
            is_ours = bool(self._code) and _what(known) == (self._code, self._wanted.profile, self._wanted.planted)
            if is_ours and known["first"] == follows and follows + days <= self._wanted.seeds.stop:
                follows += days
                yield known

    def _write(self, first: int, summary: Summary) -> None:
        if self._record is None:
            return
        self._record.parent.mkdir(parents=True, exist_ok=True)
        wanted = self._wanted
        line = {
            "code": self._code,
            "profile": wanted.profile,
            "planted": wanted.planted,
            "first": first,
            "summary": summary.record(),
        }
        with self._record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _what(known: dict[str, Any]) -> tuple[str, str, str]:
    return known["code"], known["profile"], known.get("planted", "")


def _commit() -> str:
    """Return the last commit of what days are played with; nothing once it was changed: no two such nights are one."""
    changed = _git("status", "--porcelain", "--", *_PLAYED)
    return "" if changed else _git("log", "-1", "--format=%H", "--", *_PLAYED)


def _git(*words: str) -> str:
    command = ["git", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
