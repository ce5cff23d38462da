"""What each screen shows of a driver's session."""

from __future__ import annotations

from dataclasses import dataclass

from driver_app.journey import Journey
from driver_app.signed import signed_at
from driver_app.statement import state
from driver_app.store import outbox, states
from driver_app.sync.engine import backlog
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
from driver_app.viewmodels.signed import SignedView, present_signed
from driver_app.viewmodels.stop import StopView, present_stop
from driver_app.viewmodels.sync import SyncView, present_sync
from driver_app.viewmodels.tour import TourView, present_tour


@dataclass(slots=True)
class Shown(Journey):
    """Reads of the session, as view-models."""

    def show_sync(self) -> SyncView:
        """Say what waits."""
        return present_sync(self.tablet.store.read(backlog), is_online=self.is_online, language=self.language)

    def show_tour(self) -> TourView:
        """Say what the list shows."""
        run = self.run
        stops = self.tablet.store.read(lambda session: states.stops_of(session, run.run_id))
        waiting = self.tablet.store.read(backlog).stops
        return present_tour(run, self.progress, stops, waiting, self.language, notice=self.show_sync().notice)

    def show_stop(self) -> StopView:
        """Say what the stop shows."""
        return present_stop(self.run, self.stop, self.draft, self.language)

    def show_signed(self) -> SignedView:
        """Say what was signed at the stop whose card was touched."""
        signed = self.tablet.store.read(lambda session: signed_at(session, **self._at, language=self.language))
        return present_signed(signed, self.run.timezone, self.language)

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
        """Say when the office was last heard, or what is wrong with this tablet."""
        notice = self.show_sync().notice
        return notice or present_contact(self.tablet.store.read(backlog), self.run.timezone, self.language)

    @property
    def expected_cash_cents(self) -> int:
        """What the cash box should have gained."""
        run_id = self.run.run_id
        return self.tablet.store.read(lambda session: expected_cash_cents(session, run_id))
