"""The day from its first organisation to its last proof; a day that was cut short goes on where it stood."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from server.cli.web_server import WebServer
from server.core.problems import Text
from server.example import dispatching
from server.example.cast import TRUCKS
from server.example.dispatching import BEFORE_LEAVING, DayRun, runs_of
from server.example.evening import close_day, seal_proofs_of_day
from server.example.founding import founding_steps
from server.example.incidents import EVENING_TRUCK
from server.example.leftovers import give_back_jobs
from server.example.ordering import place_order
from server.example.orders import wanted_orders
from server.example.people import Users, open_accounts
from server.example.progress import Bars
from server.example.script import script_of
from server.example.standing import DayPlace
from server.example.tablets import ExampleTablet, Office, enrol, sit, sit_without_network, tablets_of
from server.subscriptions import install_subscriptions
from shared.states import RunState

ON_THE_ROAD: Final = (RunState.READY, RunState.UNDER_WAY, RunState.BACK)
AT_ONCE: Final = 2
"""Tablets driven side by side."""
_SYNC: Final = {"pull": False, "runs": [], "push": True}


@dataclass(frozen=True, slots=True)
class DayRunner:
    """One run of the command: where the day is kept, and the bars that show it."""

    place: DayPlace
    bars: Bars

    def run(self) -> Users:
        """Do what is left of the day and return its users."""
        install_subscriptions()
        give_back_jobs()
        found, order = Text("Le commerce", "The trade"), Text("Les commandes", "The orders")
        for step in self.bars.each(found, tuple(founding_steps())):
            step()
        users = open_accounts(self.place.folder)
        if not is_finished():
            for wanted in self.bars.each(order, wanted_orders()):
                place_order(wanted)
            self._plan()
            self._deliver(users)
        return users

    def _plan(self) -> None:
        dispatching.request_plan()
        self.bars.jobs(Text("Plan des tournées et bons", "Plan of the runs, order papers"))
        dispatching.adopt_plan()
        runs = [run for run in runs_of() if run.state in BEFORE_LEAVING]
        for run in self.bars.each(Text("Documents de tournée", "Run documents"), runs):
            dispatching.prepare(run.id)
            dispatching.download_again(run.id)
        self.bars.jobs(Text("Rendu des documents", "Rendering of the papers"))
        for run in runs:
            dispatching.load(run.id)
        self.bars.jobs(Text("Lots des tablettes", "The tablets’ bundles"))

    def _deliver(self, users: Users) -> None:
        runs = runs_of()
        if any(run.state in ON_THE_ROAD for run in runs):
            with WebServer(port=0, workers=2) as server:
                office = Office(f"http://127.0.0.1:{server.port}", users.password)
                self._send_out(
                    office, [one for one in tablets_of(self.place.tablets, runs) if one.run.state in ON_THE_ROAD]
                )
        self.bars.jobs(Text("Preuves du soir", "The evening’s proofs"))
        close_day()
        self.bars.jobs(Text("Clôture", "Closing"))
        seal_proofs_of_day()

    def _send_out(self, office: Office, tablets: Sequence[ExampleTablet]) -> None:
        for tablet in self.bars.each(Text("Inscription des tablettes", "Enrolment of the tablets"), tablets):
            enrol(office, tablet)
        self._drive(office, tablets)
        self.bars.jobs(Text("Preuves et factures", "Proofs and invoices"))
        for tablet in self.bars.each(Text("Synchro du soir", "The evening’s sync"), _late(tablets)):
            sit(office.url, tablet, _SYNC)

    def _drive(self, office: Office, tablets: Sequence[ExampleTablet]) -> None:
        late = _late(tablets)

        def drive(tablet: ExampleTablet) -> None:
            sit_without_network(tablet, {"pull": False, "runs": [script_of(tablet.run.id)]})
            if tablet not in late:
                sit(office.url, tablet, _SYNC)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            driven = [pool.submit(drive, tablet) for tablet in tablets]
            for future in self.bars.each(Text("Livraisons, sans réseau", "Deliveries, without network"), driven):
                future.result()


def is_finished() -> bool:
    """Say whether every run of the day is closed."""
    runs: Sequence[DayRun] = runs_of()
    return len(runs) == len(TRUCKS) and all(run.state is RunState.CLOSED for run in runs)


def _late(tablets: Sequence[ExampleTablet]) -> list[ExampleTablet]:
    return [tablet for tablet in tablets if tablet.run.name == EVENING_TRUCK]
