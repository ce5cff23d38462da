"""A driver's day at a tablet: counts, photos, signatures, second thoughts, and a button that sends."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any, Literal

from driver_app.actions.arrive import arrive
from driver_app.actions.checking import unphotographed
from driver_app.actions.correct import CorrectionBelongsToOffice, TooLateToUndo, correct_stop, undo_finish
from driver_app.actions.counting import add_photo, collect_cash, set_containers, set_line
from driver_app.actions.failure import fail_stop
from driver_app.actions.finish import finish_stop
from driver_app.actions.run import end_run, start_run
from driver_app.actions.sealing import seal
from driver_app.clock import Moment
from driver_app.store import bundles, drafts, outbox, states
from driver_app.store.database import Session
from driver_app.store.drafts import CollectionDraft, ContainerDraft, LineDraft, StopDraft
from driver_app.tablet import Tablet
from driver_app.takings import expected_cash_cents
from server.rehearsal import drawn
from server.rehearsal.cab import Cab
from server.rehearsal.clockwork import MINUTE_MS
from shared.disclosure import seal_tree
from shared.ids import new_id
from shared.visit import CARRIER
from shared.wire.bundle import BundleRun, BundleStop
from shared.wire.event import EventType

_SIGNERS = ("Éloïse Gagné", "Zoé Pèlerin", "Noël L’Écuyer")
_FAILURES = ("refused", "closed", "absent")
_SHORT = {"breakage": "lost", "missing": "lost", "forgotten": "not_shipped", "refused_item": "returned"}


class Driver:
    """Works through runs on one tablet; every tap goes through ``Cab.do``, so that it survives the app's deaths."""

    def __init__(self, cab: Cab) -> None:
        """Take the tablet."""
        self.cab = cab
        self._random: Random = cab.around.chance.random

    def runs(self) -> tuple[BundleRun, ...]:
        """Return the runs on the tablet's list, by their start."""
        return self.cab.tablet.store.read(bundles.current)

    def leave(self, run_id: str) -> None:
        """Leave the depot."""
        self.cab.do(lambda tablet, now: start_run(tablet, run_id=run_id, now=now, cash_float_cents=10_000))

    def visit(self, run_id: str, stop_id: str) -> None:
        """Deliver a stop, whatever happens at the door."""
        around = self.cab.around
        if around.chance.hits(around.weather.poisoned):
            self._seal_poison(run_id, stop_id)
        self.cab.do(lambda tablet, now: arrive(tablet, run_id=run_id, stop_id=stop_id, now=now))
        around.time.advance(2 * MINUTE_MS)
        self._count(run_id, stop_id)
        self._finish(run_id, stop_id)
        if around.chance.hits(around.weather.undone):
            self._undo(run_id, stop_id)

    def think_again(self, run_id: str, stop_id: str) -> None:
        """Now and then correct a stop that was just delivered."""
        around = self.cab.around
        if around.chance.hits(around.weather.corrected) and not self._draft(run_id, stop_id).failure:
            self._correct(run_id, stop_id)

    def think_of_before(self, run_id: str, stop_id: str) -> None:
        """Correct an earlier stop that this tablet delivered."""
        progress = self.cab.tablet.store.read(
            lambda session: states.stop_progress(session, run_id=run_id, stop_id=stop_id)
        )
        if progress is None or not progress.event_id:
            return
        if progress.is_finished and not self._draft(run_id, stop_id).failure:
            self._correct(run_id, stop_id)

    def _correct(self, run_id: str, stop_id: str) -> None:
        """Say it anew, as long as the tablet lets its driver; from then on the office does."""

        def act(tablet: Tablet, _: Moment) -> bool:
            if _is_finished(tablet, run_id, stop_id):
                try:
                    correct_stop(tablet, run_id=run_id, stop_id=stop_id)
                except CorrectionBelongsToOffice:
                    return False
            return True

        if self.cab.do(act):
            self.cab.around.injected.count("correction")
            for line in self._draft(run_id, stop_id).lines.values():
                if self._random.random() < 0.6 or not line.is_explained:
                    whole = LineDraft(line_id=line.line_id, ordered=line.ordered, delivered=line.ordered)
                    counted = self._counted(line) if self._random.random() < 0.6 else whole
                    self.cab.do(partial(_set_line, at={"run_id": run_id, "stop_id": stop_id}, counted=counted))
            for line in unphotographed(self._run(run_id), self._draft(run_id, stop_id)):
                self._photograph(run_id, stop_id, line.line_id)
            self._finish(run_id, stop_id)

    def come_back(self, run_id: str) -> None:
        """Return to the depot, unless stops are left."""
        done = self.cab.tablet.store.read(lambda session: states.stops_of(session, run_id))
        run = self._run(run_id)
        if not all(stop.stop_id in done and done[stop.stop_id].is_finished for stop in run.stops):
            return

        def act(tablet: Tablet, now: Moment) -> None:
            cash_cents = tablet.store.read(lambda session: expected_cash_cents(session, run_id))
            end_run(tablet, run_id=run_id, cash_counted_cents=cash_cents, now=now)

        self.cab.do(act)

    def _count(self, run_id: str, stop_id: str) -> None:
        run, stop = self._run(run_id), self._stop(run_id, stop_id)
        if self._random.random() < 0.12:
            failure = self._random.choice(_FAILURES)
            self.cab.do(lambda tablet, _: fail_stop(tablet, run_id=run_id, stop_id=stop_id, failure=failure))
            return
        if self._draft(run_id, stop_id).failure:  # it was undone: the shop has opened
            self.cab.do(lambda tablet, _: fail_stop(tablet, run_id=run_id, stop_id=stop_id, failure=""))
        for line in self._draft(run_id, stop_id).lines.values():
            if self._random.random() < 0.3 or not line.is_explained:  # the office may have changed it
                counted = self._counted(line)
                self.cab.do(partial(_set_line, at={"run_id": run_id, "stop_id": stop_id}, counted=counted))
        self._take_along(run_id, stop)
        for line in unphotographed(run, self._draft(run_id, stop_id)):
            self._photograph(run_id, stop_id, line.line_id)
        if self._random.random() < 0.4:
            self._photograph(run_id, stop_id, "")

    def _counted(self, line: LineDraft) -> LineDraft:
        if self._random.random() < 0.25:
            extra = self._random.randint(1, 2)
            return LineDraft(line_id=line.line_id, ordered=line.ordered, delivered=line.ordered, extra=extra)
        reason = self._random.choice(tuple(_SHORT))
        missing = self._random.randint(1, line.ordered)
        gone: dict[str, Any] = {_SHORT[reason]: missing}
        return LineDraft(
            line_id=line.line_id, ordered=line.ordered, delivered=line.ordered - missing, reason=reason, **gone
        )

    def _take_along(self, run_id: str, stop: BundleStop) -> None:
        at = {"run_id": run_id, "stop_id": stop.stop_id}
        empties = [
            ContainerDraft(
                container_class=one.container_class, owner_id=one.owner_id, returned=self._random.randint(1, 9)
            )
            for one in stop.containers
            if self._random.random() < 0.25
        ]
        if empties:
            self.cab.do(lambda tablet, _: set_containers(tablet, **at, returned=empties))
        for one in stop.collect:
            if self._random.random() < 0.3:
                amount_cents = self._random.choice((one.amount_cents, self._random.randint(1, 20_000)))
                method: Literal["cash", "cheque"] = "cash" if self._random.random() < 0.7 else "cheque"
                taken = CollectionDraft(issuer_id=one.issuer_id, method=method, amount_cents=amount_cents)
                self.cab.do(partial(_collect, at=at, taken=taken))

    def _photograph(self, run_id: str, stop_id: str, line_id: str) -> None:
        jpeg = drawn.photo(self._random)
        at = {"run_id": run_id, "stop_id": stop_id, "line_id": line_id}
        self.cab.do(lambda tablet, now: add_photo(tablet, **at, jpeg=jpeg, now=now))

    def _finish(self, run_id: str, stop_id: str) -> None:
        signing = drawn.signing(self._random.choice(_SIGNERS))
        may_go_unsigned = self._draft(run_id, stop_id).failure in {"closed", "absent"}

        def act(tablet: Tablet, now: Moment) -> None:
            if not _is_finished(tablet, run_id, stop_id):
                signed = None if may_go_unsigned else signing
                finish_stop(tablet, run_id=run_id, stop_id=stop_id, signing=signed, language="fr", now=now)

        self.cab.do(act)

    def _undo(self, run_id: str, stop_id: str) -> None:
        """Take the finish back, when it is not too late, and finish again, counted otherwise."""
        last = self.cab.journal.events[max(self.cab.journal.events)]
        self.cab.journal.taken_back.add(last.hash)

        def act(tablet: Tablet, now: Moment) -> bool:
            if not _is_finished(tablet, run_id, stop_id):
                return True
            try:
                undo_finish(tablet, run_id=run_id, stop_id=stop_id, now=now)
            except TooLateToUndo:
                return False
            return True

        if self.cab.do(act):
            self.cab.around.injected.count("undo")
            self._count(run_id, stop_id)
            self._finish(run_id, stop_id)
        else:
            self.cab.journal.taken_back.discard(last.hash)

    def _seal_poison(self, run_id: str, stop_id: str) -> None:
        """A fault of some version of the app: an event that says nothing the office can apply."""
        self.cab.around.injected.count("poisoned event")
        kind: EventType = self._random.choice(("stop.arrived", "visit.finished"))
        where = stop_id if kind == "visit.finished" else str(new_id())
        version, before = self._run(run_id).version, self.cab.tablet.store.read(outbox.head).seq

        def poison(tablet: Tablet, session: Session, now: Moment) -> None:
            tree = seal_tree({CARRIER: []}) if kind == "visit.finished" else None
            seal(
                tablet, session, run_id=run_id, stop_id=where, kind=kind, plan_version=version, now=now, tree=tree,
                payload={"poison": 1} | ({"root": tree.root.hex()} if tree else {}),
            )  # fmt: skip

        def act(tablet: Tablet, now: Moment) -> None:
            if tablet.store.read(outbox.head).seq == before:
                tablet.store.write("arrive", lambda session: poison(tablet, session, now))

        self.cab.do(act)

    def _run(self, run_id: str) -> BundleRun:
        return self.cab.tablet.store.read(lambda session: bundles.load(session, run_id))

    def _stop(self, run_id: str, stop_id: str) -> BundleStop:
        return bundles.stop_of(self._run(run_id), stop_id)

    def _draft(self, run_id: str, stop_id: str) -> StopDraft:
        found = self.cab.tablet.store.read(lambda session: drafts.load(session, run_id=run_id, stop_id=stop_id))
        if found is None:
            raise LookupError("a stop that was arrived at has a draft")
        return found


def _set_line(tablet: Tablet, _: Moment, *, at: dict[str, str], counted: LineDraft) -> None:
    set_line(tablet, **at, counted=counted)


def _collect(tablet: Tablet, _: Moment, *, at: dict[str, str], taken: CollectionDraft) -> None:
    collect_cash(tablet, **at, taken=taken)


def _is_finished(tablet: Tablet, run_id: str, stop_id: str) -> bool:
    progress = tablet.store.read(lambda session: states.stop_progress(session, run_id=run_id, stop_id=stop_id))
    return progress is not None and progress.is_finished
