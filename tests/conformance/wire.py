"""The way from a client to the real office, with one fault at a time where a test wants one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

type Came = tuple[int, dict[str, str], bytes]
type Reach = Callable[[bytes], Came]
type Fault = Callable[[bytes, Reach], Came]
"""Takes the plain body and the way on; returns what the client gets to see."""


class Cut(Exception):
    """The connection broke: the client knows nothing."""


@dataclass
class Wire:
    """A client's calls end in ``app``; ``log`` names them as ``METHOD path``, with the bytes of the body."""

    app: Flask
    log: list[tuple[str, int]] = field(default_factory=list)
    _waiting: list[tuple[str, int, Fault]] = field(default_factory=list)

    def once(self, where: str, fault: Fault, *, skip: int = 0) -> None:
        """Let the next call whose ``METHOD path`` holds ``where`` meet a fault, after ``skip`` of them."""
        self._waiting.append((where, skip, fault))

    @property
    def spent(self) -> bool:
        """Whether every fault has struck."""
        return not self._waiting

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Came:
        """Send one call."""
        name = f"{method} {path}"
        self.log.append((name, len(body)))
        is_packed = headers.get("Content-Encoding") == "gzip"

        def reach(plain: bytes) -> Came:
            sent = gzip.compress(plain) if is_packed else plain
            answer = self.app.test_client().open(path, method=method, headers=dict(headers), data=sent)
            return answer.status_code, {key.lower(): value for key, value in answer.headers}, answer.data

        fault = self._due(name)
        plain = gzip.decompress(body) if is_packed else body
        return reach(plain) if fault is None else fault(plain, reach)

    def _due(self, name: str) -> Fault | None:
        for at, (where, skip, fault) in enumerate(self._waiting):
            if where in name:
                if skip:
                    self._waiting[at] = (where, skip - 1, fault)
                    return None
                del self._waiting[at]
                return fault
        return None


def lost_request(plain: bytes, reach: Reach) -> Came:
    """The office hears nothing."""
    raise Cut


def lost_answer(plain: bytes, reach: Reach) -> Came:
    """The office did it, and the client never hears."""
    reach(plain)
    raise Cut


def twice(plain: bytes, reach: Reach) -> Came:
    """A proxy sends the same again."""
    reach(plain)
    return reach(plain)


def saying(status: int, **headers: str) -> Fault:
    """Something answers in the office's place."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda plain, reach: (status, named, b'{"slug":"x","status":0,"detail":"x","details":{"fr":"x","en":"x"}}')


def after(happens: Callable[[], Any]) -> Fault:
    """Something happens before the office hears."""

    def strike(plain: bytes, reach: Reach) -> Came:
        happens()
        return reach(plain)

    return strike


def damaged(change: Callable[[Any], Any]) -> Fault:
    """The message is changed on its way there."""
    return lambda plain, reach: reach(json.dumps(change(json.loads(plain))).encode())


def garbled(plain: bytes, reach: Reach) -> Came:
    """The bytes of a file arrive wrong, and as many."""
    return reach(bytes(byte ^ 0xFF for byte in plain[:64]) + plain[64:])


def forged(change: Callable[[Any], Any]) -> Fault:
    """The answer is changed on its way back."""

    def strike(plain: bytes, reach: Reach) -> Came:
        status, headers, body = reach(plain)
        return status, headers, json.dumps(change(json.loads(body))).encode()

    return strike
