"""A real server process keeps its size and its head under bodies made to harm."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from server.identity.model import OrganisationKind, Role
from shared.sealing import sign
from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.hostile import BODIES
from tests.factories.web import Organisation, make_member, program_of
from tests.factories.world import ADJUST, make_order, make_world
from tests.integration.sync.test_pictures_shown import HOSTILE

ROOT = Path(__file__).parents[3]
MIB = 1024**2
MOST_GROWTH = 96 * MIB  # of half a gigabyte that a round sends
ROUNDS = 8 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 1


@pytest.fixture
def yard(app: Flask) -> Yard:
    """One shop, one supplier."""
    world = make_world([ADJUST])
    make_order(world)
    return make_yard(app, world)


@dataclass
class Served:
    """A gunicorn with one worker of four threads."""

    port: int
    master: psutil.Process

    @property
    def worker(self) -> psutil.Process:
        return self.master.children()[0]

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            came = connection.getresponse()
            return came.status, came.read()
        except (BrokenPipeError, ConnectionResetError):
            return 413, b""  # refused by its length while it was still being sent
        finally:
            connection.close()


@pytest.fixture
def served(yard: Yard) -> Iterator[Served]:
    """The product's own server on the test's database."""
    listening = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--threads", "4", "--bind",
               f"fd://{listening.fileno()}", "--log-level", "error", "server.app:create_app()"]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, pass_fds=[listening.fileno()], env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    try:
        server = Served(listening.getsockname()[1], psutil.Process(process.pid))
        deadline = time.monotonic() + 60
        while server.ask("GET", "/healthz")[0] != 200:
            assert time.monotonic() < deadline
        yield server
    finally:
        process.terminate()
        process.wait(20)
        listening.close()


def attacks(yard: Yard) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Yield what is sent: method, path, body, headers."""
    plain, packed = (
        {"Content_Type": "application/json"},
        {"Content_Type": "application/json", "Content_Encoding": "gzip"},
    )
    bomb = gzip.compress(b"[" + b" " * (256 * MIB), 9)
    for path in ("sync/push", "sync/hello", "devices/enrol", "session"):
        where = f"/api/v1/{path}"
        yield "POST", where, bomb, packed
        yield "POST", where, gzip.compress(bomb), packed
        yield "POST", where, bomb[: len(bomb) // 2], packed
        yield "POST", where, b"[" * (15 * MIB), plain
        yield "POST", where, b'{"a":"' + b"x" * (15 * MIB) + b'"}', plain
        yield "POST", where, b"x" * (17 * MIB), plain
        for body in BODIES.values():
            yield "POST", where, body, plain
    for push in wrong_pushes(yard):
        yield "POST", "/api/v1/sync/push", json.dumps(push).encode(), plain
    sha256 = hashlib.sha256(b"").hexdigest()
    for size, offset, body in [("12582912", "0", b"x" * (13 * MIB)), ("9" * 16, "0", b"x"), ("5", "9" * 15, b"x")]:
        headers = {"Upload_Length": size, "Upload_Offset": offset, "Upload_Type": "image/jpeg"}
        yield "PATCH", f"/api/v1/sync/attachments/{sha256}", body, headers


def wrong_pushes(yard: Yard) -> Iterator[dict[str, Any]]:
    """Yield batches with another key's signature, another chain, and as many events as fit a hundred times over."""
    tablet = yard.tablet
    if not tablet.events:
        tablet.depart()
        tablet.arrive(tablet.stop())
    good = tablet.message()
    head = bytes.fromhex(tablet.events[-1].hash)
    yield good | {"head_signature": sign(Ed25519PrivateKey.generate(), "head", head).hex()}
    yield good | {"events": good["events"][::-1]}
    yield good | {"events": [one | {"hash": "0" * 64} for one in good["events"]]}
    yield good | {"events": good["events"] * 100}
    yield good | {"device_id": str(yard.again.tablet.device_id)}
    yield good | {"from_seq": 2**53 - 1}
    yield dict(msgspec.to_builtins(good)) | {"events": [good["events"][0] | {"body": "[" * 60_000}]}


def most_memory(process: psutil.Process) -> int:
    """Return the most bytes that a process ever held: what it happens to hold now depends on who else is at work."""
    told = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", told, re.MULTILINE)
    return int(kilobytes) * 1024


def test_what_is_made_to_harm_leaves_the_server_as_it_was(
    yard: Yard, served: Served, record_property: Callable[[str, object], None]
) -> None:
    """No 5xx, no trace of the inside, memory that does not grow with what was sent, and an honest push afterwards."""
    statuses: Counter[int] = Counter()
    asked = list(attacks(yard))
    sizes = []
    for _ in range(1 + ROUNDS):
        statuses += attack(served, asked, yard)
        sizes.append(most_memory(served.worker))
    show_hostile_pictures(served, yard)
    sizes.append(most_memory(served.worker))
    record_property("rss_mib", [size // MIB for size in sizes])
    assert set(statuses) <= {200, 400, 401, 403, 413, 422, 429}
    assert max(sizes) - sizes[0] < MOST_GROWTH, sizes
    assert yard.tablet.push()["last_seq"] == 2


def attack(served: Served, asked: list[tuple[str, str, bytes, dict[str, str]]], yard: Yard) -> Counter[int]:
    """Send everything once and count the statuses; none of them is a fault."""
    bearer = {"Authorization": f"Bearer {yard.tablet.client.bearer}"}
    statuses: Counter[int] = Counter()
    for method, path, body, headers in asked:
        status, said = served.ask(method, path, body, **headers, **bearer)
        statuses[status] += 1
        assert status < 500, (path, status, body[:60])
        assert b"Traceback" not in said
    return statuses


def show_hostile_pictures(served: Served, yard: Yard) -> None:
    """Bombs and disguises are taken as evidence and looked at elsewhere."""
    org = Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id)
    dispatcher = {"Authorization": f"Bearer {program_of(yard.app, make_member(org, Role.DISPATCHER)).bearer}"}
    tablet = {"Authorization": f"Bearer {yard.tablet.client.bearer}"}
    for make in HOSTILE.values():
        payload = make()
        sha256 = hashlib.sha256(payload).hexdigest()
        for start in range(0, len(payload), 256 * 1024):
            headers = {"Upload_Length": str(len(payload)), "Upload_Offset": str(start), "Upload_Type": "image/png"}
            chunk = payload[start : start + 256 * 1024]
            assert served.ask("PATCH", f"/api/v1/sync/attachments/{sha256}", chunk, **headers, **tablet)[0] == 200
        status, said = served.ask("GET", f"/api/v1/pictures/{sha256}", **dispatcher)
        assert (status, json.loads(said)["slug"]) == (422, "picture-unfit")
