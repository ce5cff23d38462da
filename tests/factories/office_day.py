"""A whole day of an office through its doors for programs, its worker and a tablet, by people who ask again.

Who gets no answer does what a person does: the same request once more, with its key where the door takes one. A refusal
then says that the thing is done already, and the caller reads what stands.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from server.core.settings import reload_settings
from server.core.transaction import forget_engine
from server.identity.model import OrganisationKind, Role
from server.subscriptions import install_subscriptions
from tests.factories.drill import Cluster, Drill, Morning, day_script, settings_for
from tests.factories.state import Digest
from tests.factories.waiting import PATIENCE_S, WaitedInVain
from tests.factories.web import PASSWORD, Organisation, make_account, make_member
from tests.factories.world import ADJUST, AGENT, CREDIT, EXTERNAL, RUN_DAY, Deal, World, make_vehicle, make_world

API: Final = "/api/v1"
ALREADY: Final = 409
# A code for a tablet is told once: who did not hear it asks for another. Papers that were rendered again say so again.
_FACTS: Final = """SELECT o.code, f.name, count(*) FROM fact f JOIN organisation o ON o.id = f.owner_id
    WHERE f.name NOT IN ('device.code_made', 'documents.run_rendered') GROUP BY 1, 2"""
_MONTREAL: Final = ZoneInfo("America/Montreal")
# which suppliers (adjusted, credited above a threshold, external, by agent) each shop orders from
BASKETS: Final = ((0, 1), (1, 2), (3,), (0, 2, 3), (0,))
DEALS: Final = (ADJUST, Deal(settlement_policy=CREDIT.settlement_policy, credit_threshold_cents=5_000), EXTERNAL, AGENT)


@dataclass(frozen=True)
class Eve:
    """A carrier and its suppliers the evening before: nothing is ordered yet."""

    morning: Morning
    driver_id: UUID

    @property
    def world(self) -> World:
        return self.morning.world


def eve_of(cluster: Cluster, folder: Path, patch: pytest.MonkeyPatch) -> Eve:
    """Make the organisations, their goods, their deals and the people who sign in."""
    name = f"eve_{folder.name}".replace("-", "_")
    cluster.copy(name, "template_tournee")
    for key, value in settings_for(cluster, name, folder).items():
        patch.setenv(key, value)
    reload_settings()
    install_subscriptions()
    world = make_world(DEALS, buyers=len(BASKETS))
    make_vehicle(world)
    carrier = Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id, "Distribution Mont-Royal")
    make_member(carrier, Role.OWNER, make_account(email_of(world.carrier_id)))
    driver = make_member(carrier, Role.DRIVER)
    for number, seller in enumerate(world.sellers):
        supplier = Organisation(OrganisationKind.SUPPLIER, seller.id, f"Brasserie {number + 1}")
        make_member(supplier, Role.OWNER, make_account(email_of(seller.id)))
    forget_engine()
    return Eve(Morning(cluster, name, folder, world), driver.user_id)


def email_of(org_id: UUID) -> str:
    return f"{org_id}@exemple.test"


class Office:
    """An office that may be dead for a moment."""

    def __init__(self, url: str) -> None:
        """Speak to ``url``."""
        self._where = urlsplit(url).netloc
        self.unanswered: list[str] = []

    def ask(self, method: str, path: str, body: Any = None, *, token: str = "") -> tuple[int, Any, bool]:
        """Return status and JSON of an answer, and whether it came only when asked again."""
        asked_again, ends_s = False, time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_s:
            try:
                status, answer = self._once(method, path, body, token)
            except (OSError, http.client.HTTPException):
                self.unanswered.append(f"{method} {path}")
                asked_again = True
            else:
                return status, answer, asked_again
        raise WaitedInVain(f"the office does not answer {method} {path}")

    def _once(self, method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self._where, timeout=PATIENCE_S)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            connection.request(method, API + path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            read = answer.read()
            return answer.status, json.loads(read) if read else None
        finally:
            connection.close()


@dataclass
class Person:
    """Somebody who is signed in."""

    office: Office
    token: str

    def read(self, path: str) -> Any:
        status, answer, _ = self.office.ask("GET", path, token=self.token)
        assert status == 200, (path, answer)
        return answer

    def do(self, path: str, body: Any = None, *, method: str = "POST", already: str = "") -> Any:
        """Ask for one thing; where it was done before the answer was lost, return what ``already`` reads."""
        status, answer, asked_again = self.office.ask(method, path, body, token=self.token)
        if asked_again and status == ALREADY and already:
            return self.read(already)
        assert status in (200, 201, 202, 204), (method, path, status, answer)
        return answer


@dataclass
class OfficeDay:
    """One day on a copy of the eve; everything that it asks for has the same key on every copy."""

    eve: Eve
    drill: Drill
    people: dict[UUID, Person] = field(default_factory=dict)
    orders: dict[tuple[int, int], str] = field(default_factory=dict)

    def play(self, *deaths: str) -> Iterator[str]:
        """Do the day part by part and say which is over, before its jobs are done; a worker dies at ``deaths``."""
        self.office = Office(self.drill.url)
        for part in (self.sign_in, self.order, self.plan, self.prepare, self.drive, self.decide, self.close):
            part()
            yield part.__name__
            self.drill.work(*deaths)

    def sign_in(self) -> None:
        world = self.eve.world
        for org_id in (world.carrier_id, *(seller.id for seller in world.sellers)):
            status, answer, _ = self.office.ask("POST", "/session", {"email": email_of(org_id), "password": PASSWORD})
            assert status == 201, answer
            self.people[org_id] = Person(self.office, answer["token"])

    @property
    def carrier(self) -> Person:
        return self.people[self.eve.world.carrier_id]

    def order(self) -> None:
        for shop, basket in enumerate(BASKETS):
            for number in basket:
                self._order_of(shop, number)

    def _order_of(self, shop: int, number: int) -> None:
        world = self.eve.world
        seller, buyer = world.sellers[number], world.buyers[shop]
        person = self.people[seller.id]
        wanted = {seller.case_id: 3 + number, seller.keg_id: 1 + number % 2}
        made = person.do(
            "/orders",
            {
                "key": self.key(f"order {shop} {number}"),
                "seller_id": str(seller.id),
                "buyer_id": str(buyer.id),
                "site_id": str(buyer.site_id),
                "carrier_id": str(world.carrier_id),
                "planned_on": RUN_DAY.isoformat(),
                "items": [{"format_id": str(one), "quantity": quantity} for one, quantity in wanted.items()],
            },
        )
        self.orders[shop, number] = order = f"/orders/{made['id']}"
        person.do(f"{order}/submit", already=order)
        person.do(f"{order}/accept", {}, already=order)

    def plan(self) -> None:
        self.carrier.do("/plans", {"key": self.key("plan"), "runs_on": RUN_DAY.isoformat(), "seconds": 1, "seed": 1})

    def prepare(self) -> None:
        (plan,) = self.carrier.read(f"/plans?runs_on={RUN_DAY}")
        (run,) = self.carrier.do(f"/plans/{plan['id']}/adopt", already=f"/runs?runs_on={RUN_DAY}")
        self.run = f"/runs/{run['id']}"
        self.carrier.do(f"{self.run}/driver", {"driver_id": str(self.eve.driver_id)}, method="PUT")
        for step in ("prepare", "documents", "load", "ready"):
            self.carrier.do(f"{self.run}/{step}", already=self.run)
        self.stops = {self._shop(stop): stop["id"] for stop in self.carrier.read(self.run)["stops"]}
        self.code = self.carrier.do("/devices/codes", {"driver_id": str(self.eve.driver_id)})["code"]

    def _shop(self, stop: dict[str, Any]) -> str:
        return next(str(shop) for shop, buyer in enumerate(self.eve.world.buyers) if str(buyer.id) == stop["buyer_id"])

    def drive(self) -> None:
        """Enrol the tablet, by hand until the office answers, then do the run and sync."""
        enrolling = {"enrol": self.code, "push": False}
        while self.drill.sync(**enrolling, may_be_refused=True)[-1].get("phase") == "problem":
            self.office.unanswered.append("POST /devices/enrol")
        script = day_script(self.eve.world, self.stops | dict.fromkeys("567", "elsewhere"))
        self.drill.sync(**script, pull=True)

    def decide(self) -> None:
        """Do what people decide once a truck is back, and what they book."""
        adjusted, credited, external, _agent = (self.people[seller.id] for seller in self.eve.world.sellers)
        for one in self.carrier.read("/discrepancies?state=open"):
            decided = {"decision": "Horloge remise à l’heure."}
            self.carrier.do(f"/discrepancies/{one['id']}/decision", decided, already="/discrepancies")
        self._correct()
        for one in credited.read("/credit-notes"):
            if one["state"] == "proposed":
                credited.do(
                    f"/credit-notes/{one['id']}/decision", {"approve": True}, already=f"/credit-notes/{one['id']}"
                )
        for one in adjusted.read("/payments"):
            adjusted.do(f"/payments/{one['id']}/confirmation", already=f"/payments/{one['id']}")
        self._book(credited)
        order = self.orders[3, 2]
        noted = {"number": "F-2026-118", "issued_on": RUN_DAY.isoformat()}
        external.do(f"{order}/outside-invoice", noted, already=order)
        adjusted.do("/inbox/read")
        self._talk(adjusted)

    def _talk(self, seller: Person) -> None:
        """Write on an order and on an account: what is sent again is said once."""
        said = {"text": "Merci, nous vérifions."}
        seller.do(f"{self.orders[0, 0]}/messages", {"key": self.key("on the order"), **said})
        seller.do(f"/accounts/{self.eve.world.buyers[0].id}/messages", {"key": self.key("on the account"), **said})

    def _correct(self) -> None:
        """A keg more came back than was counted."""
        wanted = self.orders[1, 1].rpartition("/")[2]
        (delivery,) = (one for one in self.carrier.read("/deliveries") if one["order_id"] == wanted)
        kept = ("order_line_id", "ordered", "delivered", "not_shipped", "lost", "returned", "extra", "reason")
        lines = [{name: line[name] for name in kept} for line in delivery["lines"]]
        lines[0] |= {"delivered": lines[0]["delivered"] - 1, "returned": 1, "reason": "refused_item"}
        told = {"key": self.key("correction"), "reason": "Une caisse est revenue.", "lines": lines}
        self.carrier.do(f"/deliveries/{delivery['id']}/corrections", told)

    def _book(self, issuer: Person) -> None:
        buyer_id, today = str(self.eve.world.buyers[0].id), datetime.now(_MONTREAL).date().isoformat()
        paid = {"buyer_id": buyer_id, "method": "cheque", "amount_cents": 20_000, "received_on": today}
        issuer.do("/payments", {"key": self.key("cheque"), **paid})
        thanks = {"description_fr": "Bris à l’entrepôt", "description_en": "Breakage", "net_cents": 1_500}
        given = {"buyer_id": buyer_id, "reason_fr": "Entente du 18", "lines": [thanks]}
        issuer.do("/credit-notes", {"key": self.key("goodwill"), **given})
        invoice = next(one for one in issuer.read("/invoices") if one["buyer_id"] == buyer_id)
        given_up = {"key": self.key("write-off"), "amount_cents": 100, "reason": "Solde trop petit"}
        issuer.do(f"/invoices/{invoice['id']}/write-offs", given_up)

    def close(self) -> None:
        self.carrier.do(f"{self.run}/settle", already=self.run)
        self.carrier.do(f"{self.run}/close", already=self.run)

    def state(self) -> Digest:
        """Return how the day stands, without what hangs on the instant and on ids: photos show those of their lines."""
        found = self.drill.state()
        return found | {
            "events": [(seq, kind, outcome) for seq, kind, _hash, outcome in found["events"]],
            "visits": [row[:-1] for row in found["visits"]],
            "attachments": sorted((media, is_whole) for _sha256, media, _size, is_whole in found["attachments"]),
            "facts": sorted(self.drill.rows(_FACTS)),
        }

    def key(self, what: str) -> str:
        return str(uuid5(self.eve.world.carrier_id, what))
