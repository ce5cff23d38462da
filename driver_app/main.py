"""``python -m driver_app.main --home DIR --server URL``: the tablet's app in a window; wiring and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from threading import Thread
from typing import TYPE_CHECKING

os.environ.setdefault("KIVY_NO_ARGS", "1")
os.environ.setdefault("KIVY_NO_CONSOLELOG", "1")

from driver_app.actions.enrol import enrol
from driver_app.actions.lay_aside import begin_anew, require_over, require_still_there
from driver_app.clock import Clock, SystemClock
from driver_app.flow import Flow, Machine
from driver_app.old_logs import OldLogs
from driver_app.platform.desktop import Browser, FileSecrets, NoCamera, NoLocation, Wired
from driver_app.platform.fake import DrawnCamera
from driver_app.store import settings
from driver_app.sync.backoff import Backoff
from driver_app.sync.engine import Round, SyncEngine
from driver_app.sync.loop import SETTLE_S, SyncLoop
from driver_app.sync.transport import HttpTransport, Transport
from driver_app.tablet import Tablet, open_tablet
from shared.problems import Problem

if TYPE_CHECKING:
    from driver_app.ui.app import DriverApp


def main(arguments: list[str] | None = None) -> int:
    """Open the window and return 0 when it is closed; 2 when the tablet could not be opened or enrolled."""
    options = parser().parse_args(arguments)
    try:
        tablet = open_tablet(options.home, FileSecrets(options.home / "keys"))
        _enrol(tablet, options)
        _show(tablet, options)
    except Problem as problem:
        sys.stderr.write(f"{problem.title.fr} / {problem.title.en}\n{problem.detail.fr}\n{problem.detail.en}\n")
        return 2
    return 0


def _show(tablet: Tablet, options: argparse.Namespace) -> None:
    app, line = assemble(tablet, options, SystemClock())
    line.follow(tablet)
    keeps_on(app)
    try:
        app.run()
    finally:
        line.stop()
        app.flow.tablet.store.close()


def keeps_on(app: DriverApp) -> None:
    """Let no error of a gesture end the app: it is said in words."""
    from kivy.base import ExceptionManager

    from driver_app.ui.app import KeepsOn

    ExceptionManager.add_handler(KeepsOn(app))


def assemble(
    tablet: Tablet, options: argparse.Namespace, clock: Clock, *, settle_s: float = SETTLE_S
) -> tuple[DriverApp, Line]:
    """Return the app wired to its line to the office; the line follows the tablet when told to.

    ``settle_s`` is how long what was just sealed rests before it is sent.
    """
    from kivy.clock import Clock as Frames

    from driver_app.ui.app import DriverApp

    camera = DrawnCamera() if options.drawn_photos else NoCamera()
    flow = Flow(tablet, clock, Machine(camera, NoLocation(), Browser()))
    app = DriverApp(flow)

    def heard(ended: Round) -> None:
        flow.heard(ended)
        Frames.schedule_once(lambda _: app.synced())

    line = Line(options, clock, heard, settle_s=settle_s)

    def redeem(code: str, ended: Callable[[Problem | None], None]) -> None:
        line.redeem(flow.tablet, code, lambda problem: Frames.schedule_once(lambda _: ended(problem)))

    def confirm(ended: Callable[[Problem | None], None]) -> None:
        line.confirm(flow.tablet, lambda problem: Frames.schedule_once(lambda _: ended(problem)))

    app.renew, app.redeem, app.confirm = line.renew, redeem, confirm
    app.old_logs = lambda: line.old_logs.waiting
    flow.sealed = app.wake_sync = line.wake
    return app, line


class Line:
    """The sync of whichever tablet stands in the folder: one loop at a time."""

    def __init__(
        self, options: argparse.Namespace, clock: Clock, heard: Callable[[Round], None], *, settle_s: float = SETTLE_S
    ) -> None:
        """Take the office's address, the tablet's folder and name, the clock, and who hears of each round."""
        self._options, self._clock, self._heard, self._settle_s = options, clock, heard, settle_s
        self._loop: SyncLoop | None = None
        keys = FileSecrets(options.home / "keys")
        self.old_logs = OldLogs(options.home, keys, self._connect, clock, Wired())

    def follow(self, tablet: Tablet) -> None:
        """Sync this tablet from now on, and after each of its rounds the logs that were laid aside before it.

        Those go beside it: a day of theirs that goes up again, with its photos, holds nothing up that is done now.
        """
        engine = SyncEngine(tablet, self._connect(), self._clock, Wired())

        def hand_in_old() -> None:
            epoch = tablet.store.read(settings.position).epoch
            Thread(target=self.old_logs.send, args=(epoch,), name="old logs", daemon=True).start()

        self._loop = SyncLoop(engine, Backoff(SystemRandom()), self._heard, settle_s=self._settle_s, then=hand_in_old)
        self._loop.start()

    def wake(self) -> None:
        """Try again soon."""
        if self._loop is not None:
            self._loop.wake()

    def stop(self) -> None:
        """End after the round under way."""
        if self._loop is not None:
            self._loop.stop()

    def confirm(self, tablet: Tablet, ended: Callable[[Problem | None], None]) -> None:
        """Ask the office, beside the screen, whether the log may be laid aside; ``ended`` hears why not on that thread.

        ``renew`` alone goes by what was heard last, and an office may have been put back since.
        """
        self._beside("confirm", lambda: require_still_there(tablet, self._connect(), self._clock), ended)

    def renew(self, tablet: Tablet) -> Tablet:
        """Lay the tablet's log aside and return the fresh one; until it is enrolled, only the old logs are synced.

        Raises:
            Problem: it may not be laid aside; the loop goes on.
        """
        require_over(tablet)
        self.stop()
        fresh = begin_anew(tablet, FileSecrets(self._options.home / "keys"))
        self.follow(fresh)
        return fresh

    def redeem(self, tablet: Tablet, code: str, ended: Callable[[Problem | None], None]) -> None:
        """Enrol the tablet by a code, beside the screen, and sync it; ``ended`` hears of it on that thread."""

        def work() -> None:
            enrol(tablet, self._connect(), code=code, name=self._options.name, now=self._clock.now())
            self.stop()
            self.follow(tablet)

        self._beside("enrol", work, ended)

    def _connect(self) -> Transport:
        return HttpTransport(self._options.server)

    @staticmethod
    def _beside(name: str, work: Callable[[], None], ended: Callable[[Problem | None], None]) -> None:
        def run() -> None:
            try:
                work()
            except Problem as problem:
                ended(problem)
            else:
                ended(None)

        Thread(target=run, name=name, daemon=True).start()


def _enrol(tablet: Tablet, options: argparse.Namespace) -> None:
    known = tablet.store.read(lambda session: settings.load(session, settings.Enrolment))
    if options.enrol and known is None:
        transport = HttpTransport(options.server)
        enrol(tablet, transport, code=options.enrol, name=options.name, now=SystemClock().now())


def parser() -> argparse.ArgumentParser:
    """Return what the command takes."""
    wanted = argparse.ArgumentParser(prog="python -m driver_app.main", description=main.__doc__)
    wanted.add_argument("--home", type=Path, required=True, help="folder of the tablet's store and keys")
    wanted.add_argument("--server", required=True, help="address of the office, e.g. http://127.0.0.1:8000")
    wanted.add_argument("--enrol", metavar="CODE", help="one-time code of the dispatcher, the first time")
    wanted.add_argument("--name", default="Tablette", help="name under which the dispatcher sees this tablet")
    wanted.add_argument("--drawn-photos", action="store_true", help="draw photos instead of taking them")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
