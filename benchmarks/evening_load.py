"""Many tablets at once against one address: bytes that were packed before, answers read, the server's wishes obeyed."""

from __future__ import annotations

import hashlib
import http.client
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from benchmarks.evening_world import Waiting
from driver_app.sync.backoff import Backoff
from shared.wire.push import PushAnswer

_PATIENCE_S = 30.0  # as the tablet's
_STALE = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


@dataclass
class Told:
    """What the tablets were told: seconds of each answered call, results by status, waits that were asked for."""

    seconds: list[float] = field(default_factory=list)
    results: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    waits: int = 0
    unexpected: list[str] = field(default_factory=list)

    def percentile_ms(self, part: float) -> float:
        """Return the time that so large a part of the calls took at most, in milliseconds."""
        ordered = sorted(self.seconds)
        return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 1) if ordered else 0.0


class Line:
    """One tablet's kept connection."""

    def __init__(self, url: str, bearer: str, told: Told, seed: int) -> None:
        """Take where to call, as whom, and where to note what was told."""
        self._parts, self._bearer, self._told = urlsplit(url), bearer, told
        self._backoff = Backoff(random.Random(seed))
        self._connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        """Return the answer's body; an office that is busy or out of reach is asked again after its own wish."""
        while True:
            started = time.perf_counter()
            try:
                status, payload, wish_s = self._exchange_anew(method, path, body, headers)
            except (OSError, http.client.HTTPException):
                self.close()
                status, payload, wish_s = 0, b"", 0.0
            self._told.answers[status] += 1
            if status == http.HTTPStatus.OK:
                self._told.seconds.append(time.perf_counter() - started)
                self._backoff.reset()
                return payload
            if status not in {0, 429, 503}:
                self._told.unexpected.append(f"{status} {payload[:300]!r}")
                return b""
            self._told.waits += 1
            time.sleep(self._backoff.next_delay_s(wish_s))

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange_anew(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, float]:
        """Call, on a new connection when the office closed the kept one meanwhile, as the tablet does."""
        reused = self._connection is not None
        try:
            return self._exchange(method, path, body, headers)
        except _STALE:
            if not reused:
                raise
            self.close()
            return self._exchange(method, path, body, headers)

    def _exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, float]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                self._parts.hostname or "", self._parts.port, timeout=_PATIENCE_S
            )
        sent = {"Authorization": f"Bearer {self._bearer}", **headers}
        self._connection.request(method, f"/api/v1/sync{path}", body=body, headers=sent)
        answer = self._connection.getresponse()
        wish = answer.getheader("Retry-After", "")
        return answer.status, answer.read(), float(wish) if wish.isdigit() else 0.0


def push_all(url: str, tablets: Sequence[Waiting], *, at_once: int) -> tuple[float, Told]:
    """Let every tablet send its pushes in order, so many tablets at once; return the seconds and what was told."""
    return _all_at_once(url, tablets, _push, at_once)


def upload_all(url: str, tablets: Sequence[Waiting], *, at_once: int, files: int, size: int) -> tuple[float, Told]:
    """Let every tablet send so many new files of ``size`` bytes, each in one chunk."""

    def upload(line: Line, tablet: Waiting) -> None:
        chance = random.Random(str(tablet.tablet.device_id))
        for _ in range(files):
            payload = b"\xff\xd8\xff\xe0" + chance.randbytes(size - 4)
            headers = {
                "Content-Type": "application/octet-stream", "Upload-Type": "image/jpeg",
                "Upload-Length": str(size), "Upload-Offset": "0",
            }  # fmt: skip
            line.call("PATCH", f"/attachments/{hashlib.sha256(payload).hexdigest()}", payload, headers)

    return _all_at_once(url, tablets, upload, at_once)


def _push(line: Line, tablet: Waiting) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    for packed in tablet.pushes:
        payload = line.call("POST", "/push", packed, headers)
        if payload:
            answer = msgspec.json.decode(payload, type=PushAnswer)
            line._told.results.update(one.status for one in answer.results)  # noqa: SLF001  # its own note
            line._told.documents += sum(len(one.documents) for one in answer.results)  # noqa: SLF001  # as above


def _all_at_once(
    url: str, tablets: Sequence[Waiting], work: Callable[[Line, Waiting], None], at_once: int
) -> tuple[float, Told]:
    told = Told()

    def run(numbered: tuple[int, Waiting]) -> None:
        number, tablet = numbered
        line = Line(url, tablet.tablet.client.bearer, told, number)
        try:
            work(line, tablet)
        finally:
            line.close()

    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as threads:
        for _ in threads.map(run, enumerate(tablets)):
            pass
    return time.perf_counter() - started, told
