"""A driver's way through the app, without any screen: which run, which stop, and what each gesture does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from driver_app.actions.arrive import arrive
from driver_app.actions.correct import correct_stop, undo_finish
from driver_app.actions.counting import add_photo, collect_cash, set_containers, set_delivered, set_reason
from driver_app.actions.failure import fail_stop
from driver_app.actions.finish import UNDO_MS, finish_stop
from driver_app.actions.run import end_run, start_run
from driver_app.actions.signing import Signing
from driver_app.actions.unlock import choose_nip, has_nip, prefer, unlock
from driver_app.clock import Clock
from driver_app.platform.protocols import Camera, Handover, Location
from driver_app.statement import state
from driver_app.store import bundles, drafts, outbox, states
from driver_app.store.drafts import CollectionDraft, ContainerDraft, StopDraft
from driver_app.store.settings import Preferences
from driver_app.sync.engine import Round, backlog
from driver_app.tablet import Tablet
from driver_app.takings import expected_cash_cents
from driver_app.viewmodels.details import (
    ChoiceView,
    ContainerView,
    GapsView,
    PaymentView,
    present_containers,
    present_failures,
    present_gaps,
    present_payment,
)
from driver_app.viewmodels.ending import EndingView, PairView, present_contact, present_ending, present_outbox
from driver_app.viewmodels.proof import ProofView, present_proof
from driver_app.viewmodels.stop import StopView, present_stop
from driver_app.viewmodels.sync import SyncView, present_sync
from driver_app.viewmodels.tour import TourView, present_tour
from shared.problems import Language, Problem, Text
from shared.wire.bundle import BundleRun, BundleStop


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
class Flow:
    """One driver's session. Reads give view-models; gestures call actions with the moment read here, at the door."""

    tablet: Tablet
    clock: Clock
    machine: Machine
    sealed: Callable[[], None] = lambda: None
    run_id: str = ""
    stop_id: str = ""
    undoable: str = ""
    is_online: bool = False
    _preferences: Preferences | None = field(default=None)

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

    def prefer(self, preferences: Preferences) -> None:
        """Keep how this driver likes the screens."""
        prefer(self.tablet, preferences)
        self._preferences = preferences

    def unlock(self, nip: str) -> None:
        """Let the driver in, choosing the NIP the first time."""
        if self.has_nip:
            unlock(self.tablet, nip=nip, now=self.clock.now())
        else:
            choose_nip(self.tablet, nip=nip)

    def start(self, cash_float_cents: int, *, vehicle_checked: bool) -> None:
        """Leave the depot."""
        start_run(
            self.tablet,
            run_id=self.run.run_id,
            now=self.clock.now(),
            cash_float_cents=cash_float_cents,
            vehicle_checked=vehicle_checked,
        )
        self.sealed()

    def open_stop(self, stop_id: str) -> None:
        """Arrive at a stop, or open it again."""
        arrive(self.tablet, run_id=self.run.run_id, stop_id=stop_id, now=self.clock.now())
        self.stop_id = stop_id
        self.sealed()

    def count(self, line_id: str, delivered: int) -> None:
        """Set what the customer took of one line."""
        set_delivered(self.tablet, **self._at, line_id=line_id, delivered=delivered)

    def explain(self, line_id: str, reason: str) -> None:
        """Say why a line is short."""
        set_reason(self.tablet, **self._at, line_id=line_id, reason=reason)

    def fail(self, failure: str) -> None:
        """Say why nothing was delivered, or take that back."""
        fail_stop(self.tablet, **self._at, failure=failure)

    def photograph(self, line_id: str = "") -> bool:
        """Take a photo; False when the camera gave none."""
        jpeg = self.machine.camera.take()
        if jpeg is None:
            return False
        add_photo(self.tablet, **self._at, jpeg=jpeg, now=self.clock.now(), line_id=line_id)
        return True

    def take_back(self, counts: dict[tuple[str, str], int]) -> None:
        """Set the empties of the stop, by class and owner."""
        returned = [
            ContainerDraft(container_class=code, owner_id=owner, returned=total)
            for (code, owner), total in counts.items()
        ]
        set_containers(self.tablet, **self._at, returned=returned)

    def collect(self, issuer_id: str, amount_cents: int) -> None:
        """Set the cash taken for one issuer."""
        taken = CollectionDraft(issuer_id=issuer_id, method="cash", amount_cents=amount_cents)
        collect_cash(self.tablet, **self._at, taken=taken)

    def finish(self, signing: Signing | None) -> None:
        """Seal the open stop; it can be undone for ten seconds."""
        finish_stop(
            self.tablet,
            run_id=self.run_id,
            stop_id=self.stop_id,
            signing=signing,
            language=self.language,
            now=self.clock.now(),
            place=self.machine.location.fix(),
        )
        self.undoable = self.stop_id
        self.sealed()

    def undo(self) -> None:
        """Take the last finish back and open its stop."""
        undo_finish(self.tablet, run_id=self.run_id, stop_id=self.undoable, now=self.clock.now())
        self.stop_id, self.undoable = self.undoable, ""

    def correct(self, stop_id: str) -> None:
        """Open a finished stop to correct it."""
        correct_stop(self.tablet, run_id=self.run.run_id, stop_id=stop_id)
        self.stop_id = stop_id

    def end(self, cash_counted_cents: int) -> None:
        """Come back to the depot."""
        end_run(self.tablet, run_id=self.run.run_id, cash_counted_cents=cash_counted_cents, now=self.clock.now())
        self.sealed()

    def heard(self, ended: Round) -> None:
        """Note whether the office answered."""
        self.is_online = ended.ending not in ("offline", "busy")

    def show_sync(self) -> SyncView:
        """Say what waits."""
        return present_sync(self.tablet.store.read(backlog), is_online=self.is_online, language=self.language)

    def show_tour(self) -> TourView:
        """Say what the list shows."""
        run = self.run
        stops = self.tablet.store.read(lambda session: states.stops_of(session, run.run_id))
        waiting = self.tablet.store.read(backlog).stops
        return present_tour(run, self.progress, stops, waiting, self.language)

    def show_stop(self) -> StopView:
        """Say what the stop shows."""
        return present_stop(self.run, self.stop, self.draft, self.language)

    def show_gaps(self) -> GapsView:
        """Say which differences are to be explained."""
        return present_gaps(self.run, self.stop, self.draft, self.language)

    def show_failures(self) -> tuple[ChoiceView, ...]:
        """Return why nothing could be delivered, to choose from."""
        return present_failures(self.run, self.draft, self.language)

    def show_containers(self) -> tuple[ContainerView, ...]:
        """Return the empties to count."""
        return present_containers(self.stop, self.draft, self.language)

    def show_payment(self) -> tuple[PaymentView, ...]:
        """Return what is to be collected."""
        return present_payment(self.stop, self.draft, self.language)

    def show_proof(self) -> ProofView:
        """Say what the signer sees."""
        return present_proof(self.stop, state(self.run, self.stop, self.draft, self.language))

    def show_ending(self) -> EndingView:
        """Say what comes back."""
        run = self.run
        found = {stop.stop_id: self._draft_of(run.run_id, stop.stop_id) for stop in run.stops}
        return present_ending(
            run,
            {stop_id: draft for stop_id, draft in found.items() if draft is not None},
            cash_cents=self.expected_cash_cents,
            is_returned=self.progress.returned_ms is not None,
            language=self.language,
        )

    def show_outbox(self) -> tuple[PairView, ...]:
        """Return the run's log, newest first."""
        run = self.run
        entries = self.tablet.store.read(lambda session: outbox.entries(session, run_id=run.run_id))
        names = {stop.stop_id: stop.place.name for stop in run.stops}
        return present_outbox(entries, names, run.timezone, self.language)

    def show_contact(self) -> str:
        """Say when the office was last heard."""
        return present_contact(self.tablet.store.read(backlog), self.run.timezone, self.language)

    @property
    def expected_cash_cents(self) -> int:
        """What the cash box should have gained."""
        run_id = self.run.run_id
        return self.tablet.store.read(lambda session: expected_cash_cents(session, run_id))

    @property
    def undo_left_ms(self) -> int:
        """How long the last finish can still be undone."""
        progress = self.tablet.store.read(
            lambda session: states.stop_progress(session, run_id=self.run_id, stop_id=self.undoable)
        )
        entry = progress and self.tablet.store.read(lambda session: outbox.entry_of(session, progress.event_id))
        if not entry or not entry.is_held(self.clock.now()):
            return 0
        return UNDO_MS - (self.clock.now().monotonic_ms - entry.sealed_monotonic_ms)

    @property
    def _at(self) -> dict[str, str]:
        return {"run_id": self.run_id, "stop_id": self.stop_id}

    def _draft_of(self, run_id: str, stop_id: str) -> StopDraft | None:
        return self.tablet.store.read(lambda session: drafts.load(session, run_id=run_id, stop_id=stop_id))

    def _under_way(self, held: tuple[BundleRun, ...]) -> BundleRun | None:
        progress = {
            run.run_id: self.tablet.store.read(lambda session, run=run: states.run_progress(session, run.run_id))  # type: ignore[misc]
            for run in held
        }
        under_way = [run for run in held if progress[run.run_id].is_under_way]
        waiting = [run for run in held if progress[run.run_id].returned_ms is None]
        return next(iter(under_way or waiting or held), None)
