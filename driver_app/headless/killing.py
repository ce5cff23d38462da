"""Death at a named commit point, once: the drill of a tablet that falls from the truck."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driver_app.platform.desktop import FileSecrets
from driver_app.store.commit_points import COMMIT_POINTS, CommitPoint
from shared.problems import Problem, Text


class UnknownCommitPoint(Problem):
    """A script names a commit point that the app does not have."""

    slug = "unknown-commit-point"
    title = Text("Point d’arrêt inconnu", "Unknown commit point")


class Killer:
    """Kills this process at the armed point; a mark on disk keeps the next start from dying there again."""

    def __init__(self, home: Path) -> None:
        """Keep the marks beside the store."""
        self._marks = FileSecrets(home / "drill")
        self._armed: dict[CommitPoint, str] = {}

    def __call__(self, point: CommitPoint) -> None:
        """Die here when this point is armed."""
        mark = self._armed.get(point)
        if mark is not None:
            self._marks.keep(mark, point.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def armed(self, point: CommitPoint | None, scope: str) -> Iterator[None]:
        """Arm ``point`` for the time of the block, unless it has killed in this scope before.

        Raises:
            UnknownCommitPoint: there is no such point.
        """
        if point is not None and point not in COMMIT_POINTS:
            raise UnknownCommitPoint(
                Text(
                    f"«\u00a0{point}\u00a0» n’est pas un point d’arrêt connu.",
                    f"“{point}” is not a known commit point.",
                ),
                where=scope,
            )
        mark = f"{scope}-{point}".replace(":", "-")
        if point is not None and self._marks.load(mark) is None:
            self._armed[point] = mark
        try:
            yield
        finally:
            self._armed.pop(point or "", None)
