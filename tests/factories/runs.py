"""Runs as an office sends them: a few real Montréal addresses, made-up shops, every kind of settlement."""

from __future__ import annotations

from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from shared.wire.bundle import (
    BundleOrder,
    BundleRun,
    BundleStop,
    Collectable,
    ContainerClass,
    FailureReason,
    FileRef,
    Place,
    Reason,
    Window,
)
from shared.wire.terms import Deposit, Goods, GoodsLine, PriceLine, Prices, TaxRule, half_hash, terms_hash

STARTS_AT_MS = 1_795_525_200_000  # 2026-11-24 13:00 UTC, 8 h in Montréal
CARRIER, KEG_OWNER = "carrier", "seller-0"
type Settlement = Literal["adjust", "credit", "external"]

_TAXES = (
    TaxRule(code="gst", rate="0.05", name_fr="TPS", name_en="GST"),
    TaxRule(code="qst", rate="0.09975", name_fr="TVQ", name_en="QST"),
)
_SHOPS = (
    ("Dépanneur Chez Maïté", "4821, rue Saint-Denis", "Montréal", 455266000, -735880000, "Maïté Gagnon"),
    ("Épicerie Côté & fils", "1250, av. du Mont-Royal E.", "Montréal", 455290000, -735800000, "Rachel Côté"),
    ("Brasserie L’Œuvre au Noir", "375, boul. Saint-Joseph O.", "Montréal", 455225000, -735990000, ""),
    ("Marché Île-des-Sœurs", "44, place du Commerce", "Verdun", 454640000, -735400000, "Noël Lefebvre"),
    ("Hôtel Château Frontière", "1, rue des Carrières", "Montréal", 455340000, -735900000, ""),
    ("Resto-bar Le Pèlerin", "330, rue Ontario E.", "Montréal", 455160000, -735660000, "Zoé Pèlerin"),
    ("Supermarché Noël Thérèse", "5700, rue Sherbrooke O.", "Montréal", 454720000, -736140000, ""),
)
_BEERS = (
    ("Blonde du Plateau 24 × 341 ml", "case", 20, "38.4000", 24),
    ("Rousse d’automne 12 × 473 ml", "case", 12, "31.2500", 12),
    ("Blanche de Verdun 24 × 355 ml", "case", 10, "36.0000", 24),
    ("Fût 50 L — Blanche", "keg", 3, "189.0000", 0),
    ("Stout à l’érable 12 × 341 ml", "case", 6, "29.9900", 12),
)


def ident(name: str) -> str:
    """Return the same UUID for the same name."""
    return str(uuid5(NAMESPACE_URL, f"tournee-test:{name}"))


def make_run(
    *, stops: int = 3, name: str = "MTL-07", version: int = 1, lines: int = 3, settlement: Settlement | None = None
) -> BundleRun:
    """Return a run whose stops take the settlements in turn: adjusted invoice, credited invoice, external."""
    run_id = ident(f"run-{name}")
    return BundleRun(
        run_id=run_id,
        version=version,
        name=name,
        carrier_id=ident(CARRIER),
        carrier_name="Distribution Boréale",
        runs_on="2026-11-24",
        timezone="America/Toronto",
        vehicle_name="Camion 7",
        driver_id=ident("driver"),
        driver_name="Luc Tremblay",
        depot=_place("Entrepôt Boréale", "6600, rue Saint-Jacques", "Montréal", 454600000, -736200000),
        starts_at_ms=STARTS_AT_MS,
        stops=tuple(make_stop(run_id, at, lines, settlement) for at in range(stops)),
        reasons=(
            Reason(code="breakage", effect="lost", name_fr="Bris", name_en="Breakage", photo_required=True),
            Reason(code="forgotten", effect="not_shipped", name_fr="Oubli au chargement", name_en="Not loaded"),
            Reason(code="refused", effect="returned", name_fr="Refusé par le client", name_en="Refused by customer"),
            Reason(code="expired", effect="returned", name_fr="Date dépassée", name_en="Out of date"),
        ),
        failures=(
            FailureReason(code="refused", outcome="refused", name_fr="Livraison refusée", name_en="Delivery refused"),
            FailureReason(code="closed", outcome="failed", name_fr="Commerce fermé", name_en="Shop closed"),
            FailureReason(code="no_access", outcome="failed", name_fr="Accès impossible", name_en="No access"),
        ),
        consent_fr="En signant, je confirme avoir reçu les quantités indiquées à l’écran.",
        consent_en="By signing, I confirm that I received the quantities shown on the screen.",
        distance_m=38_400,
    )


def make_stop(run_id: str, position: int, lines: int, settlement: Settlement | None = None) -> BundleStop:
    """Return one stop with two orders of different sellers, the second of them external."""
    name, street, city, lat_e7, lon_e7, recipient = _SHOPS[position % len(_SHOPS)]
    first = settlement or ("adjust", "credit", "external")[position % 3]
    key = f"{run_id}-{position}"
    orders = (make_order(key, 0, lines, first), make_order(key, 1, max(1, lines - 2), "external"))
    return BundleStop(
        stop_id=ident(f"stop-{key}"),
        position=position + 1,
        place=_place(name, street, city, lat_e7, lon_e7),
        planned_at_ms=STARTS_AT_MS + (15 + 25 * position) * 60_000,
        service_s=600,
        recipients=(recipient, "Éloïse Gagné") if recipient else (),
        orders=orders,
        containers=(
            _container("keg_50l", ident(KEG_OWNER), "Brasserie du Plateau", ("Fût 50 L vide", "Empty 50 L keg"), 5000),
            _container("bottle_341", ident(CARRIER), "Distribution Boréale", ("Caisse de 24 vides", "Empty case"), 240),
        ),
        collect=(Collectable(issuer_id=ident("seller-0"), issuer_name="Brasserie du Plateau", amount_cents=128_436),)
        if position % 3 == 0
        else (),
    )


def make_order(key: str, at: int, lines: int, settlement: Settlement) -> BundleOrder:
    """Return one order with its terms; an external one carries no price."""
    goods = _goods(key, at, lines, settlement)
    prices = _prices(goods, settlement)
    seller = ("Brasserie du Plateau", "Cidrerie du Verger", "Microbrasserie Sainte-Ursule")[at % 3]
    return BundleOrder(
        order_id=goods.order_id,
        order_number=goods.order_number,
        seller_name=seller,
        issuer_name=seller,
        terms_hash=terms_hash(half_hash(goods), half_hash(prices)),
        goods=goods,
        prices=None if settlement == "external" else prices,
        prices_hash=half_hash(prices).hex(),
    )


def with_file(run: BundleRun, file: FileRef) -> BundleRun:
    """Return the run with a document at its first order."""
    first, *others = run.stops
    order = msgspec.structs.replace(first.orders[0], files=(file,))
    stop = msgspec.structs.replace(first, orders=(order, *first.orders[1:]))
    return msgspec.structs.replace(run, stops=(stop, *others))


def run_bytes(run: BundleRun) -> bytes:
    """Return the run as it travels."""
    return msgspec.json.encode(run)


def _goods(key: str, at: int, lines: int, settlement: Settlement) -> Goods:
    external = settlement == "external"
    return Goods(
        order_id=ident(f"order-{key}-{at}"),
        order_number=f"PO-{UUID(ident(f'order-{key}-{at}')).int % 9000 + 1000}",
        seller_id=ident(f"seller-{at}"),
        buyer_id=ident(f"buyer-{key}"),
        issuer_id=ident(f"seller-{at}"),
        billing_type="external" if external else "platform",
        deliver_with="po" if external else "invoice",
        settlement_policy="none" if external else settlement,
        lines=tuple(_goods_line(key, at, number) for number in range(lines)),
    )


def _goods_line(key: str, at: int, number: int) -> GoodsLine:
    description, unit, quantity, _, _ = _BEERS[(at + number) % len(_BEERS)]
    return GoodsLine(
        line_id=ident(f"line-{key}-{at}-{number}"),
        description_fr=description,
        description_en=description,
        unit=unit,
        quantity=quantity,
    )


def _prices(goods: Goods, settlement: Settlement) -> Prices:
    return Prices(
        order_id=goods.order_id,
        currency="CAD",
        document_discount_cents=0,
        taxes=_TAXES,
        lines=tuple(_price_line(line) for line in goods.lines),
        credit_threshold_cents=500_000,
        invoice_standing="published" if settlement == "credit" else "provisional",
    )


def _price_line(line: GoodsLine) -> PriceLine:
    _, unit, _, price, containers = next(beer for beer in _BEERS if beer[0] == line.description_fr)
    deposits = (Deposit(container_class="bottle_341", containers=containers, unit_cents=10, taxable=False),)
    kegs = (Deposit(container_class="keg_50l", containers=1, unit_cents=5000, taxable=False),)
    return PriceLine(
        line_id=line.line_id,
        unit_price=price,
        discount_cents=0,
        tax_codes=("gst", "qst"),
        deposits=kegs if unit == "keg" else deposits,
    )


def _container(code: str, owner: str, owner_name: str, names: tuple[str, str], cents: int) -> ContainerClass:
    return ContainerClass(
        container_class=code,
        owner_id=owner,
        owner_name=owner_name,
        creditor_id=owner,
        name_fr=names[0],
        name_en=names[1],
        unit_cents=cents,
        taxable=False,
    )


def _place(name: str, street: str, city: str, lat_e7: int, lon_e7: int) -> Place:
    return Place(
        site_id=ident(f"site-{name}"),
        name=name,
        street=street,
        city=city,
        postal_code="H2J 1Y9",
        lat_e7=lat_e7,
        lon_e7=lon_e7,
        phone="514 555-0142",
        access_note="Entrée par la ruelle. Sonner deux fois. Pas de livraison de 11 h 30 à 13 h.",
        windows=(Window(opens_min=480, closes_min=570),),
    )
