"""Where the driver is: the tablet, the run, the stop, and what the machine can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from driver_app.actions.unlock import has_nip
from driver_app.clock import Clock
from driver_app.platform.protocols import Camera, Handover, Location
from driver_app.store import bundles, drafts, states
from driver_app.store.drafts import StopDraft
from driver_app.store.settings import Preferences
from driver_app.tablet import Tablet
from shared.problems import Language, Problem, Text
from shared.wire.bundle import BundleRun, BundleStop


class RunWithdrawn(Problem):
    """The office took the run off that the screen still shows."""

    slug = "tablet-run-withdrawn"
    status = 409
    title = Text("Tournée retirée", "Run withdrawn")


class NothingOpen(Problem):
    """No run or stop is chosen."""

    slug = "tablet-nothing-open"
    status = 409
    title = Text("Rien d’ouvert", "Nothing open")


@dataclass(slots=True)
class Machine:
    """What the tablet can do besides: photos, position, other apps."""

    camera: Camera
    location: Location
    handover: Handover


@dataclass(slots=True)
class Journey:
    """One driver's session: what is open, and what was entered there."""

    tablet: Tablet
    clock: Clock
    machine: Machine
    sealed: Callable[[], None] = lambda: None
    run_id: str = ""
    stop_id: str = ""
    undoable: str = ""
    is_online: bool = False
    _preferences: Preferences | None = field(default=None)

    def take(self, tablet: Tablet) -> None:
        """Go on with another tablet: nothing is open on it yet."""
        self.tablet = tablet
        self.run_id = self.stop_id = self.undoable = ""
        self._preferences = None

    @property
    def preferences(self) -> Preferences:
        """How this driver likes the screens."""
        if self._preferences is None:
            self._preferences = self.tablet.preferences
        return self._preferences

    @property
    def language(self) -> Language:
        """The language of the screens."""
        return self.preferences.language

    @property
    def has_nip(self) -> bool:
        """Whether a NIP was chosen on this tablet."""
        return has_nip(self.tablet)

    @property
    def run(self) -> BundleRun:
        """The run that the driver works on: the one under way, else the first on the list.

        Raises:
            NothingOpen: the tablet holds no run.
        """
        held = self.tablet.store.read(bundles.current)
        found = next((run for run in held if run.run_id == self.run_id), None) or self._under_way(held)
        if found is None:
            raise NothingOpen(Text("Aucune tournée sur cette tablette.", "No run on this tablet."))
        self.run_id = found.run_id
        return found

    @property
    def has_run(self) -> bool:
        """Whether there is one: the office takes a run off that it has whole."""
        try:
            return bool(self.run)
        except NothingOpen:
            return False

    def move_on(self) -> bool:
        """Choose the next run that is not back yet when the chosen one is; return whether there was one."""
        held = self.tablet.store.read(bundles.current)
        following = self._under_way(held)
        chosen = next((run for run in held if run.run_id == self.run_id), None)
        if chosen is None or following is None or not self._is_back(chosen) or self._is_back(following):
            return False
        self.run_id, self.stop_id, self.undoable = following.run_id, "", ""
        return True

    def require_held(self, run_id: str) -> None:
        """Refuse to act on a run that is no longer on the tablet's list.

        Raises:
            RunWithdrawn: the office took it off since the screen showed it.
        """
        if run_id not in {run.run_id for run in self.tablet.store.read(bundles.current)}:
            raise RunWithdrawn(
                Text(
                    "Le bureau a retiré cette tournée\u00a0: rien n’est parti. Voyez la tournée affichée maintenant.",
                    "The office withdrew this run: nothing has left. See the run that is shown now.",
                ),
                where=run_id,
            )

    @property
    def stop(self) -> BundleStop:
        """The stop that is open."""
        return bundles.stop_of(self.run, self.stop_id)

    @property
    def draft(self) -> StopDraft:
        """What was entered at the open stop.

        Raises:
            NothingOpen: no stop is open.
        """
        found = self.tablet.store.read(lambda db: drafts.load(db, run_id=self.run_id, stop_id=self.stop_id))
        if found is None:
            raise NothingOpen(Text("Aucun arrêt n’est ouvert.", "No stop is open."))
        return found

    @property
    def progress(self) -> states.RunProgress:
        """How far the run is."""
        run_id = self.run.run_id
        return self.tablet.store.read(lambda session: states.run_progress(session, run_id))

    @property
    def _at(self) -> dict[str, str]:
        return {"run_id": self.run_id, "stop_id": self.stop_id}

    def _draft_of(self, run_id: str, stop_id: str) -> StopDraft | None:
        return self.tablet.store.read(lambda session: drafts.load(session, run_id=run_id, stop_id=stop_id))

    def _is_back(self, run: BundleRun) -> bool:
        return self.tablet.store.read(lambda session: states.run_progress(session, run.run_id)).returned_ms is not None

    def _under_way(self, held: tuple[BundleRun, ...]) -> BundleRun | None:
        progress = {
            run.run_id: self.tablet.store.read(lambda session, run=run: states.run_progress(session, run.run_id))  # type: ignore[misc]  # the loop's value is bound on purpose
            for run in held
        }
        under_way = [run for run in held if progress[run.run_id].is_under_way]
        waiting = [run for run in held if progress[run.run_id].returned_ms is None]
        return next(iter(under_way or waiting or held), None)
