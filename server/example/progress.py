"""Progress bars in French or English, with what the queue of jobs does meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy import text

from server.core.problems import Language, Problem, Text
from server.core.transaction import engine
from server.worker import Ran, run_until_empty

_POLL_S: Final = 0.5
_COUNT: Final = text(
    "SELECT count(*) FILTER (WHERE status = 'succeeded'), count(*) FROM procrastinate_jobs "
    "WHERE status = 'succeeded' OR scheduled_at IS NULL OR scheduled_at < now() + interval '1 hour'"  # not tonight's
)


class JobsFailed(Problem):
    """Jobs of the day ended with an error; the log says which."""

    slug = "example-jobs-failed"
    status = 500
    title = Text("Des tâches ont échoué", "Jobs failed")


class _Steps[Step](Sized, Iterable[Step], Protocol):
    """Something that is counted and walked."""


class Bars:
    """The bars of one run of the command; one line for each phase."""

    def __init__(self, console: Console, language: Language) -> None:
        """Draw on ``console``."""
        self._console = console
        self._language = language
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars inside the block."""
        with self._progress:
            yield

    def each[Step](self, title: Text, steps: _Steps[Step]) -> Iterator[Step]:
        """Yield the steps and move the bar after each; nothing to do draws no bar."""
        if not len(steps):
            return
        bar = self._add(title, len(steps))
        for step in steps:
            yield step
            self._progress.advance(bar)

    def jobs(self, title: Text) -> Ran:
        """Run the waiting jobs and what they enqueue, while the bar follows the queue.

        Raises:
            JobsFailed: one of them ended with an error.
        """
        done_before, known = _counts()
        if known == done_before:
            return Ran()
        bar, over = self._add(title, None), threading.Event()
        follower = threading.Thread(target=self._follow, args=(bar, done_before, over), daemon=True)
        follower.start()
        try:
            ran = run_until_empty()
        finally:
            over.set()
            follower.join()
        if ran.failed:
            names = ", ".join(sorted(set(ran.failed)))
            raise JobsFailed(
                Text(f"Voyez le journal\u00a0: {names}.", f"See the log: {names}."), where=str(len(ran.failed))
            )
        return ran

    def _follow(self, bar: TaskID, done_before: int, over: threading.Event) -> None:
        while True:
            is_last = over.is_set()
            done, known = _counts()
            self._progress.update(bar, completed=done - done_before, total=known - done_before)
            if is_last:
                return
            over.wait(_POLL_S)

    def _add(self, title: Text, total: int | None) -> TaskID:
        return self._progress.add_task(title.say(self._language), total=total)


def _counts() -> tuple[int, int]:
    with engine().connect() as connection:
        done, known = connection.execute(_COUNT).one()
        return int(done), int(known)
