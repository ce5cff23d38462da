"""The trade comes to be: organisations, places, deals, products, trucks; what is there already is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.catalog import service as catalog
from server.catalog.model import ContainerClass, Product
from server.core.transaction import transaction
from server.example import cast
from server.example.cast import CARRIER_ID, SUPPLIERS, Supplier
from server.example.catalogue import BOTTLE, CAN, DEPOSITS_SINCE, ITEMS, KEG, TAXED_KEGS_OF, Container, Item
from server.example.orders import wanted_orders
from server.example.places import CITY, DEPOT, PLACES, Place
from server.example.stamping import stamp
from server.parties import service as parties
from server.parties.model import BillingType, Organisation, OrganisationKind
from server.planning import service as planning

type Step = Callable[[], None]


def founding_steps() -> Iterator[Step]:
    """Yield the steps that build the trade, each a transaction or two; done twice, a step changes nothing."""
    yield _found_carrier
    for place in PLACES:
        yield lambda place=place: _found_retailer(place)  # type: ignore[misc]  # bound now, called later
    for supplier in SUPPLIERS:
        yield lambda supplier=supplier: _found_supplier(supplier)  # type: ignore[misc]  # as above
    yield _open_classes
    for supplier in SUPPLIERS:
        yield lambda supplier=supplier: _stock_shelf(supplier)  # type: ignore[misc]  # as above


def _found_carrier() -> None:
    with transaction(acting=CARRIER_ID) as session:
        if session.get(Organisation, CARRIER_ID) is not None:
            return
        parties.create_organisation(
            session,
            org_id=CARRIER_ID,
            kind=OrganisationKind.DISTRIBUTOR,
            name=cast.CARRIER_NAME,
            legal_name=f"{cast.CARRIER_NAME} inc.",
            code=cast.CARRIER_CODE,
            street=DEPOT.street,
            city=CITY,
            postal_code=DEPOT.postal_code,
            email=f"repartition@{cast.MAIL}",
            phone="514 555-0100",
            footer_fr="Payer par virement Interac à comptes@tournee.example.",
            footer_en="Pay by Interac e-Transfer to comptes@tournee.example.",
            stamp=stamp(),
        )
        _register(session, "10100")
        depot_id = _open_site(session, DEPOT, recipients=())
        for container in (CAN, BOTTLE):
            _open_class(session, container)
        planning.set_cycle(
            session,
            name="Montréal, un jeudi sur deux",
            first_on=cast.FIRST_CYCLE_DAY,
            every_weeks=cast.CYCLE_WEEKS,
            stamp=stamp(),
        )
        for truck in cast.TRUCKS:
            _buy_truck(session, truck, depot_id)


def _buy_truck(session: Session, name: str, depot_id: UUID) -> None:
    planning.create_vehicle(
        session,
        name=name,
        depot_site_id=depot_id,
        capacity_g=cast.TRUCK_CAPACITY_G,
        capacity_units=cast.TRUCK_CAPACITY_UNITS,
        stamp=stamp(),
    )


def _found_retailer(place: Place) -> None:
    code = cast.retailer_code(place.name)
    buyer_id = cast.org_id(code)
    with transaction(acting=buyer_id) as session:
        if session.get(Organisation, buyer_id) is not None:
            return
        parties.create_organisation(
            session,
            org_id=buyer_id,
            kind=OrganisationKind.RETAILER,
            name=place.name,
            legal_name=f"{place.name} enr.",
            code=code,
            street=place.street,
            city=CITY,
            postal_code=place.postal_code,
            email=f"achats.{code.lower()}@{cast.MAIL}",
            stamp=stamp(),
        )
        _open_site(session, place, recipients=(cast.receiver_of(place.name),))


def _open_site(session: Session, place: Place, *, recipients: tuple[str, ...]) -> UUID:
    return parties.create_site(
        session,
        name=place.name,
        street=place.street,
        city=CITY,
        postal_code=place.postal_code,
        lat_e7=place.lat_e7,
        lon_e7=place.lon_e7,
        windows=place.custom.windows,
        service_s=place.custom.service_s if recipients else 0,
        recipients=recipients,
        stamp=stamp(),
    ).id


def _found_supplier(supplier: Supplier) -> None:
    with transaction(acting=supplier.id) as session:
        if session.get(Organisation, supplier.id) is not None:
            return
        parties.create_organisation(
            session,
            org_id=supplier.id,
            kind=OrganisationKind.SUPPLIER,
            name=supplier.name,
            legal_name=f"{supplier.name} inc.",
            code=supplier.code,
            street=supplier.street,
            city=supplier.city,
            postal_code=supplier.postal_code,
            email=f"{supplier.code.lower()}@{cast.MAIL}",
            footer_fr=f"Payer par virement Interac à {supplier.code.lower()}@{cast.MAIL}.",
            footer_en=f"Pay by Interac e-Transfer to {supplier.code.lower()}@{cast.MAIL}.",
            stamp=stamp(),
        )
        if supplier.registration is not None:
            _register(session, supplier.registration)
        _make_deal(session, supplier)
        for buyer_id in _clients_of(supplier):
            parties.relate(session, buyer_id=buyer_id, stamp=stamp())


def _clients_of(supplier: Supplier) -> list[UUID]:
    return [cast.org_id(cast.retailer_code(one.place.name)) for one in wanted_orders() if one.supplier == supplier.code]


def _make_deal(session: Session, supplier: Supplier) -> None:
    deal = supplier.deal
    is_agent = deal.billing_type is BillingType.AGENT
    parties.agree(
        session,
        carrier_id=CARRIER_ID,
        starts_on=cast.AGREED_ON,
        deliver_with=deal.deliver_with,
        settlement_policy=deal.policy,
        credit_threshold_cents=deal.credit_threshold_cents,
        billing_agent_id=CARRIER_ID if is_agent else None,
        agent_fee_bp=deal.agent_fee_bp,
        stamp=stamp(),
    )
    terms = parties.GroupTerms(
        billing_type=deal.billing_type,
        emission=deal.emission,
        net_days=deal.net_days,
        auto_accept=deal.auto_accept,
        min_items=deal.min_items,
        one_invoice_a_stop=deal.one_invoice_a_stop or None,
    )
    parties.change_group(session, terms=terms, stamp=stamp())


def _register(session: Session, digits: str) -> None:
    for code, number in (("gst", f"1234{digits} RT0001"), ("qst", f"10123{digits} TQ0001")):
        parties.register_tax(session, tax_code=code, number=number, valid_from=cast.REGISTERED_ON, stamp=stamp())


def _open_classes() -> None:
    with transaction(acting=CARRIER_ID) as session:
        catalog.share_classes(session, reader_ids=[supplier.id for supplier in SUPPLIERS])


def _open_class(session: Session, container: Container, *, taxable: bool = False) -> UUID:
    return catalog.create_container_class(
        session,
        code=container.code,
        kind=container.kind,
        name_fr=container.name_fr,
        name_en=container.name_en,
        unit_cents=container.unit_cents,
        valid_from=DEPOSITS_SINCE,
        taxable=taxable,
        decided_by="Comptable du fournisseur" if taxable else "",
        stamp=stamp(),
    ).id


def _stock_shelf(supplier: Supplier) -> None:
    with transaction(acting=supplier.id) as session:
        if session.scalar(select(exists().where(Product.owner_id == supplier.id))):
            return
        public = {CAN.code, BOTTLE.code}
        rows = session.execute(
            select(ContainerClass.code, ContainerClass.id).where(ContainerClass.owner_id == CARRIER_ID)
        )
        class_ids = {code: class_id for code, class_id in rows if code in public}
        class_ids[KEG.code] = _open_class(session, KEG, taxable=supplier.code == TAXED_KEGS_OF)
        products: dict[str, UUID] = {}
        for item in ITEMS[supplier.code]:
            _add_format(session, item, products, class_ids)


def _add_format(session: Session, item: Item, products: dict[str, UUID], class_ids: dict[str, UUID]) -> None:
    if item.drink_fr not in products:
        made = catalog.create_product(session, name_fr=item.drink_fr, name_en=item.drink_en, stamp=stamp())
        products[item.drink_fr] = made.id
    shape = item.shape
    catalog.create_format(
        session,
        product_id=products[item.drink_fr],
        name_fr=shape.name_fr,
        name_en=shape.name_en,
        sales_unit=shape.sales_unit,
        unit_price=item.unit_price,
        weight_g=shape.weight_g,
        container_class_id=class_ids[shape.container.code],
        containers_a_unit=shape.containers_a_unit,
        volume_ml=shape.volume_ml,
        stamp=stamp(),
    )
