"""A small day for the browser: planned, driven by a scripted tablet, settled and proven, through the real doors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.delivery.contests.model import ContestSubject
from server.delivery.papers.service import add_paper, take_in
from server.delivery.sharing.exports import ask_export
from server.delivery.sharing.model import ProofEntry
from server.delivery.sharing.queries import ProofFilter
from server.documents.rendering.render import draw_pages
from server.fulfilment.service.contesting import open_contest
from server.identity.model import Membership, OrganisationKind, Role
from server.identity.service import add_member, add_user
from server.notifications.service.endpoints import add_endpoint
from server.planning.model import Run, Stop
from tests.browser.furnishing import furnish
from tests.factories.papers import a_delivery_slip
from tests.factories.stops import JOINED
from tests.factories.web import PASSWORD, now_stamp, password_hash
from tests.factories.world import (
    AGENT,
    CREDIT,
    EXTERNAL,
    RUN_DAY,
    Deal,
    World,
    make_order,
    make_vehicle,
    make_world,
    stamp,
)
from tests.scenarios.office import Office, opened

TOGETHER = (replace(JOINED, settlement_policy=CREDIT.settlement_policy),) * 2
"""Two suppliers whose agent bills them on one invoice, before the truck leaves."""
TOGETHER_FROM = 4
LATER = RUN_DAY + timedelta(days=14)
STOPS: list[dict[str, Any]] = [
    {"outcome": "full", "signer": "Camille Roy"},
    {
        "outcome": "short",
        "lines": {"#0": {"lost": 1, "reason": "breakage"}, "#1": {"extra": 1}},
        "photo": True,
        "signer": "Éloïse Gagné",
    },
    {"outcome": "refused", "signer": "Rachel Côté"},
    {"outcome": "closed"},
]


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in with PASSWORD."""

    email: str
    password: str = PASSWORD


@dataclass(frozen=True)
class BrowserDay:
    """The office of the day and who may look at it."""

    office: Office
    dispatcher: Person
    supplier: Person
    retailer: Person
    accountant: Person
    driver: Person

    @property
    def url(self) -> str:
        return self.office.url

    @property
    def world(self) -> World:
        return self.office.world


@contextmanager
def office_of(
    folder: Path, *, buyers: int = 4, deals: Sequence[Deal] = (Deal(), CREDIT, EXTERNAL, AGENT, *TOGETHER)
) -> Iterator[BrowserDay]:
    """Serve an office with its people and nothing ordered yet."""
    world = make_world(deals, buyers=buyers)
    with opened(world, folder) as office:
        yield BrowserDay(
            office=office,
            dispatcher=person_of(world.carrier_id, OrganisationKind.DISTRIBUTOR, Role.DISPATCHER, "Simone Lavoie"),
            accountant=person_of(world.carrier_id, OrganisationKind.DISTRIBUTOR, Role.ACCOUNTANT, "Noé Fortin"),
            supplier=person_of(world.seller.id, OrganisationKind.SUPPLIER, Role.OWNER, "Béatrice Houle"),
            retailer=person_of(world.buyer.id, OrganisationKind.RETAILER, Role.OWNER, "Omar Diallo"),
            driver=Person(f"livreuse.{world.carrier_id.hex[-8:]}@dmr.example"),
        )


@contextmanager
def full_day(folder: Path) -> Iterator[BrowserDay]:
    """Serve an office whose first run is over and synced, a second one ready, and orders that wait for later."""
    with office_of(folder) as day:
        _order_everything(day.world)
        make_vehicle(day.world, name="Camion 2", capacity_g=900_000)
        with transaction(day.world.seller.id) as session:  # nobody is at that address: its calls fail, and are shown
            add_endpoint(session, url="https://erp.brasserie.exemple.test/tournee", stamp=stamp())
        runs = day.office.plan()
        for run_id in runs:
            day.office.load(run_id)
        day.office.drive({"enrol": day.office.code(), "pull": True, "runs": [], "push": True})
        day.office.drive({"pull": False, "runs": [_script(day.world, runs[0])], "push": True})
        day.office.jobs()
        _give_out(day.world)
        furnish(day.world)
        day.office.jobs()
        make_order(day.world, buyer=day.world.buyers[1], planned_on=LATER)
        make_order(day.world, seller=day.world.sellers[1], buyer=day.world.buyers[2], planned_on=LATER)
        make_order(day.world, buyer=day.world.buyers[3], planned_on=None, accepted=False)
        yield day


def _give_out(world: World) -> None:
    """Contest a proof and ask for an archive, as the supplier does; leave a paper to match at the carrier's."""
    at = now_stamp()
    with transaction(world.seller.id) as session:
        proofs = session.scalars(select(ProofEntry).order_by(ProofEntry.position)).all()
        open_contest(
            session, subject=ContestSubject.PROOF, subject_id=proofs[-1].proof_id,
            reason="Le client dit avoir reçu une caisse de plus.", author="Béatrice Houle, Brasserie 1", stamp=at,
        )  # fmt: skip
        ask_export(session, narrowed=ProofFilter(), by_name="Béatrice Houle", stamp=at)
    page = draw_pages(a_delivery_slip(), language="fr")[0]
    taken = take_in(blob_store(), world.carrier_id, name="bon-signé.png", payload=page)
    with transaction(world.carrier_id) as session:
        add_paper(session, taken=taken, by_name="Simone Lavoie", stamp=at)


def _order_everything(world: World) -> None:
    for at, buyer in enumerate(world.buyers):
        for number, seller in enumerate(world.sellers):
            if number in {0, at} or (number >= TOGETHER_FROM and at == 0):
                make_order(world, seller=seller, buyer=buyer, cases=4 + at, kegs=1 + number)


def _script(world: World, run_id: UUID) -> dict[str, Any]:
    with transaction(world.carrier_id) as session:
        name = session.scalars(select(Run.name).where(Run.id == run_id)).one()
        positions = session.scalars(select(Stop.position).where(Stop.run_id == run_id).order_by(Stop.position)).all()
    stops = [{"position": at, **told} for at, told in zip(positions, STOPS, strict=False)]
    return {"run_id": name, "stops": stops, "return": True}


def person_of(org_id: UUID, kind: OrganisationKind, role: Role, name: str) -> Person:
    """Make somebody who may sign in; the e-mail address is of the last name."""
    email = f"{name.rsplit(maxsplit=1)[-1].lower()}@exemple.test"
    with transaction(org_id) as session:
        account = add_user(
            session, email=email, display_name=name, password_hash=password_hash(), language="fr", stamp=stamp()
        )
        add_member(
            session,
            organisation_id=org_id,
            organisation_kind=kind,
            organisation_name=_name_of(session, org_id),
            account=account,
            roles=(role,),
            stamp=stamp(),
        )
    return Person(email)


def _name_of(session: Any, org_id: UUID) -> str:
    from server.parties.queries import organisation

    return organisation(session, org_id=org_id).name


def driver_of(day: BrowserDay) -> Membership:
    """Return the driver of the day."""
    assert day.office.driver is not None
    return day.office.driver
