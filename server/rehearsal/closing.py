"""Whoever settles runs while drivers are out and in the evening: a run may be over only once all of it is here (M4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from server.rehearsal.cab import Cab
from server.rehearsal.decisions import Settled, carry_out
from server.rehearsal.dispatch import Dispatch
from server.rehearsal.injected import Chance
from server.rehearsal.verdict import Verdict
from shared.problems import Problem

_BACK: Final = frozenset({"back", "synced"})
_OPEN: Final = _BACK | {"under_way"}


class Closer:
    """Tries to settle runs, holds the office to what it answers, and writes down where it was wrong."""

    def __init__(self, dispatch: Dispatch, chance: Chance, cabs: Sequence[Cab], split: set[str]) -> None:
        """Watch the day's tablets; those of ``split`` have two logs, of which the office follows one."""
        self._dispatch, self._chance, self._cabs, self._split = dispatch, chance, cabs, split
        self._rows = dispatch.ground.rows
        self._around = dispatch.around
        self.found = Verdict()

    def look(self) -> None:
        """Now and then try to settle a run, whole or not."""
        if self._chance.hits(self._around.weather.run_settled):
            run = self._chance.random.choice(self._dispatch.route.run_ids)
            if self._state(run) in _OPEN:
                self._settle(run)

    def clear(self) -> None:
        """In the evening, when every tablet has sent all, what came back must be settled, unless something waits."""
        for run in self._dispatch.route.run_ids:
            if self._state(run) not in _BACK:
                continue
            waits = [*self._waits(run), *self._told_of_more()]
            refusal = self._settle(run)
            if refusal is not None and not waits:
                self.found.lost.append(f"run {run} is all here and is not settled: {refusal.detail.en}")

    def _settle(self, run: UUID) -> Problem | None:
        """Try it and return the office's refusal; what it lets through must be all there."""
        time, injected = self._around.time, self._around.injected
        time.advance(1)
        decision = Settled(at=time.instant(), run=run)
        time.advance(1)
        left_out = [*self._left_out(run), *self._waits(run)]
        try:
            carry_out(self._dispatch.carrier_id, decision)
        except Problem as refusal:
            injected.count("settling refused")
            return refusal
        injected.count("run settled")
        self._dispatch.decisions.append(decision)
        self.found.lost += [f"run {run} was settled without {one}" for one in left_out]
        return None

    def _state(self, run: UUID) -> str:
        return str(self._rows.all("SELECT state FROM run WHERE id = %s", run)[0][0])

    def _waits(self, run: UUID) -> list[str]:
        """Return what a person has to decide first: events set aside, tablets of the run whose log has two branches."""
        parked = self._rows.all("SELECT seq FROM device_event WHERE outcome = 'parked' AND run_id = %s", run)
        forked = self._rows.all(
            "SELECT device_id FROM device_stream s WHERE state = 'forked' AND (EXISTS (SELECT FROM run_given g"
            " WHERE g.device_id = s.device_id AND g.run_id = %s) OR EXISTS (SELECT FROM device_event e"
            " WHERE e.device_id = s.device_id AND e.run_id = %s))",
            run,
            run,
        )
        return [*(f"parked event {seq}" for (seq,) in parked), *(f"forked tablet {one}" for (one,) in forked)]

    def _told_of_more(self) -> list[str]:
        """Return the tablets that had told of more than the old copy has that was put over them: a person waives it."""
        told = self._rows.all("SELECT device_id::text FROM device_stream WHERE announced_seq > last_seq")
        return [device for (device,) in told if device in self._split]

    def _left_out(self, run: UUID) -> Iterator[str]:
        """Yield what was sealed of a run before the office heard of its return, and is not at the office."""
        told = self._rows.all(
            "SELECT min(received_at) FROM device_event WHERE type = 'run.returned' AND run_id = %s", run
        )[0][0]
        if told is None:
            yield "its return"
            return
        held = {row[:2]: row[2] for row in self._rows.all("SELECT device_id::text, seq, hash FROM device_event")}
        told_ms = told.timestamp() * 1000
        for cab in self._cabs:
            if cab.device_id in self._split:
                continue
            for seq, event in cab.journal.events.items():
                is_of_run = json.loads(event.body)["run_id"] == str(run)
                if is_of_run and cab.journal.noted_ms[seq] < told_ms and held.get((cab.device_id, seq)) != event.hash:
                    yield f"event {seq} of {cab.name}"
