"""A driver's way through the app, without any screen: what each gesture does."""

from __future__ import annotations

from dataclasses import dataclass

from driver_app.actions.arrive import arrive
from driver_app.actions.correct import correct_stop, leave_as_signed, undo_finish
from driver_app.actions.counting import add_photo, collect_cash, set_containers, set_delivered, set_reason
from driver_app.actions.failure import fail_stop
from driver_app.actions.finish import UNDO_MS, finish_stop
from driver_app.actions.run import end_run, start_run
from driver_app.actions.signing import Signing
from driver_app.actions.unlock import choose_nip, prefer, unlock
from driver_app.journey import Machine, NothingOpen
from driver_app.shown import Shown
from driver_app.signed import signed_at
from driver_app.store import outbox, states
from driver_app.store.drafts import CollectionDraft, ContainerDraft
from driver_app.store.settings import Preferences
from driver_app.sync.engine import Round

__all__ = ["Flow", "Machine", "NothingOpen"]


@dataclass(slots=True)
class Flow(Shown):
    """Gestures call actions, one each, with the moment read here, at the door."""

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

    def start(self, run_id: str, cash_float_cents: int, *, vehicle_checked: bool) -> None:
        """Leave the depot with the run that was on the screen.

        Raises:
            RunWithdrawn: the office took it off meanwhile.
        """
        self.require_held(run_id)
        start_run(
            self.tablet,
            run_id=run_id,
            now=self.clock.now(),
            cash_float_cents=cash_float_cents,
            vehicle_checked=vehicle_checked,
        )
        self.run_id = run_id
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

    def finish(self, signing: Signing | None, seen: str) -> None:
        """Seal the open stop as the signer saw it; it can be undone for ten seconds."""
        finish_stop(
            self.tablet,
            run_id=self.run_id,
            stop_id=self.stop_id,
            signing=signing,
            language=self.language,
            now=self.clock.now(),
            place=self.machine.location.fix(),
            seen=seen,
        )
        self.undoable = self.stop_id
        self.sealed()

    def undo(self) -> None:
        """Take the last finish back and open its stop."""
        undo_finish(self.tablet, run_id=self.run_id, stop_id=self.undoable, now=self.clock.now())
        self.stop_id, self.undoable = self.undoable, ""

    def look_at(self, stop_id: str) -> None:
        """Look at what was signed at a finished stop; nothing changes."""
        at = {"run_id": self.run.run_id, "stop_id": stop_id}
        self.tablet.store.read(lambda session: signed_at(session, **at, language=self.language))
        self.stop_id = stop_id

    def correct(self) -> None:
        """Open the finished stop that is looked at, to correct it."""
        correct_stop(self.tablet, **self._at)

    def leave_as_signed(self) -> None:
        """Drop the correction of the open stop."""
        leave_as_signed(self.tablet, **self._at)

    def end(self, run_id: str, cash_counted_cents: int) -> None:
        """Come back to the depot with the run that was on the screen."""
        end_run(self.tablet, run_id=run_id, cash_counted_cents=cash_counted_cents, now=self.clock.now())
        self.sealed()

    def heard(self, ended: Round) -> None:
        """Note whether the office answered."""
        self.is_online = ended.ending not in ("offline", "busy")

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
