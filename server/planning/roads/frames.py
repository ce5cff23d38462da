"""Length-prefixed messages between the road engine's worker process and its owner."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

MAX_FRAME_BYTES: Final = 1 << 30
_LENGTH_BYTES: Final = 8

type Place = tuple[float, float]


class Stream(Protocol):
    """A binary stream that may give fewer bytes than asked."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        ...


class TableRequest(msgspec.Struct, frozen=True, tag="table"):
    """Asks for the matrix between places."""

    places: list[Place]


class RouteRequest(msgspec.Struct, frozen=True, tag="route"):
    """Asks for the way through places, in order."""

    places: list[Place]


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The network is open."""


class TableAnswer(msgspec.Struct, frozen=True, tag="table"):
    """Both figures of every pair as raw int64, row by row; how far each place is from a road."""

    durations_s: bytes
    distances_m: bytes
    off_road_m: list[float]


class RouteAnswer(msgspec.Struct, frozen=True, tag="route"):
    """The line of the way and what each leg takes; no line when there is no way."""

    line: list[Place]
    legs: list[tuple[float, float]]
    off_road_m: list[float]


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """The engine refused."""

    reason: str


type Request = TableRequest | RouteRequest
type Answer = Ready | TableAnswer | RouteAnswer | Failure


class FrameBroken(Exception):
    """The stream ended or carries no message."""


def pack(message: Request | Answer) -> bytes:
    """Return the message with its length in front."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def read_body(stream: Stream) -> bytes | None:
    """Return the next message's bytes, or None at a clean end.

    Raises:
        FrameBroken: the stream ends inside a message, or the length is impossible.
    """
    prefix = _read_exactly(stream, _LENGTH_BYTES)
    if not prefix:
        return None
    size = int.from_bytes(prefix, "big")
    if len(prefix) < _LENGTH_BYTES or size > MAX_FRAME_BYTES:
        raise FrameBroken
    body = _read_exactly(stream, size)
    if len(body) < size:
        raise FrameBroken
    return body


def _read_exactly(stream: Stream, size: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < size and (chunk := stream.read(size - len(chunks))):
        chunks += chunk
    return bytes(chunks)
