"""What the suite asks of a client, and the two that it asks: the product's own tablet, and somebody else's."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec

from driver_app.actions.arrive import arrive
from driver_app.actions.correct import correct_stop
from driver_app.actions.counting import add_photo, collect_cash, set_containers, set_line
from driver_app.actions.enrol import enrol
from driver_app.actions.failure import fail_stop
from driver_app.actions.finish import finish_stop
from driver_app.actions.run import end_run, start_run
from driver_app.clock import VirtualClock
from driver_app.platform.desktop import FileSecrets, Wired
from driver_app.store import attachments, bundles, outbox, receipts, settings
from driver_app.store.drafts import CollectionDraft, ContainerDraft, LineDraft
from driver_app.strokes import draw_signing
from driver_app.sync.engine import SyncEngine
from driver_app.sync.transport import Answer, HttpTransport, unreachable
from driver_app.tablet import open_tablet
from tests.conformance import calls
from tests.conformance import client as minimal
from tests.conformance.wire import Cut, Wire

HELD_MS = 10_001


@dataclass(frozen=True)
class Told:
    """What a driver did at a stop; ``lines`` by id, ``line_photos`` and ``photos`` are JPEGs."""

    lines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failure: str = ""
    containers: Mapping[tuple[str, str], int] = field(default_factory=dict)
    cash: Mapping[str, int] = field(default_factory=dict)
    line_photos: Mapping[str, bytes] = field(default_factory=dict)
    photos: Mapping[bytes, str] = field(default_factory=dict)
    signer: str = "Éloïse Gagné"


@dataclass(frozen=True)
class Seen:
    """A client's own word: sequence → status or slug, what its receipts say, and which files still wait."""

    first: int
    head: int
    acked: int
    waiting_files: int
    results: dict[int, str]
    receipts: list[tuple[int, str]]
    runs: list[str]


class Client(Protocol):
    """A tablet, as the suite drives it. Runs and stops are what came down, as JSON."""

    def enrol(self, code: str) -> str: ...
    def depart(self, run: Any) -> None: ...
    def arrive(self, run: Any, stop: Any) -> None: ...
    def finish(self, run: Any, stop: Any, told: Told) -> None: ...
    def correct(self, run: Any, stop: Any, told: Told) -> None: ...
    def come_back(self, run: Any) -> None: ...
    def sync(self) -> str: ...
    def over_http(self, url: str) -> None: ...
    def clone(self, folder: Path) -> Client: ...
    @property
    def runs(self) -> list[Any]: ...
    @property
    def seen(self) -> Seen: ...
    @property
    def papers(self) -> dict[str, bytes]: ...


class Ours:
    """The product's tablet, through the actions of its screens, its engine and its transport."""

    def __init__(self, folder: Path, wire: Wire, clock: VirtualClock) -> None:
        self._folder, self._wire, self._clock = folder, wire, clock
        self._tablet = open_tablet(folder, FileSecrets(folder / "keys"))
        self._transport: Any = self

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        try:
            status, sent, payload = self._wire.send(method, path, headers, body)
        except Cut as cut:
            raise unreachable(path) from cut
        return Answer(status, payload, sent)

    def over_http(self, url: str) -> None:
        self._transport = HttpTransport(url)

    def enrol(self, code: str) -> str:
        return enrol(self._tablet, self._transport, code=code, name="Tablette 1", now=self._clock.now()).device_id

    def depart(self, run: Any) -> None:
        start_run(self._tablet, run_id=run["run_id"], now=self._clock.now(), cash_float_cents=10_000)

    def arrive(self, run: Any, stop: Any) -> None:
        arrive(self._tablet, **_at(run, stop), now=self._clock.now())

    def finish(self, run: Any, stop: Any, told: Told) -> None:
        at, now = _at(run, stop), self._clock.now()
        if told.failure:
            fail_stop(self._tablet, **at, failure=told.failure)
        ordered = {line["line_id"]: line["quantity"] for order in stop["orders"] for line in order["goods"]["lines"]}
        for line_id, counted in told.lines.items():
            gone = sum(counted.get(where, 0) for where in ("not_shipped", "lost", "returned"))
            line = LineDraft(
                line_id=line_id, ordered=ordered[line_id], delivered=ordered[line_id] - gone, **counted
            )  # fmt: skip
            set_line(self._tablet, **at, counted=line)
        for line_id, jpeg in told.line_photos.items():
            add_photo(self._tablet, **at, jpeg=jpeg, now=now, line_id=line_id)
        for jpeg, note in told.photos.items():
            add_photo(self._tablet, **at, jpeg=jpeg, now=now, note=note)
        returned = [ContainerDraft(container_class=one[0], owner_id=one[1], returned=count)
                    for one, count in told.containers.items()]  # fmt: skip
        set_containers(self._tablet, **at, returned=returned)
        for issuer_id, cents in told.cash.items():
            taken = CollectionDraft(issuer_id=issuer_id, method="cash", amount_cents=cents)
            collect_cash(self._tablet, **at, taken=taken)
        signing = draw_signing(told.signer, "") if told.signer else None
        finish_stop(self._tablet, **at, signing=signing, language="fr", now=now)

    def correct(self, run: Any, stop: Any, told: Told) -> None:
        correct_stop(self._tablet, **_at(run, stop))
        self.finish(run, stop, told)

    def come_back(self, run: Any) -> None:
        end_run(self._tablet, run_id=run["run_id"], cash_counted_cents=10_000, now=self._clock.now())

    def sync(self) -> str:
        self._clock.advance(HELD_MS)
        return SyncEngine(self._tablet, self._transport, self._clock, Wired()).sync().ending

    def clone(self, folder: Path) -> Client:
        self._tablet.store.close()
        shutil.copytree(self._folder, folder)
        self._tablet = open_tablet(self._folder, FileSecrets(self._folder / "keys"))
        return Ours(folder, self._wire, self._clock)

    @property
    def runs(self) -> list[Any]:
        return [msgspec.to_builtins(run) for run in self._tablet.store.read(bundles.current)]

    @property
    def papers(self) -> dict[str, bytes]:
        with_rows = self._tablet.store.read(
            lambda session: [row[0] for row in session.db.execute("SELECT sha256 FROM bundle_file")]
        )
        return {
            one: self._tablet.store.read(lambda session, one=one: bundles.load_file(session, one)) for one in with_rows
        }

    @property
    def seen(self) -> Seen:
        return self._tablet.store.read(self._seen)

    @staticmethod
    def _seen(session: Any) -> Seen:
        results: dict[int, str] = {}
        for run_id in {entry.run_id for entry in outbox.entries(session)}:
            for result in outbox.results_of(session, run_id).values():
                results[result.seq] = result.refusal.slug if result.refusal else result.status
        rows = session.db.execute("SELECT last_seq, head FROM receipt ORDER BY last_seq").fetchall()
        assert not rows or receipts.latest(session) is not None
        held = [entry.seq for entry in outbox.entries(session)]
        return Seen(
            first=min(held, default=1),
            head=outbox.head(session).seq,
            acked=settings.position(session).acked,
            waiting_files=len(attachments.waiting(session)),
            results=results,
            receipts=[tuple(row) for row in rows],
            runs=[run.run_id for run in bundles.current(session)],
        )


class Theirs:
    """The minimal client of ``client.py``."""

    kind: type[minimal.Tablet] = minimal.Tablet

    def __init__(self, folder: Path, wire: Wire, clock: VirtualClock) -> None:
        self._folder, self._wire, self._clock = folder, wire, clock
        self._transport: calls.Send = self._sent
        self._open()

    def _open(self) -> None:
        self._tablet = self.kind(self._folder, self._transport, self._read_clock)

    def _sent(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> calls.Answer:
        try:
            return calls.Answer(*self._wire.send(method, path, headers, body))
        except Cut as cut:
            raise calls.NoAnswer from cut

    def _read_clock(self) -> tuple[int, int, str]:
        now = self._clock.now()
        return now.wall_ms, now.monotonic_ms, now.boot_id

    def over_http(self, url: str) -> None:
        self._transport = calls.Http(url)
        self._open()

    def enrol(self, code: str) -> str:
        self._tablet.enrol(code, "Tablette 1")
        return str(self._tablet.kept["device"]["device_id"])

    def depart(self, run: Any) -> None:
        self._tablet.depart(run)

    def arrive(self, run: Any, stop: Any) -> None:
        self._tablet.arrive(run, stop)

    def finish(self, run: Any, stop: Any, told: Told, corrects: str = "") -> None:
        photos = {line_id: [self._tablet.photograph(jpeg)] for line_id, jpeg in told.line_photos.items()}
        lines = {line_id: dict(counted) for line_id, counted in told.lines.items()}
        for line_id, names in photos.items():
            lines.setdefault(line_id, {})["photos"] = names
        self._last = self._tablet.visit(
            run,
            stop,
            {
                "lines": lines,
                "failure": told.failure,
                "containers": told.containers,
                "cash": told.cash,
                "photos": {self._tablet.photograph(jpeg): note for jpeg, note in told.photos.items()},
                "signer": told.signer,
                "corrects": corrects,
            },
        )

    def correct(self, run: Any, stop: Any, told: Told) -> None:
        self.finish(run, stop, told, corrects=self._last)

    def come_back(self, run: Any) -> None:
        self._tablet.come_back(run, 10_000)

    def sync(self) -> str:
        self._clock.advance(HELD_MS)
        return self._tablet.sync()

    def clone(self, folder: Path) -> Client:
        shutil.copytree(self._folder, folder)
        self._open()
        return Theirs(folder, self._wire, self._clock)

    @property
    def runs(self) -> list[Any]:
        return self._tablet.runs

    @property
    def papers(self) -> dict[str, bytes]:
        return {name: base64.b64decode(held) for name, held in self._tablet.kept["papers"].items()}

    @property
    def seen(self) -> Seen:
        kept = self._tablet.kept
        return Seen(
            first=kept["first"],
            head=self._tablet.head[0],
            acked=kept["acked"],
            waiting_files=sum(not one["done"] for one in kept["files"].values()),
            results={
                int(seq): one["refusal"]["slug"] if one["refusal"] else one["status"]
                for seq, one in kept["results"].items()
            },
            receipts=sorted({(one["last_seq"], one["head"]) for one in kept["receipts"]}),
            runs=sorted(kept["runs"]),
        )


def _at(run: Any, stop: Any) -> dict[str, str]:
    return {"run_id": run["run_id"], "stop_id": stop["stop_id"]}
