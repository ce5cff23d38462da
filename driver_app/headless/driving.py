"""One run, driven by a script through the actions that the screens use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from driver_app.actions.arrive import arrive
from driver_app.actions.checking import unphotographed
from driver_app.actions.correct import correct_stop, undo_finish
from driver_app.actions.counting import add_photo, collect_cash, set_containers, set_line
from driver_app.actions.failure import close_stop, fail_stop, refuse_stop
from driver_app.actions.finish import UNDO_MS, finish_stop
from driver_app.actions.run import end_run, start_run
from driver_app.clock import Clock, Moment, VirtualClock
from driver_app.headless.killing import Killer
from driver_app.headless.photos import draw_photo
from driver_app.headless.script import LineScript, RunScript, StopScript
from driver_app.store import bundles, drafts, states
from driver_app.store.drafts import CollectionDraft, ContainerDraft, LineDraft, StopDraft
from driver_app.strokes import draw_signing
from driver_app.tablet import Tablet
from driver_app.takings import expected_cash_cents
from shared.problems import Problem, Text
from shared.wire.bundle import BundleRun, BundleStop

_TAP_MS = 2_000
_DRIVE_BACK_MS = 15 * 60_000
_AT_ONCE = 0  # a script has made up its mind, so that its event need not wait


class NoSuchLine(Problem):
    """The script names a line that the stop does not have."""

    slug = "script-no-such-line"
    title = Text("Ligne inconnue du script", "Line unknown to the script")


@dataclass(frozen=True, slots=True)
class Driven:
    """What was done on one run, and what an earlier start had done already."""

    run_id: str
    name: str
    finished: int
    skipped: int
    left: int


class ScriptedDriver:
    """Drives runs; with a virtual clock, by their plan."""

    def __init__(self, tablet: Tablet, clock: Clock, killer: Killer) -> None:
        """Take the tablet to work on, the time, and the drill's hand."""
        self._tablet, self._clock, self._killer = tablet, clock, killer

    def drive(self, run: BundleRun, script: RunScript, shift_ms: int) -> Driven:
        """Do everything that is still to be done of one run; ``shift_ms`` moves its plan to the script's day."""
        self._reach(run.starts_at_ms + shift_ms)
        start_run(self._tablet, run_id=run.run_id, now=self._clock.now(), cash_float_cents=10_000)
        finished = skipped = 0
        for stop, told in self._told(run, script):
            if self._is_done(run, stop, told):
                skipped += 1
                continue
            self._reach(stop.planned_at_ms + shift_ms)
            with self._killer.armed(told.kill_at, stop.stop_id):
                self._visit(run, stop, told)
            finished += 1
        left = len(run.stops) - finished - skipped
        if script.returns and not left:
            self._come_back(run)
        return Driven(run.run_id, run.name, finished, skipped, left)

    def _told(self, run: BundleRun, script: RunScript) -> Iterator[tuple[BundleStop, StopScript]]:
        by_id = {told.stop_id: told for told in script.stops if told.stop_id is not None}
        by_position = {told.position: told for told in script.stops if told.position is not None}
        other = StopScript() if script.others == "full" else None
        for stop in run.stops:
            told = by_id.get(stop.stop_id) or by_position.get(stop.position) or other
            if told is not None:
                yield stop, told

    def _is_done(self, run: BundleRun, stop: BundleStop, told: StopScript) -> bool:
        at = {"run_id": run.run_id, "stop_id": stop.stop_id}
        progress = self._tablet.store.read(lambda session: states.stop_progress(session, **at))
        if progress is None or not progress.is_finished:
            return False
        draft = self._draft(at)
        return not told.corrected or draft is None or bool(draft.corrects)

    def _was_signed(self, run: BundleRun, stop: BundleStop) -> bool:
        at = {"run_id": run.run_id, "stop_id": stop.stop_id}
        progress = self._tablet.store.read(lambda session: states.stop_progress(session, **at))
        draft = self._draft(at)
        return draft is not None and (bool(draft.corrects) or (progress is not None and progress.is_finished))

    def _draft(self, at: dict[str, str]) -> StopDraft | None:
        return self._tablet.store.read(lambda session: drafts.load(session, **at))

    def _visit(self, run: BundleRun, stop: BundleStop, told: StopScript) -> None:
        """Go on where an earlier start was left: before the signature, or between it and its correction."""
        if not self._was_signed(run, stop):
            self._deliver(run, stop, told)
        if told.corrected:
            self._correct(run, stop, told)

    def _deliver(self, run: BundleRun, stop: BundleStop, told: StopScript) -> None:
        at = {"run_id": run.run_id, "stop_id": stop.stop_id}
        draft = arrive(self._tablet, **at, now=self._tick())
        failed = told.outcome in ("refused", "closed")
        draft = self._fail(at, told) if failed else self._count(at, stop, told, draft)
        self._photograph(run, stop, told, draft)
        self._advance(stop.service_s * 1000)
        if told.undone:
            self._sign(at, stop, told, undo_ms=UNDO_MS)
            undo_finish(self._tablet, **at, now=self._tick())
        self._sign(at, stop, told)

    def _correct(self, run: BundleRun, stop: BundleStop, told: StopScript) -> None:
        at = {"run_id": run.run_id, "stop_id": stop.stop_id}
        draft = self._draft(at)
        if draft is None or not draft.corrects:
            draft = correct_stop(self._tablet, **at)
        draft = self._set_lines(at, stop, told.corrected, draft)
        self._photograph(run, stop, told, draft)
        self._sign(at, stop, told)

    def _sign(self, at: dict[str, str], stop: BundleStop, told: StopScript, *, undo_ms: int = _AT_ONCE) -> None:
        signer = told.signer or next(iter(stop.recipients), "Camille Roy")
        draft = self._draft(at)
        is_empty_handed = draft is not None and draft.may_go_unsigned
        signing = None if told.outcome == "closed" and is_empty_handed else draw_signing(signer, told.role)
        finish_stop(
            self._tablet,
            run_id=at["run_id"],
            stop_id=at["stop_id"],
            signing=signing,
            language="fr",
            now=self._tick(),
            undo_ms=undo_ms,
        )

    def _count(self, at: dict[str, str], stop: BundleStop, told: StopScript, draft: StopDraft) -> StopDraft:
        draft = self._set_lines(at, stop, told.lines, draft)
        if told.containers:
            draft = set_containers(self._tablet, **at, returned=_returned(told))
        for issuer_id, amount_cents in told.cash.items():
            taken = CollectionDraft(issuer_id=issuer_id, method="cash", amount_cents=amount_cents)
            draft = collect_cash(self._tablet, **at, taken=taken)
        return draft

    def _set_lines(
        self, at: dict[str, str], stop: BundleStop, lines: dict[str, LineScript], draft: StopDraft
    ) -> StopDraft:
        for key, told in lines.items():
            line = draft.lines[_line_id(stop, key)]
            draft = set_line(self._tablet, **at, counted=_counted(line, told))
            self._tick()
        return draft

    def _fail(self, at: dict[str, str], told: StopScript) -> StopDraft:
        if told.failure is not None:
            return fail_stop(self._tablet, **at, failure=told.failure)
        return refuse_stop(self._tablet, **at) if told.outcome == "refused" else close_stop(self._tablet, **at)

    def _photograph(self, run: BundleRun, stop: BundleStop, told: StopScript, draft: StopDraft) -> None:
        at = {"run_id": run.run_id, "stop_id": stop.stop_id}
        for line in unphotographed(run, draft):
            jpeg = draw_photo(f"{stop.place.name} · {line.line_id[:8]}")
            add_photo(self._tablet, **at, jpeg=jpeg, now=self._tick(), line_id=line.line_id)
        if told.photo:
            add_photo(self._tablet, **at, jpeg=draw_photo(stop.place.name), now=self._tick(), note=told.outcome)

    def _come_back(self, run: BundleRun) -> None:
        self._advance(_DRIVE_BACK_MS)
        cash_cents = self._tablet.store.read(lambda session: expected_cash_cents(session, run.run_id))
        end_run(self._tablet, run_id=run.run_id, cash_counted_cents=cash_cents, now=self._tick())

    def _reach(self, at_ms: int) -> None:
        if isinstance(self._clock, VirtualClock):
            self._clock.advance_to(at_ms)

    def _advance(self, duration_ms: int) -> None:
        if isinstance(self._clock, VirtualClock):
            self._clock.advance(duration_ms)

    def _tick(self) -> Moment:
        self._advance(_TAP_MS)
        return self._clock.now()


def runs_to_drive(tablet: Tablet, script: RunScript) -> tuple[BundleRun, ...]:
    """Return the runs that a script names: by id, by name, or all that the tablet holds."""
    held = tablet.store.read(bundles.current)
    if script.run_id == "*":
        return held
    named = tuple(run for run in held if run.name == script.run_id)
    return named or (tablet.store.read(lambda session: bundles.load(session, script.run_id)),)


def _line_id(stop: BundleStop, key: str) -> str:
    lines = [line.line_id for order in stop.orders for line in order.goods.lines]
    if key in lines:
        return key
    at = key.removeprefix("#")
    if key.startswith("#") and at.isdigit() and int(at) < len(lines):
        return lines[int(at)]
    raise NoSuchLine(
        Text(f"L’arrêt n’a pas de ligne «\u00a0{key}\u00a0».", f"The stop has no line “{key}”."), where=stop.stop_id
    )


def _counted(line: LineDraft, told: LineScript) -> LineDraft:
    gone = told.not_shipped + told.lost + told.returned
    return LineDraft(
        line_id=line.line_id,
        ordered=line.ordered,
        delivered=line.ordered - gone if told.delivered is None else told.delivered,
        not_shipped=told.not_shipped,
        lost=told.lost,
        returned=told.returned,
        extra=told.extra,
        reason=told.reason or "",
    )


def _returned(told: StopScript) -> list[ContainerDraft]:
    parts = ((key.partition("+"), count) for key, count in told.containers.items())
    return [ContainerDraft(container_class=code, owner_id=owner, returned=count) for (code, _, owner), count in parts]
