"""Who plays in the example: a distributor with its people and trucks, its suppliers, and what they agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID, uuid5

from server.example.places import PLACES
from server.identity.model import Role
from server.parties.model import BillingType, DeliverWith, Emission, SettlementPolicy

RUN_DAY: Final = date(2026, 11, 26)
"""A Thursday of the distributor's two-week cycle."""
ORDERED_AT: Final = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
"""When the shops order: a Tuesday, so that the cycle's next day is the run's, whenever the example is played."""
FIRST_CYCLE_DAY: Final = date(2026, 1, 8)
CYCLE_WEEKS: Final = 2
AGREED_ON: Final = date(2026, 1, 1)
REGISTERED_ON: Final = date(2020, 1, 1)
MAIL: Final = "tournee.example"

_SPACE: Final = UUID("6b1f2f7e-7a33-5a0e-9d0c-6f0d3f1a2026")


def org_id(code: str) -> UUID:
    """Return the id of the organisation with this code; always the same, so that a day is found again."""
    return uuid5(_SPACE, code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What a supplier and the distributor agreed, and what the supplier's group « Tous » says."""

    billing_type: BillingType = BillingType.PLATFORM
    emission: Emission = Emission.ON_RUN_DOCUMENTS
    deliver_with: DeliverWith = DeliverWith.INVOICE
    policy: SettlementPolicy = SettlementPolicy.ADJUST
    credit_threshold_cents: int | None = None
    net_days: int = 30
    auto_accept: bool = True
    min_items: int | None = None
    agent_fee_bp: int = 0
    one_invoice_a_stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """A supplier; one without ``registration`` charges no tax."""

    code: str
    name: str
    street: str
    city: str
    postal_code: str
    deal: Deal
    registration: str | None

    @property
    def id(self) -> UUID:
        """The organisation's id."""
        return org_id(self.code)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in, and where."""

    name: str
    address: str
    role: Role
    org_code: str

    @property
    def email(self) -> str:
        """The address by which the person signs in."""
        return f"{self.address}@{MAIL}"


CARRIER_CODE: Final = "DBN"
CARRIER_NAME: Final = "Distribution Boréale du Nord"
CARRIER_ID: Final = org_id(CARRIER_CODE)

ADJUST: Final = Deal()
CREDIT: Final = Deal(policy=SettlementPolicy.CREDIT)
CAUTIOUS: Final = Deal(policy=SettlementPolicy.CREDIT, credit_threshold_cents=15_000, net_days=15)
ACCEPTED: Final = Deal(policy=SettlementPolicy.CREDIT, emission=Emission.ON_ACCEPT)
DELIVERED: Final = Deal(emission=Emission.ON_DELIVERED, deliver_with=DeliverWith.PO, min_items=2)
BY_HAND: Final = Deal(emission=Emission.MANUAL, deliver_with=DeliverWith.PO, auto_accept=False)
EXTERNAL: Final = Deal(billing_type=BillingType.EXTERNAL, deliver_with=DeliverWith.PO)
AGENT_JOINED: Final = Deal(billing_type=BillingType.AGENT, agent_fee_bp=600, one_invoice_a_stop=True)
AGENT_CREDIT: Final = Deal(billing_type=BillingType.AGENT, policy=SettlementPolicy.CREDIT, agent_fee_bp=450)


def _supplier(  # noqa: PLR0917  # a table of names and addresses reads by columns
    code: str, name: str, street: str, city: str, postal_code: str, registration: str | None, deal: Deal
) -> Supplier:
    return Supplier(
        code=code, name=name, street=street, city=city, postal_code=postal_code, registration=registration, deal=deal
    )


SUPPLIERS: Final = (
    _supplier("FBG", "Brasserie des Faubourgs", "1200, rue Ontario Est", "Montréal", "H2L 1R4", "10000", ADJUST),
    _supplier("COR", "Les Coureurs d’orge", "85, rue Principale", "Granby", "J2G 2T9", "10001", CREDIT),
    _supplier("HBL", "Houblon blanc", "410, rang Double", "Mont-Saint-Grégoire", "J0J 1K0", "10002", CAUTIOUS),
    _supplier("VRN", "Cidrerie du Verger Nord", "12, chemin du Lac", "Oka", "J0N 1E0", None, ADJUST),
    _supplier("PMA", "Brasserie Petit Matin", "3300, rue Saint-Patrick", "Montréal", "H4E 1A1", "10004", DELIVERED),
    _supplier("GRM", "La Grange à malt", "77, rang Sainte-Marie", "Mirabel", "J7N 2Y8", "10005", BY_HAND),
    _supplier("STC", "Malterie Saint-Clément", "20, rue du Canal", "Beauharnois", "J6N 1A5", "10006", ACCEPTED),
    _supplier("OUT", "Brasserie des Outardes", "900, route 132", "Rimouski", "G5L 7B1", "10007", EXTERNAL),
    _supplier("KVI", "Maison Kombucha Vive", "5120, rue Fabre", "Montréal", "H2J 3W5", "10008", EXTERNAL),
    _supplier("RG4", "Ferme-brasserie du Rang 4", "640, 4e Rang", "Batiscan", "G0X 1A0", "10009", AGENT_JOINED),
    _supplier("BRG", "Distillerie des Berges", "31, quai Est", "Sorel-Tracy", "J3P 7K5", "10010", AGENT_CREDIT),
    _supplier("RUI", "Boissons du Ruisseau", "215, rue des Érables", "Laval", "H7R 1A3", "10011", AGENT_JOINED),
    _supplier("VRR", "Brasserie La Verrière", "8, rue du Verre", "Pointe-Claire", "H9R 4K6", "10012", CREDIT),
)

TRUCKS: Final = ("Camion 1", "Camion 2", "Camion 3", "Camion 4")
TRUCK_CAPACITY_G: Final = 5_600_000
TRUCK_CAPACITY_UNITS: Final = 500

DRIVERS: Final = (
    Person("Luc Gagnon", "luc.gagnon", Role.DRIVER, CARRIER_CODE),
    Person("Maude Tremblay", "maude.tremblay", Role.DRIVER, CARRIER_CODE),
    Person("Reda Benali", "reda.benali", Role.DRIVER, CARRIER_CODE),
    Person("Sophie Nguyen", "sophie.nguyen", Role.DRIVER, CARRIER_CODE),
)
DISPATCHER: Final = Person("Annie Lavoie", "repartition", Role.DISPATCHER, CARRIER_CODE)
PEOPLE: Final = (
    DISPATCHER,
    Person("Karim Haddad", "direction", Role.OWNER, CARRIER_CODE),
    *DRIVERS,
    *(Person(f"Ventes {one.name}", f"{one.code.lower()}", Role.OWNER, one.code) for one in SUPPLIERS),
    Person("Camille Roy", "client", Role.OWNER, f"D{1:02d}"),
)


_RECEIVERS: Final = (
    "Camille Roy", "Éloïse Gagné", "Samir Haddad", "Rachel Côté", "Jean-Philippe Morin", "Ana Souza", "Hugo Lefebvre",
    "Mei Chen", "Audrey Pelletier", "Olivier Dubé", "Fatou Diallo", "Nathan Cohen", "Véronique Lamarre", "Tuan Nguyen",
    "Florence Bédard", "Patrick O’Neil", "Ioana Popescu", "Maxime Fortin", "Leïla Mansouri", "Étienne Girard",
    "Chantal Ouellet", "Diego Ramirez", "Rosalie Thibault",
)  # fmt: skip


def receiver_of(place_name: str) -> str:
    """Return who receives goods, and signs, at a place."""
    return _RECEIVERS[_NUMBERS[place_name] % len(_RECEIVERS)]


def retailer_code(place_name: str) -> str:
    """Return the code of the business at a place."""
    return f"D{_NUMBERS[place_name]:02d}"


_NUMBERS: Final = {place.name: number for number, place in enumerate(PLACES, start=1)}
SUPPLIER_OF: Final = {supplier.code: supplier for supplier in SUPPLIERS}
