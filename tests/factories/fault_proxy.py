"""A bad network between tablets and the office: a TCP proxy that cuts, resets, doubles, swallows, slows, by a seed.

It reads whole HTTP/1.1 messages, so that a fault has a place: the n-th request, and a share of its bytes. What happens
to request n hangs on the seed and n alone, so that a seed replays its schedule.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, get_args

from tests.factories.waiting import PATIENCE_S, end_of

type Kind = Literal[
    "refuse", "cut_request", "reset_request", "cut_answer", "reset_answer", "duplicate", "swallow_request",
    "swallow_answer",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = get_args(Kind.__value__)
_ON_THE_WAY: Final = ("refuse", "swallow_request", "cut_request", "reset_request")
MOBILE_BYTES_PER_S: Final = 40_000 // 8
_PIECE_BYTES: Final = 500
_HELD_S: Final = 120.0  # longer than any tablet waits
_END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True)
class Trouble:
    """A network's character: ``rate`` of the requests meet one of ``kinds`` until ``most`` have; the line is slow."""

    seed: int
    kinds: tuple[Kind, ...] = KINDS
    rate: float = 0.3
    most: int = 12
    latency_s: float = 0.0
    bytes_per_s: float = 0.0

    def draw(self, number: int) -> tuple[Kind | None, float]:
        """Return what happens to a request and at which share of its bytes, from the seed and its number alone."""
        dice = Random(f"{self.seed}:{number}")
        kind = dice.choice(self.kinds) if dice.random() < self.rate else None
        return kind, dice.random()


@dataclass
class Tally:
    """What went through: how often the tablets sent each thing, and how often the network failed it."""

    requests: int = 0
    bytes_carried: int = 0
    given_up: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    faults: Counter[Kind] = field(default_factory=Counter)

    @property
    def sent_again(self) -> dict[str, int]:
        """Return the chunks and batches that were sent more than once, with how often more."""
        return {name: count - 1 for name, count in self.sent.items() if count > 1}

    @property
    def sent_again_without_need(self) -> dict[str, int]:
        """Return what was sent again more often than the network had failed it."""
        return {name: more for name, more in self.sent_again.items() if more > self.failed[name]}


@dataclass(frozen=True)
class _Message:
    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        return self.head + self.body

    @property
    def start(self) -> list[str]:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")

    def header(self, name: str) -> str:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name:
                return value.strip()
        return ""

    @property
    def payload_name(self) -> str:
        """Return which chunk or batch this is; empty for what carries neither."""
        method, path = self.start[:2]
        if method == "PATCH":
            return f"{path.rpartition('/')[2]}@{self.header('upload-offset')}"
        if not path.endswith("/sync/push"):
            return ""
        body = gzip.decompress(self.body) if self.header("content-encoding") == "gzip" else self.body
        return f"push@{json.loads(body)['from_seq']}"


class _Gone(Exception):
    """One end closed the connection."""


class FaultProxy:
    """Listens on a free port of the loopback and speaks to ``port`` there."""

    def __init__(self, port: int, trouble: Trouble) -> None:
        self._upstream_port, self._trouble = port, trouble
        self.tally = Tally()

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._tablet, "127.0.0.1", 0)

    async def _tablet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._pass(await _read(reader), reader, writer):
                continue
        except (_Gone, OSError, asyncio.IncompleteReadError):
            pass  # one end is gone, and so is the line
        finally:
            writer.close()

    async def _pass(self, request: _Message, reader: asyncio.StreamReader, tablet: asyncio.StreamWriter) -> bool:
        """Bring a request to the office and its answer back; return whether the line is still up."""
        kind, share = self._fault_of(request)
        if kind in _ON_THE_WAY:
            return await self._lose(request, reader, tablet, kind, share)
        twice = 2 if kind == "duplicate" else 1
        answer, *_ = await asyncio.gather(*(self._ask(request) for _ in range(twice)))
        if reader.at_eof():  # the office was slower than the tablet is patient
            self.tally.given_up += 1
            self.tally.failed[request.payload_name] += 1
            return False
        if kind == "swallow_answer":
            return await _hold(reader)
        if kind in ("cut_answer", "reset_answer"):
            await self._pour(tablet, answer.whole[: int(share * len(answer.whole))])
            return _hang_up(tablet, reset=kind == "reset_answer")
        await self._pour(tablet, answer.whole)
        return answer.header("connection").lower() != "close"

    async def _lose(
        self, request: _Message, reader: asyncio.StreamReader, tablet: asyncio.StreamWriter, kind: Kind, share: float
    ) -> bool:
        """Let the office see a part of the request, or none."""
        if kind == "swallow_request":
            return await _hold(reader)
        if kind != "refuse":
            _, office = await self._call(request.whole[: int(share * len(request.whole))])
            _hang_up(office, reset=kind == "reset_request")
        return _hang_up(tablet, reset=kind != "cut_request")

    async def _ask(self, request: _Message) -> _Message:
        reader, writer = await self._call(request.whole)
        try:
            return await _read(reader, bodiless=request.start[0] == "HEAD")
        finally:
            writer.close()

    async def _call(self, content: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        await self._pour(writer, content)
        return reader, writer

    def _fault_of(self, request: _Message) -> tuple[Kind | None, float]:
        self.tally.requests += 1
        name = request.payload_name
        kind, share = self._trouble.draw(self.tally.requests)
        if sum(self.tally.faults.values()) >= self._trouble.most:
            kind = None
        if name:
            self.tally.sent[name] += 1
        if kind is not None:
            self.tally.faults[kind] += 1
            self.tally.failed[name] += kind != "duplicate"
        return kind, share

    async def _pour(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        """Write as fast as the line allows, after half of its latency."""
        await asyncio.sleep(self._trouble.latency_s / 2)
        size = _PIECE_BYTES if self._trouble.bytes_per_s else len(content)
        for at in range(0, len(content), size or 1):
            piece = content[at : at + size]
            if self._trouble.bytes_per_s:
                await asyncio.sleep(len(piece) / self._trouble.bytes_per_s)
            writer.write(piece)
            await writer.drain()
            self.tally.bytes_carried += len(piece)


@contextmanager
def bad_network(port: int, trouble: Trouble) -> Iterator[tuple[str, Tally]]:
    """Stand between tablets and the office on ``port``; yield the address that the tablets call, and the tally."""
    proxy = FaultProxy(port, trouble)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(proxy.serve(), loop).result(PATIENCE_S)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", proxy.tally
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        end_of(thread, "the network's loop")
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    ours = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in ours:
        task.cancel()
    await asyncio.gather(*ours, return_exceptions=True)


async def _read(reader: asyncio.StreamReader, *, bodiless: bool = False) -> _Message:
    try:
        head = await reader.readuntil(_END_OF_HEAD)
    except asyncio.IncompleteReadError as error:
        raise _Gone from error
    message = _Message(head, b"")
    if bodiless:
        return message
    if message.header("transfer-encoding").lower() == "chunked":
        return _Message(head, await _read_chunks(reader))
    return _Message(head, await reader.readexactly(int(message.header("content-length") or 0)))


async def _hold(tablet: asyncio.StreamReader) -> Literal[False]:
    """Say nothing until the tablet gives up."""
    with suppress(TimeoutError):
        await asyncio.wait_for(tablet.read(1), _HELD_S)
    return False


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    read = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        read += line + await reader.readexactly(size + 2)
        if not size:
            return read


def _hang_up(writer: asyncio.StreamWriter, *, reset: bool) -> Literal[False]:
    """Close a line: in order, or as a router does that has forgotten it."""
    if reset:
        ours = writer.get_extra_info("socket")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()
    return False
