"""A small trade to test in: a distributor, suppliers, retailers, and what they agreed, made through the services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from server.catalog import service as catalog
from server.catalog.model import ContainerKind, SalesUnit
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.model import DistributionMethod, Order
from server.parties import service as parties
from server.parties.model import BillingType, DeliverWith, Emission, OrganisationKind, SettlementPolicy
from server.parties.terms import ChosenTerms
from server.planning import jobs as planning_jobs
from server.planning import service as planning
from shared.ids import new_id

NOW = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)  # a Wednesday, 9:30 in Montréal
RUN_DAY = date(2026, 11, 19)
PLACES = ((455010000, -735670000), (455230000, -735810000), (455090000, -735530000), (455330000, -735980000))
DEPOT = (454770000, -736800000)

type Position = tuple[int, int]
"""Latitude and longitude in 1e-7 degrees."""


def stamp(at: datetime = NOW, *, by: UUID | None = None) -> Stamp:
    return Stamp(by=by, at=at)


@dataclass(frozen=True)
class Seller:
    """A supplier with one case format (24 cans of 0.10 $ deposit, 42.50 $) and one keg format (30 $, 189 $)."""

    id: UUID
    agreement_id: UUID
    case_id: UUID
    keg_id: UUID
    keg_class_id: UUID


@dataclass(frozen=True)
class Buyer:
    """A retailer with one dock."""

    id: UUID
    site_id: UUID


@dataclass(frozen=True)
class World:
    """Who is there. ``seller``/``buyer`` are the first of each."""

    carrier_id: UUID
    depot_id: UUID
    can_class_id: UUID
    sellers: tuple[Seller, ...]
    buyers: tuple[Buyer, ...]
    driver_id: UUID = field(default_factory=new_id)

    @property
    def seller(self) -> Seller:
        return self.sellers[0]

    @property
    def buyer(self) -> Buyer:
        return self.buyers[0]


@dataclass(frozen=True)
class Deal:
    """What one supplier of the world agrees with the carrier, and what its group « Tous » says."""

    billing_type: BillingType = BillingType.PLATFORM
    emission: Emission = Emission.ON_RUN_DOCUMENTS
    deliver_with: DeliverWith = DeliverWith.INVOICE
    settlement_policy: SettlementPolicy = SettlementPolicy.ADJUST
    credit_threshold_cents: int | None = None
    net_days: int = 30
    one_invoice_a_stop: bool = False
    auto_accept: bool = False
    min_items: int | None = None
    min_value_cents: int | None = None
    registered: bool = True
    names_agent: bool = False
    """The carrier may bill for the seller, whatever the group says."""

    @property
    def has_agent(self) -> bool:
        return self.names_agent or self.billing_type is BillingType.AGENT


ADJUST = Deal()
CREDIT = Deal(settlement_policy=SettlementPolicy.CREDIT)
EXTERNAL = Deal(billing_type=BillingType.EXTERNAL)
AGENT = Deal(billing_type=BillingType.AGENT)


def make_world(
    deals: Sequence[Deal] = (ADJUST,),
    *,
    buyers: int = 1,
    places: Sequence[Position] = PLACES,
    depot: Position = DEPOT,
) -> World:
    """Build one carrier, a supplier for each deal and so many retailers, all related; needs ``database``."""
    carrier_id, depot_id = _carrier(depot)
    made_buyers = tuple(_buyer(number, places) for number in range(buyers))
    seller_ids = [_seller(number, deal, carrier_id, made_buyers) for number, deal in enumerate(deals)]
    can_class_id = _cans(carrier_id)
    sellers = tuple(
        _with_formats(org_id, agreement_id, can_class_id, beer=_BEERS[number % len(_BEERS)])
        for number, (org_id, agreement_id) in enumerate(seller_ids)
    )
    return World(carrier_id, depot_id, can_class_id, sellers, made_buyers)


def make_order(
    world: World,
    *,
    seller: Seller | None = None,
    buyer: Buyer | None = None,
    cases: int = 4,
    kegs: int = 1,
    planned_on: date | None = RUN_DAY,
    accepted: bool = True,
    chosen: ChosenTerms | None = None,
    at: datetime = NOW,
    items: Sequence[orders.OrderItem] = (),
    document_discount_cents: int = 0,
) -> UUID:
    """Order cases and kegs, or ``items``, through the services; return the order's id, accepted unless told not to."""
    seller, buyer = seller or world.seller, buyer or world.buyer
    with transaction(acting=seller.id) as session:
        order = orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=seller.id, buyer_id=buyer.id, site_id=buyer.site_id, carrier_id=world.carrier_id
            ),
            items=items or items_of(seller, cases=cases, kegs=kegs),
            document_discount_cents=document_discount_cents,
            distribution=DistributionMethod.DISTRIBUTOR,
            planned_on=planned_on,
            chosen=chosen,
            stamp=stamp(at),
        )
        orders.submit(session, order=order, stamp=stamp(at))
        if accepted:
            orders.accept(session, order=order, stamp=stamp(at))
        return order.id


def items_of(seller: Seller, *, cases: int = 0, kegs: int = 0) -> list[orders.OrderItem]:
    wanted = ((seller.case_id, cases), (seller.keg_id, kegs))
    return [orders.OrderItem(format_id=format_id, quantity=quantity) for format_id, quantity in wanted if quantity]


def read_order(order_id: UUID, *, acting: UUID) -> Order:
    """Return a detached order with its lines, as ``acting`` sees it."""
    with transaction(acting=acting) as session:
        order = orders_read.order(session, order_id=order_id)
        session.expunge_all()
        return order


def _carrier(position: Position) -> tuple[UUID, UUID]:
    carrier_id = new_id()
    with transaction(acting=carrier_id) as session:
        parties.create_organisation(
            session,
            org_id=carrier_id,
            kind=OrganisationKind.DISTRIBUTOR,
            name="Distribution Mont-Royal",
            legal_name="Distribution Mont-Royal inc.",
            code="DMR",
            street="4500, rue Hickmore",
            city="Montréal",
            postal_code="H4T 1K2",
            email="repartition@dmr.example",
            stamp=stamp(),
        )
        _register(session, "1111")
        depot = parties.create_site(
            session,
            name="Entrepôt Saint-Laurent",
            street="4500, rue Hickmore",
            city="Montréal",
            postal_code="H4T 1K2",
            lat_e7=position[0],
            lon_e7=position[1],
            service_s=0,
            stamp=stamp(),
        )
        return carrier_id, depot.id


def _buyer(number: int, places: Sequence[Position]) -> Buyer:
    buyer_id = new_id()
    lat_e7, lon_e7 = places[number % len(places)]
    with transaction(acting=buyer_id) as session:
        parties.create_organisation(
            session,
            org_id=buyer_id,
            kind=OrganisationKind.RETAILER,
            name=f"Dépanneur {number + 1}",
            legal_name=f"Dépanneur {number + 1} enr.",
            code=f"DEP{number + 1}",
            street=f"{100 + number}, rue Rachel Est",
            city="Montréal",
            postal_code="H2W 1E1",
            email=f"achats@dep{number + 1}.example",
            stamp=stamp(),
        )
        site = parties.create_site(
            session,
            name=f"Dépanneur {number + 1}",
            street=f"{100 + number}, rue Rachel Est",
            city="Montréal",
            postal_code="H2W 1E1",
            lat_e7=lat_e7 + number // len(places) * 1000,
            lon_e7=lon_e7,
            windows=((8 * 60, 16 * 60),),
            recipients=("Camille Roy",),
            stamp=stamp(),
        )
        return Buyer(buyer_id, site.id)


def _seller(number: int, deal: Deal, carrier_id: UUID, buyers: Sequence[Buyer]) -> tuple[UUID, UUID]:
    seller_id = new_id()
    with transaction(acting=seller_id) as session:
        parties.create_organisation(
            session,
            org_id=seller_id,
            kind=OrganisationKind.SUPPLIER,
            name=f"Brasserie {number + 1}",
            legal_name=f"Brasserie {number + 1} inc.",
            code=f"BR{number + 1}",
            street=f"{10 + number}, rue Ontario",
            city="Montréal",
            postal_code="H2X 1Y6",
            email=f"ventes@br{number + 1}.example",
            footer_fr="Payer par virement Interac à paiement@brasserie.example.",
            footer_en="Pay by Interac e-Transfer to paiement@brasserie.example.",
            stamp=stamp(),
        )
        if deal.registered:
            _register(session, f"222{number}")
        agreement = parties.agree(
            session,
            carrier_id=carrier_id,
            starts_on=date(2026, 1, 1),
            deliver_with=deal.deliver_with,
            settlement_policy=deal.settlement_policy,
            credit_threshold_cents=deal.credit_threshold_cents,
            billing_agent_id=carrier_id if deal.has_agent else None,
            agent_fee_bp=500 if deal.has_agent else 0,
            stamp=stamp(),
        )
        parties.change_group(session, terms=_group_terms(deal), stamp=stamp())
        for buyer in buyers:
            parties.relate(session, buyer_id=buyer.id, stamp=stamp())
        return seller_id, agreement.id


def _group_terms(deal: Deal) -> parties.GroupTerms:
    return parties.GroupTerms(
        billing_type=deal.billing_type,
        emission=deal.emission,
        net_days=deal.net_days,
        one_invoice_a_stop=deal.one_invoice_a_stop or None,
        auto_accept=deal.auto_accept,
        min_items=deal.min_items,
        min_value_cents=deal.min_value_cents,
    )


def _register(session, digits: str) -> None:
    for code, number in (("gst", f"12345{digits} RT0001"), ("qst", f"101234{digits} TQ0001")):
        parties.register_tax(session, tax_code=code, number=number, valid_from=date(2020, 1, 1), stamp=stamp())


def _cans(carrier_id: UUID) -> UUID:
    with transaction(acting=carrier_id) as session:
        return catalog.create_container_class(
            session,
            code="can_public",
            kind=ContainerKind.PUBLIC,
            name_fr="Canette",
            name_en="Can",
            unit_cents=10,
            valid_from=date(2023, 11, 1),
            stamp=stamp(),
        ).id


_BEERS = ("Blonde", "Rousse", "Noire")


def _with_formats(seller_id: UUID, agreement_id: UUID, can_class_id: UUID, *, beer: str) -> Seller:
    with transaction(acting=seller_id) as session:
        keg_class = catalog.create_container_class(
            session,
            code="keg_50l",
            kind=ContainerKind.KEG,
            name_fr="Fût de 50 L",
            name_en="50 L keg",
            unit_cents=3000,
            valid_from=date(2020, 1, 1),
            stamp=stamp(),
        )
        product = catalog.create_product(session, name_fr=f"{beer} d’été", name_en=f"Summer {beer}", stamp=stamp())
        case = catalog.create_format(
            session,
            product_id=product.id,
            name_fr="caisse de 24 × 473 ml",
            name_en="case of 24 × 473 ml",
            sales_unit=SalesUnit.CASE,
            unit_price=Decimal("42.5000"),
            weight_g=12_400,
            container_class_id=can_class_id,
            containers_a_unit=24,
            stamp=stamp(),
        )
        keg = catalog.create_format(
            session,
            product_id=product.id,
            name_fr="fût de 50 L",
            name_en="50 L keg",
            sales_unit=SalesUnit.KEG,
            unit_price=Decimal("189.0000"),
            weight_g=62_000,
            container_class_id=keg_class.id,
            containers_a_unit=1,
            stamp=stamp(),
        )
        return Seller(seller_id, agreement_id, case.id, keg.id, keg_class.id)


def make_vehicle(
    world: World, *, name: str = "Camion 1", capacity_g: int = 5_000_000, capacity_units: int = 400
) -> UUID:
    """Give the carrier one more truck at its depot."""
    with transaction(acting=world.carrier_id) as session:
        return planning.create_vehicle(
            session,
            name=name,
            depot_site_id=world.depot_id,
            capacity_g=capacity_g,
            capacity_units=capacity_units,
            stamp=stamp(),
        ).id


def make_plan(world: World, *, runs_on: date = RUN_DAY, seconds: int = 60, iterations: int | None = 50) -> UUID:
    """Ask for the day's plan and solve it, as the worker would; return the plan's id.

    Iterations end it, so that a few stops cost no second and a slow machine makes the same plan.
    """
    with transaction(acting=world.carrier_id) as session:
        plan_id = planning.request_plan(
            session, runs_on=runs_on, seconds=seconds, iterations=iterations, seed=1, stamp=stamp()
        ).id
    planning_jobs.solve_plan(owner_id=str(world.carrier_id), subject_id=str(plan_id))
    return plan_id


def make_runs(world: World, *, runs_on: date = RUN_DAY, prepared: bool = True) -> list[UUID]:
    """Plan the day with the trucks that are there, adopt, give every run to the world's driver; return the runs."""
    plan_id = make_plan(world, runs_on=runs_on)
    with transaction(acting=world.carrier_id) as session:
        runs = planning.adopt_plan(session, plan_id=plan_id, stamp=stamp())
        for run in runs:
            planning.assign_driver(
                session, run_id=run.id, driver_id=world.driver_id, driver_name="Luc Gagnon", stamp=stamp()
            )
            if prepared:
                planning.prepare_run(session, run_id=run.id, stamp=stamp())
        return [run.id for run in runs]
