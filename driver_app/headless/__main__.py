"""``python -m driver_app.headless --home DIR --server URL SCRIPT.json``: one JSON line for each phase."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
from typing import Any

import msgspec

from driver_app import aside
from driver_app.actions.enrol import enrol
from driver_app.actions.unlock import WrongNip, choose_nip, has_nip, prefer, unlock
from driver_app.clock import Clock, SystemClock, VirtualClock
from driver_app.headless.driving import ScriptedDriver, runs_to_drive
from driver_app.headless.killing import Killer
from driver_app.headless.script import Script
from driver_app.old_logs import OldLogs
from driver_app.platform.desktop import FileSecrets, Wired
from driver_app.store import outbox, settings
from driver_app.store.database import Session
from driver_app.sync.backoff import Backoff
from driver_app.sync.engine import Round, SyncEngine, backlog
from driver_app.sync.transport import TIMEOUT_S, HttpTransport, Transport
from driver_app.tablet import Tablet, open_tablet
from shared.problems import Problem
from shared.wire.push import EventResult

DONE, PROBLEM, NOT_SENT = 0, 2, 3
PATIENCE_S = 30.0

type Phase = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Play a script and return 0; 2 after a problem, 3 when the office did not take everything in time."""
    options = _parser().parse_args(arguments)
    try:
        script = msgspec.json.decode(options.script.read_bytes(), type=Script)
        phases = list_phases(script, options.home, _transport(options), patience_s=options.patience)
        complete = [_print(phase) for phase in phases]
    except Problem as problem:
        _print({"phase": "problem", "problem": problem.as_document("fr")})
        return PROBLEM
    except (OSError, msgspec.MsgspecError) as error:
        _print({"phase": "problem", "problem": {"slug": "script-unreadable", "detail": str(error)}})
        return PROBLEM
    return DONE if all(complete) else NOT_SENT


def list_phases(script: Script, home: Path, transport: Transport, *, patience_s: float) -> Iterator[Phase]:
    """Do each phase of a script and yield what it did; what an earlier start had finished is not done again."""
    killer = Killer(home)
    tablet = open_tablet(home, FileSecrets(home / "keys"), reached=killer)
    clock = _clock(script)
    engine = SyncEngine(tablet, transport, clock, Wired())
    try:
        with killer.armed(script.kill_at, "script"):
            yield from _come_in(script, tablet, transport, clock)
            if script.pull:
                yield _round("pull", tablet, _patiently(engine.pull, patience_s))
            yield from _drive(script, tablet, clock, killer)
            if script.push:
                yield _push(tablet, engine, patience_s)
            if script.pull or script.push:
                yield from _hand_in_old(tablet, home, transport, clock)
    finally:
        tablet.store.close()


def _come_in(script: Script, tablet: Tablet, transport: Transport, clock: Clock) -> Iterator[Phase]:
    known = tablet.store.read(lambda session: settings.load(session, settings.Enrolment))
    if script.enrol is not None and known is None:
        known = enrol(tablet, transport, code=script.enrol, name=script.name, now=clock.now())
        yield {"phase": "enrol", "device_id": known.device_id, "driver": known.driver_name}
    if not has_nip(tablet):
        choose_nip(tablet, nip=script.nip)
    _unlock(script, tablet, clock)
    if script.prefers is not None:
        prefer(tablet, script.prefers)


def _unlock(script: Script, tablet: Tablet, clock: Clock) -> None:
    for nip in script.wrong_nips:
        with suppress(WrongNip):
            unlock(tablet, nip=nip, now=clock.now())
    unlock(tablet, nip=script.nip, now=clock.now())


def _drive(script: Script, tablet: Tablet, clock: Clock, killer: Killer) -> Iterator[Phase]:
    driver = ScriptedDriver(tablet, clock, killer)
    wanted = [(run, told) for told in script.runs for run in runs_to_drive(tablet, told)]
    first_ms = min((run.starts_at_ms for run, _ in wanted), default=0)
    shift_ms = int(script.clock.timestamp() * 1000) - first_ms if script.clock else 0
    for run, told in wanted:
        yield {"phase": "run", **asdict(driver.drive(run, told, shift_ms))}


def _push(tablet: Tablet, engine: SyncEngine, patience_s: float) -> Phase:
    ended = _patiently(engine.sync, patience_s)
    return _round("push", tablet, ended) | {"documents": tablet.store.read(_documents)}


def _hand_in_old(tablet: Tablet, home: Path, transport: Transport, clock: Clock) -> Iterator[Phase]:
    """Let the logs speak that were laid aside in this folder; what they cannot send fails nothing."""
    if numbers := aside.numbers(home):
        old = OldLogs(home, FileSecrets(home / "keys"), lambda: transport, clock, Wired())
        old.send(tablet.store.read(settings.position).epoch)
        yield {"phase": "aside", "logs": len(numbers), "waiting": old.waiting}


def _patiently(work: Any, patience_s: float) -> Round:
    """Try again after each failure, with full jitter, until it works or patience ends."""
    deadline, backoff = time.monotonic() + patience_s, Backoff(SystemRandom(), base_s=0.2, cap_s=5.0)
    while True:
        ended: Round = work()
        delay_s = backoff.next_delay_s(ended.retry_after_s)
        if ended.ending not in ("offline", "busy", "unauthorized") or time.monotonic() + delay_s > deadline:
            return ended
        time.sleep(delay_s)


def _round(name: str, tablet: Tablet, ended: Round) -> Phase:
    left = tablet.store.read(backlog)
    problem = {"problem": ended.problem.as_document("fr")} if ended.problem else {}
    return {
        "phase": name,
        "ending": ended.ending,
        "events": ended.events,
        "files": ended.files.received,
        "runs": ended.runs,
        "waiting_events": left.events,
        "waiting_files": left.files,
        "acked": left.position.acked,
        **problem,
    }


def _documents(session: Session) -> list[dict[str, Any]]:
    runs = dict.fromkeys(entry.run_id for entry in outbox.entries(session))
    results: list[EventResult] = [result for run_id in runs for result in outbox.results_of(session, run_id).values()]
    return [msgspec.to_builtins(document) for result in results for document in result.documents]


def _clock(script: Script) -> Clock:
    return SystemClock() if script.clock is None else VirtualClock(int(script.clock.timestamp() * 1000))


def _transport(options: argparse.Namespace) -> Transport:
    return HttpTransport(options.server, timeout_s=options.timeout)


def _print(phase: Phase) -> bool:
    sys.stdout.write(msgspec.json.encode(phase).decode() + "\n")
    sys.stdout.flush()
    is_over = phase.get("ending", "done") in ("done", "revoked")
    return is_over and not (phase["phase"] == "push" and phase["waiting_events"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m driver_app.headless", description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the tablet's store and keys")
    parser.add_argument("--server", required=True, help="address of the office, e.g. http://127.0.0.1:8000")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds to keep trying without network")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, help="seconds to wait for an answer")
    parser.add_argument("script", type=Path, help="JSON script, see driver_app.headless.script")
    return parser


if __name__ == "__main__":
    sys.exit(main())
