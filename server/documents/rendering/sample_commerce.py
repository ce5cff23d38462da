"""Sample papers of commerce of an invented Montréal brewery and its distributor."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec

from server.documents.rendering.joined import sum_amounts
from server.documents.rendering.papers import (
    CreditNote,
    DeliverySlip,
    Invoice,
    InvoiceSection,
    JoinedInvoice,
    PurchaseOrder,
)
from server.documents.rendering.parts import (
    Amounts,
    DepositAmount,
    GoodsLine,
    Party,
    PriceStep,
    Registration,
    TaxAmount,
)
from shared.money import half_up
from shared.problems import Text

DAY = date(2026, 11, 24)
GST, QST = Text("TPS", "GST"), Text("TVQ", "QST")
CASE, KEG = Text("caisse de\u00a024", "case of 24"), Text("fût 30\u00a0L", "30 L keg")
BEERS = (
    Text("Blonde du Faubourg, canette 473\u00a0ml", "Blonde du Faubourg, 473\u00a0ml can"),
    Text("IPA Cœur de houblon, canette 473\u00a0ml", "IPA Cœur de houblon, 473\u00a0ml can"),
    Text("Rousse des Éclusiers, bouteille 341\u00a0ml", "Rousse des Éclusiers, 341\u00a0ml bottle"),
    Text("Stout à l’avoine «\u00a0Nuit blanche\u00a0»", "Oatmeal stout “Nuit blanche”"),
    Text("Blanche d’été aux agrumes", "Summer white with citrus"),
    Text("Saison Sauvageonne, élevée en fût de chêne", "Saison Sauvageonne, aged in oak"),
)

UNITS = (CASE, CASE, CASE, KEG)
DISCOUNTS_CENTS = (0, 0, 0, 250, 0, 0)
STEPPED = 2
SHORT = (False, True, False, False, False, False, False)

BREWERY = Party(
    name="Brasserie du Faubourg inc.",
    street="1247, rue Ontario Est",
    city="Montréal",
    region="Québec",
    postal_code="H2L 1R7",
    email="comptes@faubourg.example",
    phone="514 555-0142",
    registrations=(
        Registration(name=Text("N° TPS", "GST no."), number="123456789 RT0001"),
        Registration(name=Text("N° TVQ", "QST no."), number="1234567890 TQ0001"),
    ),
)
CARRIER = Party(
    name="Distribution Rive-Nord",
    street="8500, boulevard Saint-Laurent",
    city="Montréal",
    region="Québec",
    postal_code="H2P 2M5",
    email="routes@rivenord.example",
    phone="514 555-0190",
)
CIDERY = Party(name="Cidrerie des Érables", street="12, rang du Bord-de-l’Eau", city="Rougemont", region="Québec")
SHOP = Party(
    name="Épicerie Chez Bœuf & Cie",
    street="3725, rue Masson",
    city="Montréal",
    region="Québec",
    postal_code="H1X 1S6",
    phone="514 555-0117",
)


def goods(count: int, *, received: bool = False, priced: bool = True) -> tuple[GoodsLine, ...]:
    """Return ``count`` lines; every seventh is short when ``received``."""
    return tuple(_line(at, received=received, priced=priced) for at in range(count))


def _line(at: int, *, received: bool, priced: bool) -> GoodsLine:
    quantity, price = 2 + at % 5, Decimal("47.8525") + at
    short = received and SHORT[at % len(SHORT)]
    discount = DISCOUNTS_CENTS[at % len(DISCOUNTS_CENTS)] if priced else 0
    return GoodsLine(
        description=BEERS[at % len(BEERS)],
        unit=UNITS[at % len(UNITS)],
        quantity=quantity,
        received=(quantity - 1 if short else quantity) if received else None,
        reason=Text("1 brisée\u00a0: bris de marchandise", "1 broken: breakage") if short else None,
        unit_price=price if priced else None,
        discount_cents=discount,
        net_cents=half_up(quantity * price * 100) - discount if priced else None,
        tax_codes=("gst", "qst") if priced else (),
        steps=_steps(price) if priced and at == STEPPED else (),
    )


def _steps(price: Decimal) -> tuple[PriceStep, ...]:
    """Return how a price came about: the list's, less what the customer's group is granted."""
    listed = (price / Decimal("0.95")).quantize(Decimal("0.0001"))
    return (
        PriceStep(name=Text("Liste d’automne", "Fall list"), unit_price=listed),
        PriceStep(name=Text("Rabais des bistros", "Bistros’ discount"), unit_price=price, change="5 %"),
    )


def amounts(lines: tuple[GoodsLine, ...]) -> Amounts:
    """Return the Québec amounts of ``lines``, with deposits on cans and kegs."""
    net = sum(line.net_cents or 0 for line in lines)
    rates = (("gst", GST, Decimal("0.05")), ("qst", QST, Decimal("0.09975")))
    taxes = tuple(
        TaxAmount(code=code, name=name, rate=rate, base_cents=net, amount_cents=half_up(net * rate))
        for code, name, rate in rates
    )
    cans = 24 * sum(line.quantity for line in lines if line.unit == CASE)
    kegs = sum(line.quantity for line in lines if line.unit == KEG)
    every = (
        DepositAmount(name=Text("canettes", "cans"), quantity=cans, unit_cents=10, amount_cents=10 * cans),
        DepositAmount(name=Text("fûts", "kegs"), quantity=kegs, unit_cents=5000, amount_cents=5000 * kegs),
    )
    deposits = tuple(deposit for deposit in every if deposit.quantity)
    total = net + sum(tax.amount_cents for tax in taxes) + sum(deposit.amount_cents for deposit in deposits)
    return Amounts(net_cents=net, total_cents=total, taxes=taxes, deposits=deposits)


def purchase_order(count: int = 5) -> PurchaseOrder:
    """Return a shipped order."""
    lines = goods(count)
    return PurchaseOrder(
        qr="https://tournee.example/c/2041",
        number="BC-2041",
        seller=BREWERY,
        buyer=SHOP,
        carrier=CARRIER,
        status=Text("Expédiée", "Shipped"),
        ordered_on=DAY - timedelta(days=6),
        deliver_on=DAY,
        terms=Text("Net 30 jours", "Net 30 days"),
        lines=lines,
        amounts=amounts(lines),
        note="Livrer par la ruelle, sonnette du bas. Merci!",
    )


def delivery_slip(count: int = 5, *, received: bool = False) -> DeliverySlip:
    """Return a slip without prices, to fill in by hand or after the visit."""
    return DeliverySlip(
        qr="https://tournee.example/c/2041",
        order_number="BC-2041",
        seller=BREWERY,
        buyer=SHOP,
        carrier=CARRIER,
        deliver_on=DAY,
        run_name="Plateau – Rosemont",
        position=7,
        lines=goods(count, received=received, priced=False),
    )


def invoice(count: int = 5, *, provisional: bool = False) -> Invoice:
    """Return a published or provisional invoice."""
    lines = goods(count)
    return Invoice(
        qr="https://tournee.example/f/F-2026-00318",
        number="" if provisional else "F-2026-00318",
        reference="P-2041-1" if provisional else "",
        issuer=BREWERY,
        buyer=SHOP,
        dated_on=DAY,
        due_on=None if provisional else DAY + timedelta(days=30),
        delivered_on=None if provisional else DAY,
        terms=Text("Net 30 jours", "Net 30 days"),
        order_numbers=("BC-2041",),
        lines=lines,
        amounts=amounts(lines),
        note="Les fûts vides se rendent au livreur.",
        footer="Virement Interac\u00a0: comptes@faubourg.example\nChèque à l’ordre de Brasserie du Faubourg inc.\n"
        "Intérêts de 1,5\u00a0% par mois (18\u00a0% par an) sur tout solde en souffrance.",
    )


def invoice_section(count: int = 5) -> Invoice:
    """Return the section of a joined invoice that a producer reads."""
    return msgspec.structs.replace(
        invoice(count), number="F-2026-00318-2", part_of="F-2026-00318", issuer=CARRIER, seller=BREWERY, note=""
    )


def joined_invoice(count: int = 3, *, provisional: bool = False) -> JoinedInvoice:
    """Return one agent invoice for the orders of two breweries (C15)."""
    every = (goods(count), goods(2))
    numbers = ("P-2041-1", "P-0877-1") if provisional else ("F-2026-00318-1", "F-2026-00318-2")
    sections = tuple(
        InvoiceSection(number=number, order_number=order, seller=seller, lines=lines, amounts=amounts(lines), note=note)
        for number, order, seller, lines, note in zip(
            numbers, ("BC-2041", "EC-0877"), (BREWERY, CIDERY), every, ("", "Livrer par la ruelle."), strict=True
        )
    )
    return JoinedInvoice(
        qr="https://tournee.example/f/F-2026-00318",
        number="" if provisional else "F-2026-00318",
        reference="P-2041-1 +1" if provisional else "",
        issuer=msgspec.structs.replace(CARRIER, registrations=BREWERY.registrations),
        buyer=SHOP,
        dated_on=DAY,
        due_on=None if provisional else DAY + timedelta(days=30),
        delivered_on=None if provisional else DAY,
        terms=Text("Net 30 jours", "Net 30 days"),
        sections=sections,
        amounts=sum_amounts([one.amounts for one in sections]),
        footer="Virement Interac\u00a0: routes@rivenord.example",
    )


def credit_note(count: int = 2) -> CreditNote:
    """Return the credit of a short delivery."""
    lines = goods(count)
    return CreditNote(
        qr="https://tournee.example/n/N-2026-00041",
        number="N-2026-00041",
        issuer=BREWERY,
        buyer=SHOP,
        dated_on=DAY,
        reason=Text(
            "Bris de marchandise constaté à la livraison du 24 novembre 2026.",
            "Breakage found at the delivery of November 24, 2026.",
        ),
        invoice_number="F-2026-00318",
        invoice_dated_on=DAY - timedelta(days=1),
        order_numbers=("BC-2041",),
        lines=lines,
        amounts=amounts(lines),
    )
