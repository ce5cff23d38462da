"""One round of sync: greet, signatures up, events up, runs down, photos up.

Whatever fails, nothing that was sealed is let go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from driver_app.clock import Clock
from driver_app.platform.protocols import Connection
from driver_app.store import attachments, outbox, receipts, settings
from driver_app.store.database import Session
from driver_app.store.settings import Enrolment, Position, Standing
from driver_app.sync.greeting import greet
from driver_app.sync.office import Office, Refused
from driver_app.sync.pulling import fetch_files, pull_runs
from driver_app.sync.pushing import hand_in_strays, push_batch
from driver_app.sync.transport import Transport, Unreachable
from driver_app.sync.uploads import UploadCount, upload_waiting
from driver_app.tablet import Tablet
from shared.problems import Problem

type Ending = Literal["done", "offline", "busy", "unauthorized", "refused", "outdated", "fork", "revoked", "failed"]
_ENDINGS: dict[int, Ending] = {401: "unauthorized", 403: "refused", 426: "outdated", 429: "busy"}
_STANDINGS: dict[Ending, Standing] = {"refused": "refused", "outdated": "outdated", "fork": "fork"}
_SERVER_ERRORS = 500
_FILES_LATER = frozenset({429, 507})
KEPT_FOR_MS = 14 * 24 * 3600 * 1000
_NO_FILES = UploadCount()
_THERE: frozenset[Ending] = frozenset({"done", "fork", "revoked"})
_AWAY: frozenset[Ending] = frozenset({"offline", "busy"})


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of sync did. ``problem`` says why it ended early; ``retry_after_s`` is the office's wish."""

    ending: Ending
    events: int = 0
    files: UploadCount = _NO_FILES
    runs: int = 0
    problem: Problem | None = None
    retry_after_s: float = 0.0


class SyncEngine:
    """The tablet's side of the protocol. One round at a time; the caller decides when the next one comes."""

    def __init__(
        self,
        tablet: Tablet,
        transport: Transport,
        clock: Clock,
        connection: Connection,
        *,
        is_laid_aside: bool = False,
    ) -> None:
        """Take the store and key, the way to the office, the clock, what the network costs, and whether it is over."""
        self._tablet = tablet
        self._office = Office(transport, tablet.key, lambda: tablet.enrolment.attestation)
        self._clock = clock
        self._connection = connection
        self._is_laid_aside = is_laid_aside

    def sync(self) -> Round:
        """Do one whole round: what was signed up, runs down, photos up; a revoked tablet gets nothing down any more.

        Photos go last: a link that breaks on them has let everything else through.
        """
        sent = self._guarded(self._send)
        ended = self._joined(sent, self.pull()) if sent.ending == "done" else sent
        return self._with_photos(ended) if sent.ending in _THERE else ended

    def send(self) -> Round:
        """Greet, then send signatures, events and photos until none waits."""
        sent = self._guarded(self._send)
        return self._with_photos(sent) if sent.ending in _THERE else sent

    def pull(self) -> Round:
        """Fetch runs and their documents."""
        return self._guarded(self._pull)

    def _send(self) -> Round:
        device = self._tablet.enrolment
        store, is_over = self._tablet.store, self._is_laid_aside
        standing = greet(store, self._office, device.device_id, self._clock, is_laid_aside=is_over).standing
        files, full = self._upload_signed(device)
        if standing == "fork":
            hand_in_strays(store, self._office, self._tablet.key, device, self._clock)
            return Round("fork", files=files)
        events = self._push_all(device)
        self._prune()
        if full is not None:
            raise full
        return Round(self._ending(), events=events, files=files)

    def _upload_signed(self, device: Enrolment) -> tuple[UploadCount, Refused | None]:
        """Send signatures; an office that wants files later still takes events: they need no room there.

        They are small, and go before the events that name them so that a proof is whole when it is made.
        """
        try:
            sent = upload_waiting(self._tablet.store, self._office, device.device_id, photos=False)
        except Refused as refusal:
            if refusal.code not in _FILES_LATER:
                raise
            return _NO_FILES, refusal
        return sent, None

    def _with_photos(self, before: Round) -> Round:
        """Send the photos behind everything else, where the office is there; what failed before them stays said."""
        if before.ending in _AWAY or self._connection.is_metered:
            return before
        after = self._guarded(self._send_photos)
        files = before.files + after.files
        if after.ending == "done" or before.problem is not None:
            return replace(before, files=files)
        return replace(before, ending=after.ending, problem=after.problem, retry_after_s=after.retry_after_s)

    def _send_photos(self) -> Round:
        device_id = self._tablet.enrolment.device_id
        return Round("done", files=upload_waiting(self._tablet.store, self._office, device_id, photos=True))

    def _push_all(self, device: Enrolment) -> int:
        total = 0
        while grown := push_batch(self._tablet.store, self._office, self._tablet.key, device, self._clock):
            total += grown
            if grown < 0:
                break
        return total

    def _prune(self) -> None:
        self._tablet.store.write("prune", _let_go)
        self._tablet.store.refill_reserve()

    def _ending(self) -> Ending:
        standing = self._tablet.store.read(settings.position).standing
        return standing if standing in ("fork", "revoked") else "done"

    def _pull(self) -> Round:
        store, device_id = self._tablet.store, self._tablet.enrolment.device_id
        runs = pull_runs(store, self._office, device_id, self._clock)
        fetch_files(store, self._office, device_id)
        return Round("done", runs=runs)

    def _guarded(self, work: Callable[[], Round]) -> Round:
        try:
            ended = work()
        except Unreachable as problem:
            return Round("offline", problem=problem)
        except Refused as refusal:
            ending = _ENDINGS.get(refusal.code, "busy" if refusal.code >= _SERVER_ERRORS else "failed")
            ended = Round(ending, problem=refusal, retry_after_s=refusal.retry_after_s)
        except Problem as problem:
            ended = Round("failed", problem=problem)
        if (standing := _standing_after(ended)) is not None:
            self._tablet.store.write("standing", lambda session: _note_standing(session, standing))
        return ended

    def _joined(self, sent: Round, pulled: Round) -> Round:
        return Round(pulled.ending, sent.events, sent.files, pulled.runs, pulled.problem, pulled.retry_after_s)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the office has not confirmed, and how far both agree.

    ``refused`` are those of the files that the office did not recognise, or that this tablet cannot read any more.
    """

    events: int
    files: int
    stops: frozenset[str]
    position: Position
    refused: int = 0


def backlog(session: Session) -> Backlog:
    """Return what waits to be sent."""
    waiting = outbox.waiting(session)
    stops = frozenset(entry.stop_id for entry in waiting if entry.stop_id)
    files = attachments.waiting(session)
    refused = sum(item.refusals > 0 for item in files)
    return Backlog(len(waiting), len(files), stops, settings.position(session), refused)


def _let_go(session: Session) -> int:
    """Delete what every backup of the last 14 days holds, by the office's clock: the tablet's own may lie."""
    known = settings.position(session)
    before_ms = known.server_ms - KEPT_FOR_MS
    received_seq = receipts.received_before(session, epoch=known.epoch, since_ms=known.rewound_ms, before_ms=before_ms)
    gone = outbox.prune(session, safe_seq=known.safe_seq, received_seq=received_seq)
    attachments.let_go(session, before_ms=min(before_ms, known.safe_ms))
    return gone


def _standing_after(ended: Round) -> Standing | None:
    if isinstance(ended.problem, Refused) and ended.problem.is_of_unknown:
        return "unknown"
    return _STANDINGS.get(ended.ending)


def _note_standing(session: Session, standing: Standing) -> None:
    settings.save(session, msgspec.structs.replace(settings.position(session), standing=standing))
