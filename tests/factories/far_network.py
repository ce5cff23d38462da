"""A network of the kernel's own between tablet and office: a namespace behind a thin wire that drops and goes down."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.factories.waiting import PATIENCE_S, end_of

OFFICE_HOST: Final = "10.203.77.1"
_TABLET_HOST: Final = "10.203.77.2"
_DROPS: Final = "table inet drill {{ chain {0} {{ type filter hook {0} priority 0; numgen random mod {1} 0 drop; }} }}"


def why_not() -> str:
    """Return why this machine cannot have such a network; empty when it can."""
    missing = [program for program in ("ip", "tc") if shutil.which(program) is None]
    if missing or os.geteuid() != 0:
        return f"network namespaces want root and {missing or 'nothing else'}"
    made = subprocess.run(["ip", "netns", "add", "tournee-try"], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        subprocess.run(["ip", "netns", "del", "tournee-try"], check=True)
    return made.stderr.strip()


@dataclass
class FarNetwork:
    """The wire; ``inside`` stands before the command of a tablet. ``outages`` counts how often it was down."""

    name: str
    inside: tuple[str, ...]
    drops: bool
    outages: int = 0


@contextmanager
def far_network(*, rate: str = "40kbit", latency: str = "2s", one_in: int = 20, seed: int = 0) -> Iterator[FarNetwork]:
    """Lay a wire of so many bits a second, both ways, for the time of the block; it goes down now and then.

    Packets that wait longer than ``latency`` are dropped by the wire itself; one in ``one_in`` besides, where nftables
    is installed.
    """
    name = f"drill{os.getpid() % 10_000}"
    wire = FarNetwork(name, ("ip", "netns", "exec", name), drops=shutil.which("nft") is not None)
    ended = threading.Event()
    _run("ip", "netns", "add", name)
    try:
        _lay(name, rate, latency)
        if wire.drops:
            for side in ("input", "output"):
                _run(*wire.inside, "nft", _DROPS.format(side, one_in))
        breaker = threading.Thread(target=_break, args=(wire, Random(seed), ended), daemon=True)
        breaker.start()
        try:
            yield wire
        finally:
            ended.set()
            end_of(breaker, "the hand at the wire")
    finally:
        with suppress(subprocess.CalledProcessError):
            _run("ip", "link", "del", f"{name}a")
        _run("ip", "netns", "del", name)


def _lay(name: str, rate: str, latency: str) -> None:
    ours, theirs, inside = f"{name}a", f"{name}b", ("ip", "netns", "exec", name)
    _run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs)
    _run("ip", "link", "set", theirs, "netns", name)
    _run("ip", "addr", "add", f"{OFFICE_HOST}/30", "dev", ours)
    _run("ip", "link", "set", ours, "up")
    _run(*inside, "ip", "addr", "add", f"{_TABLET_HOST}/30", "dev", theirs)
    _run(*inside, "ip", "link", "set", theirs, "up")
    thin = ("root", "tbf", "rate", rate, "burst", "4k", "latency", latency)
    _run("tc", "qdisc", "add", "dev", ours, *thin)
    _run(*inside, "tc", "qdisc", "add", "dev", theirs, *thin)


def _break(wire: FarNetwork, dice: Random, ended: threading.Event) -> None:
    while not ended.wait(dice.uniform(2.0, 8.0)):
        _run("ip", "link", "set", f"{wire.name}a", "down")
        wire.outages += 1
        ended.wait(dice.uniform(0.5, 3.0))
        _run("ip", "link", "set", f"{wire.name}a", "up")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
