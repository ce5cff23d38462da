"""The four tablets: enrolled by QR code over HTTP, then driven by processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.example.cast import CARRIER_ID, DISPATCHER, DRIVERS, Person
from server.example.dispatching import DayRun
from server.identity.queries import drivers

PATIENCE_S: Final = 60
LONGEST_SITTING_S: Final = 900
MOST_STARTS: Final = 3
_KILLED: Final = -signal.SIGKILL

type Phase = dict[str, Any]


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
class Sitting:
    """How one sitting at a tablet went: the phases that it printed, and how often it was started again."""

    phases: tuple[Phase, ...]
    kills: int


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
    if kept.exists() and _sit(office.url, tablet, kept)[0] == 0:
        return
    code = office.enrolment_code(_user_id(tablet.driver))
    script = {"enrol": code, "name": tablet.name, "pull": True, "runs": [], "push": False}
    kept.write_text(json.dumps(script), encoding="utf-8")
    sit(office.url, tablet, script)


def sit(url: str, tablet: ExampleTablet, script: Phase) -> Sitting:
    """Let the tablet's driver do a script, started again after each kill, until it is done.

    Raises:
        TabletStuck: it ended otherwise, or was killed again and again.
    """
    path = tablet.home.parent / f"{tablet.number}-script.json"
    path.write_text(json.dumps(script), encoding="utf-8")
    phases: list[Phase] = []
    for kills in range(MOST_STARTS):
        code, said, words = _sit(url, tablet, path)
        phases += said
        if code == 0:
            return Sitting(tuple(phases), kills)
        if code != _KILLED:
            detail = f"{said[-1] if said else ''} {words[-800:]}"
            raise TabletStuck(Text(detail, detail), where=tablet.name)
    raise TabletStuck(Text("Tuée trop souvent.", "Killed too often."), where=tablet.name)


def _sit(url: str, tablet: ExampleTablet, script: Path) -> tuple[int, list[Phase], str]:
    command = [sys.executable, "-m", "driver_app.headless", "--home", str(tablet.home), "--server", url]
    done = subprocess.run(
        [*command, "--patience", str(PATIENCE_S), str(script)],
        capture_output=True,
        text=True,
        timeout=LONGEST_SITTING_S,
        check=False,
    )
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return done.returncode, said, done.stderr


def _user_id(person: Person) -> UUID:
    with transaction(acting=CARRIER_ID) as session:
        return next(member.user_id for member in drivers(session) if member.display_name == person.name)
