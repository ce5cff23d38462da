"""The four tablets: enrolled by QR code over HTTP, then driven by processes of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.example.cast import CARRIER_ID, DISPATCHER, DRIVERS, Person
from server.example.dispatching import DayRun
from server.example.starts import Phase, Start, note_start
from server.identity.queries import drivers

PATIENCE_S: Final = 60
LONGEST_SITTING_S: Final = 900
MOST_STARTS: Final = 3
NO_PATIENCE_S: Final = 0
_DONE: Final = 0
_NOT_SENT: Final = 3
"""How the tablet's driver ends when the office did not take everything: the words of its command."""


class TabletStuck(Problem):
    """A tablet's driver could not do its part of the day."""

    slug = "example-tablet-stuck"
    status = 500
    title = Text("Tablette bloquée", "Tablet stuck")


class OfficeRefused(Problem):
    """The office's API refused a request of the example."""

    slug = "example-office-refused"
    status = 500
    title = Text("Requête refusée par le bureau", "Request refused by the office")


@dataclass(frozen=True, slots=True)
class ExampleTablet:
    """One tablet: its number, its driver, the run it drives and the folder of its store."""

    number: int
    driver: Person
    run: DayRun
    home: Path

    @property
    def name(self) -> str:
        """The name under which it is enrolled."""
        return f"Tablette {self.number}"


def tablets_of(folder: Path, runs: Iterable[DayRun]) -> tuple[ExampleTablet, ...]:
    """Return the tablets of the day, one for each run, in the order of the runs' names."""
    pairs = enumerate(zip(DRIVERS, runs, strict=True), start=1)
    return tuple(ExampleTablet(number, driver, run, folder / str(number)) for number, (driver, run) in pairs)


class Office:
    """The office as the dispatcher's browser and the tablets reach it."""

    def __init__(self, url: str, password: str) -> None:
        """Sign the dispatcher in at ``url``."""
        self.url = url
        opened = self._post("/api/v1/session", {"email": DISPATCHER.email, "password": password})
        self._token = str(opened["token"])

    def enrolment_code(self, driver_id: UUID) -> str:
        """Make a code for a driver's tablet and return what its QR code says."""
        made = self._post("/api/v1/devices/codes", {"driver_id": str(driver_id)}, token=self._token)
        return str(json.loads(made["payload"])["c"])

    def _post(self, path: str, message: Phase, *, token: str = "") -> Phase:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.url + path, json.dumps(message).encode(), headers)  # noqa: S310  # ours
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310  # the address is ours
                answered: Phase = json.load(answer)
                return answered
        except urllib.error.HTTPError as error:
            words = error.read().decode(errors="replace")[:500]
            raise OfficeRefused(Text(words, words), where=path) from error


def enrol(office: Office, tablet: ExampleTablet) -> None:
    """Enrol a tablet and let it pull its run; one that is enrolled only pulls.

    The code is kept beside the store until it is spent, so that a start that was cut short spends the same one.
    """
    tablet.home.parent.mkdir(parents=True, exist_ok=True)
    kept = tablet.home.parent / f"{tablet.number}-enrol.json"
    if kept.exists() and _start(office.url, tablet, kept, patience_s=PATIENCE_S)[0].code == _DONE:
        return
    code = office.enrolment_code(_user_id(tablet.driver))
    script = {"enrol": code, "name": tablet.name, "pull": True, "runs": [], "push": False}
    kept.write_text(json.dumps(script), encoding="utf-8")
    sit(office.url, tablet, script)


def sit(url: str, tablet: ExampleTablet, script: Phase) -> None:
    """Let the tablet's driver do a script, started again after each kill, until the office has everything.

    Raises:
        TabletStuck: it ended otherwise, or was killed again and again.
    """
    _sit_through(url, tablet, script, patience_s=PATIENCE_S, end=_DONE)


def sit_without_network(tablet: ExampleTablet, script: Phase) -> None:
    """Let the tablet's driver do a script and push, once, at an address where every connection is refused.

    Raises:
        TabletStuck: as ``sit``, or the push did not find the network gone.
    """
    with refusing_address() as url:
        last = _sit_through(url, tablet, script | {"push": True}, patience_s=NO_PATIENCE_S, end=_NOT_SENT)
    if last.phases[-1].get("ending") != "offline":
        raise TabletStuck(Text("Elle avait un réseau.", "It had a network."), where=tablet.name)


@contextmanager
def refusing_address() -> Iterator[str]:
    """Hold a port of the loopback that nobody listens on inside the block: every connection to it is refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def _sit_through(url: str, tablet: ExampleTablet, script: Phase, *, patience_s: int, end: int) -> Start:
    """Start a tablet's driver until it ends with ``end``, again after each kill, and return its last start."""
    path = tablet.home.parent / f"{tablet.number}-script.json"
    path.write_text(json.dumps(script), encoding="utf-8")
    for _ in range(MOST_STARTS):
        start, words = _start(url, tablet, path, patience_s=patience_s)
        if start.code == end:
            return start
        if not start.is_killed:
            detail = f"{start.phases[-1] if start.phases else ''} {words[-800:]}"
            raise TabletStuck(Text(detail, detail), where=tablet.name)
    raise TabletStuck(Text("Tuée trop souvent.", "Killed too often."), where=tablet.name)


def _start(url: str, tablet: ExampleTablet, script: Path, *, patience_s: int) -> tuple[Start, str]:
    """Start the tablet's driver once, note how it ended, and return that with what it complained of."""
    command = [sys.executable, "-m", "driver_app.headless", "--home", str(tablet.home), "--server", url]
    done = subprocess.run(
        [*command, "--patience", str(patience_s), str(script)],
        capture_output=True,
        text=True,
        timeout=LONGEST_SITTING_S,
        check=False,
    )
    said = tuple(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    start = Start(done.returncode, said)
    note_start(tablet.home, start)
    return start, done.stderr


def _user_id(person: Person) -> UUID:
    with transaction(acting=CARRIER_ID) as session:
        return next(member.user_id for member in drivers(session) if member.display_name == person.name)
