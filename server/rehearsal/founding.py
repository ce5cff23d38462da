"""The trade in which days are rehearsed: every kind of deal, prices that do not divide, runs of a few stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.catalog import service as catalog
from server.catalog.model import ContainerKind, SalesUnit
from server.core import clock
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.orders import service as orders
from server.parties import service as parties
from server.parties.model import BillingType, DeliverWith, Emission, OrganisationKind, SettlementPolicy
from shared.ids import new_id

EVE: Final = datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
RUN_DAY: Final = date(2026, 11, 19)
BUYERS: Final = 8
_DEPOT: Final = (454770000, -736800000)


@dataclass(frozen=True, slots=True)
class Deal:
    """What a supplier agrees with the carrier, its prices for a case and a keg, and whether its kegs are taxed."""

    policy: SettlementPolicy
    case_price: str
    keg_price: str
    billing: BillingType = BillingType.PLATFORM
    deliver_with: DeliverWith = DeliverWith.INVOICE
    threshold_cents: int | None = None
    taxed_kegs: bool = False


DEALS: Final = (
    Deal(SettlementPolicy.ADJUST, "42.5375", "189.0000"),
    Deal(SettlementPolicy.CREDIT, "37.3333", "171.1900", taxed_kegs=True),
    Deal(SettlementPolicy.ADJUST, "29.9900", "164.0000", billing=BillingType.EXTERNAL),
    Deal(SettlementPolicy.ADJUST, "51.0725", "203.3300", billing=BillingType.AGENT),
    Deal(SettlementPolicy.CREDIT, "44.4444", "188.8800", threshold_cents=9_000),
    Deal(SettlementPolicy.ADJUST, "33.3350", "155.5500", deliver_with=DeliverWith.PO),
)


@dataclass(frozen=True, slots=True)
class Supplier:
    """A seller with the two formats that it sells."""

    id: UUID
    case_id: UUID
    keg_id: UUID


@dataclass(frozen=True, slots=True)
class Shop:
    """A customer with its one dock."""

    id: UUID
    site_id: UUID


@dataclass(frozen=True, slots=True)
class Trade:
    """Who is there."""

    carrier_id: UUID
    depot_id: UUID
    suppliers: tuple[Supplier, ...]
    shops: tuple[Shop, ...]


def stamp() -> Stamp:
    """Return a stamp of the system, now."""
    return Stamp(by=None, at=clock.now())


def found_trade() -> Trade:
    """Found the carrier, the shops and the suppliers, all related, in an empty office."""
    carrier_id, depot_id = _carrier()
    shops = tuple(_shop(number) for number in range(BUYERS))
    seller_ids = [_seller(number, deal, carrier_id, shops) for number, deal in enumerate(DEALS)]
    with transaction(acting=carrier_id) as session:
        can_id = _container(session, "can_public", ContainerKind.PUBLIC, ("Canette", "Can"), 10)
    suppliers = tuple(_stocked(org_id, deal, can_id) for org_id, deal in zip(seller_ids, DEALS, strict=True))
    return Trade(carrier_id, depot_id, suppliers, shops)


def place_order(trade: Trade, *, supplier: int, shop: int, cases: int, kegs: int, discount_cents: int) -> UUID:
    """Order cases and kegs of a supplier for a shop and let it be accepted; the discount is the whole order's."""
    seller, buyer = trade.suppliers[supplier], trade.shops[shop]
    wanted = [(seller.case_id, cases, 125 * (cases % 3)), (seller.keg_id, kegs, 0)]
    with transaction(acting=seller.id) as session:
        order = orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=seller.id, buyer_id=buyer.id, site_id=buyer.site_id, carrier_id=trade.carrier_id
            ),
            items=[
                orders.OrderItem(format_id=format_id, quantity=quantity, discount_cents=discount)
                for format_id, quantity, discount in wanted
                if quantity
            ],
            planned_on=RUN_DAY,
            document_discount_cents=discount_cents,
            stamp=stamp(),
        )
        orders.submit(session, order=order, stamp=stamp())
        orders.accept(session, order=order, stamp=stamp())
        return order.id


def _organisation(session: Session, org_id: UUID, kind: OrganisationKind, name: str, code: str) -> None:
    parties.create_organisation(
        session,
        org_id=org_id,
        kind=kind,
        name=name,
        legal_name=f"{name} inc.",
        code=code,
        street="100, rue Rachel Est",
        city="Montréal",
        postal_code="H2W 1E1",
        email=f"bureau@{code.lower()}.example",
        stamp=stamp(),
    )


def _site(session: Session, name: str, place: tuple[int, int], recipients: tuple[str, ...] = ()) -> UUID:
    return parties.create_site(
        session,
        name=name,
        street="100, rue Rachel Est",
        city="Montréal",
        postal_code="H2W 1E1",
        lat_e7=place[0],
        lon_e7=place[1],
        service_s=600 if recipients else 0,
        recipients=recipients,
        stamp=stamp(),
    ).id


def _carrier() -> tuple[UUID, UUID]:
    carrier_id = new_id()
    with transaction(acting=carrier_id) as session:
        _organisation(session, carrier_id, OrganisationKind.DISTRIBUTOR, "Distribution Boréale", "DBO")
        _register(session, "1111")
        return carrier_id, _site(session, "Entrepôt Boréale", _DEPOT)


def _shop(number: int) -> Shop:
    shop_id = new_id()
    with transaction(acting=shop_id) as session:
        _organisation(session, shop_id, OrganisationKind.RETAILER, f"Épicerie {number + 1}", f"EPI{number + 1}")
        place = (455010000 + 40_000 * number, -735670000 - 30_000 * number)
        return Shop(shop_id, _site(session, f"Épicerie {number + 1}", place, ("Éloïse Gagné",)))


def _seller(number: int, deal: Deal, carrier_id: UUID, shops: tuple[Shop, ...]) -> UUID:
    seller_id = new_id()
    with transaction(acting=seller_id) as session:
        _organisation(session, seller_id, OrganisationKind.SUPPLIER, f"Brasserie {number + 1}", f"BRA{number + 1}")
        _register(session, f"222{number}")
        _agree(session, deal, carrier_id)
        for shop in shops:
            parties.relate(session, buyer_id=shop.id, stamp=stamp())
    return seller_id


def _stocked(seller_id: UUID, deal: Deal, can_id: UUID) -> Supplier:
    with transaction(acting=seller_id) as session:
        names = ("Fût de 50 L", "50 L keg")
        keg_class_id = _container(session, "keg_50l", ContainerKind.KEG, names, 3000, taxable=deal.taxed_kegs)
        case_id, keg_id = _formats(session, deal, can_id, keg_class_id)
    return Supplier(seller_id, case_id, keg_id)


def _agree(session: Session, deal: Deal, carrier_id: UUID) -> None:
    is_agent = deal.billing is BillingType.AGENT
    parties.agree(
        session,
        carrier_id=carrier_id,
        starts_on=date(2026, 1, 1),
        deliver_with=deal.deliver_with,
        settlement_policy=deal.policy,
        credit_threshold_cents=deal.threshold_cents,
        billing_agent_id=carrier_id if is_agent else None,
        agent_fee_bp=500 if is_agent else 0,
        stamp=stamp(),
    )
    terms = parties.GroupTerms(
        billing_type=deal.billing,
        emission=Emission.ON_RUN_DOCUMENTS,
        deliver_with=deal.deliver_with,
        net_days=30,
    )
    parties.change_group(session, terms=terms, stamp=stamp())


def _formats(session: Session, deal: Deal, can_id: UUID, keg_class_id: UUID) -> Iterator[UUID]:
    product = catalog.create_product(session, name_fr="Blonde d’été", name_en="Summer blonde", stamp=stamp())
    kinds = (
        (SalesUnit.CASE, "caisse de 24 × 473 ml", deal.case_price, can_id, 24),
        (SalesUnit.KEG, "fût de 50 L", deal.keg_price, keg_class_id, 1),
    )
    for unit, name, price, class_id, containers in kinds:
        yield catalog.create_format(
            session,
            product_id=product.id,
            name_fr=name,
            name_en=name,
            sales_unit=unit,
            unit_price=Decimal(price),
            weight_g=12_400,
            container_class_id=class_id,
            containers_a_unit=containers,
            stamp=stamp(),
        ).id


def _container(
    session: Session, code: str, kind: ContainerKind, names: tuple[str, str], unit_cents: int, *, taxable: bool = False
) -> UUID:
    return catalog.create_container_class(
        session,
        code=code,
        kind=kind,
        name_fr=names[0],
        name_en=names[1],
        unit_cents=unit_cents,
        valid_from=date(2020, 1, 1),
        taxable=taxable,
        decided_by="Comptable du fournisseur" if taxable else "",
        stamp=stamp(),
    ).id


def _register(session: Session, digits: str) -> None:
    for code, number in (("gst", f"12345{digits} RT0001"), ("qst", f"101234{digits} TQ0001")):
        parties.register_tax(session, tax_code=code, number=number, valid_from=date(2020, 1, 1), stamp=stamp())
