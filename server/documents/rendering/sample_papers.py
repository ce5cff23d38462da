"""Sample papers of an invented Montréal distributor, short or long, for looking at layouts and for tests."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from server.documents.rendering.papers import (
    CreditNote,
    DeliverySlip,
    Invoice,
    LoadLine,
    LoadList,
    LoadStop,
    Paper,
    ProofOfDelivery,
    PurchaseOrder,
    RunSheet,
    RunStop,
    Seal,
    SeenAmounts,
    VarianceNotice,
)
from server.documents.rendering.parts import (
    Amounts,
    DeliveredRow,
    DepositAmount,
    Drawing,
    Fix,
    GoodsLine,
    Moment,
    Party,
    Registration,
    TaxAmount,
    Window,
)
from shared.money import half_up
from shared.problems import Text

DAY = date(2026, 11, 24)
SIGNED_AT = datetime(2026, 11, 24, 15, 42, 7, tzinfo=UTC)
ZONE = "America/Toronto"
GST, QST = Text("TPS", "GST"), Text("TVQ", "QST")
CASE, KEG = Text("caisse de 24", "case of 24"), Text("fût 30 L", "30 L keg")
BEERS = (
    Text("Blonde du Faubourg, canette 473 ml", "Blonde du Faubourg, 473 ml can"),
    Text("IPA Cœur de houblon, canette 473 ml", "IPA Cœur de houblon, 473 ml can"),
    Text("Rousse des Éclusiers, bouteille 341 ml", "Rousse des Éclusiers, 341 ml bottle"),
    Text("Stout à l’avoine « Nuit blanche »", "Oatmeal stout “Nuit blanche”"),
    Text("Blanche d’été aux agrumes", "Summer white with citrus"),
    Text("Saison Sauvageonne, élevée en fût de chêne", "Saison Sauvageonne, aged in oak"),
)

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
    short = received and at % 7 == 1
    discount = 250 if priced and at % 6 == 3 else 0
    return GoodsLine(
        description=BEERS[at % len(BEERS)],
        unit=KEG if at % 4 == 3 else CASE,
        quantity=quantity,
        received=(quantity - 1 if short else quantity) if received else None,
        reason=Text("1 brisée : bris de marchandise", "1 broken: breakage") if short else None,
        unit_price=price if priced else None,
        discount_cents=discount,
        net_cents=half_up(quantity * price * 100) - discount if priced else None,
        tax_codes=("gst", "qst") if priced else (),
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
        footer="Virement Interac : comptes@faubourg.example\nChèque à l’ordre de Brasserie du Faubourg inc.\n"
        "Intérêts de 1,5 % par mois (18 % par an) sur tout solde en souffrance.",
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


def delivered_rows(count: int = 5) -> tuple[DeliveredRow, ...]:
    """Return lines delivered in full, short and over."""
    return tuple(_delivered_row(at) for at in range(count))


def _delivered_row(at: int) -> DeliveredRow:
    ordered, lost, kept = 4 + at % 3, int(at % 6 == 1), int(at % 6 == 2)
    reason = {1: Text("Bris de marchandise", "Breakage"), 2: Text("Oubli au chargement", "Forgotten at loading")}
    return DeliveredRow(
        description=BEERS[at % len(BEERS)],
        unit=KEG if at % 4 == 3 else CASE,
        ordered=ordered,
        delivered=ordered - lost - kept,
        lost=lost,
        not_shipped=kept,
        extra=int(at % 6 == 4),
        reason=reason.get(at % 6),
    )


def variance_notice(count: int = 5) -> VarianceNotice:
    """Return the notice of a short delivery for a supplier who bills elsewhere."""
    return VarianceNotice(
        qr="https://tournee.example/e/E-2041-1",
        reference="E-2041-1",
        order_number="BC-2041",
        seller=BREWERY,
        buyer=SHOP,
        carrier=CARRIER,
        delivered_at=Moment(at=SIGNED_AT, uncertainty_s=2),
        timezone=ZONE,
        rows=delivered_rows(count),
        signer_name="Élodie Lœwen",
        signer_role="gérante",
    )


def run_sheet(count: int = 8) -> RunSheet:
    """Return a run over ``count`` stops with estimated times."""
    start = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    return RunSheet(
        qr="https://tournee.example/t/41",
        run_name="Plateau – Rosemont",
        runs_on=DAY,
        timezone=ZONE,
        carrier=CARRIER,
        depot=CARRIER,
        driver_name="Maïka Côté",
        vehicle_name="Camion 3 (cube 16 pi)",
        starts_at=start,
        ends_at=start + timedelta(minutes=45 + 24 * count),
        distance_m=38_420,
        estimated=True,
        stops=tuple(_stop(at, start) for at in range(count)),
    )


def _stop(at: int, start: datetime) -> RunStop:
    sellers = ("Brasserie du Faubourg inc.", "Microbrasserie L’Écluse", "Les Trois Houblons")
    return RunStop(
        position=at + 1,
        place=SHOP,
        planned_at=start + timedelta(minutes=25 + 24 * at),
        service_s=600 + 120 * (at % 4),
        windows=(Window(opens_min=540, closes_min=690), Window(opens_min=810, closes_min=1020))[: 1 + at % 2],
        orders=tuple((f"BC-{2041 + at * 3 + one}", sellers[one]) for one in range(1 + at % 3)),
        collect=(("Brasserie du Faubourg inc.", 128_436),) if at % 3 == 2 else (),
        access_note="Entrée par la ruelle, sonnette du bas." if at % 4 == 0 else "",
    )


def load_list(count: int = 6) -> LoadList:
    """Return what a truck with ``count`` stops carries."""
    return LoadList(
        qr="https://tournee.example/t/41/chargement",
        run_name="Plateau – Rosemont",
        runs_on=DAY,
        carrier=CARRIER,
        vehicle_name="Camion 3 (cube 16 pi)",
        weight_g=2_418_600,
        stops=tuple(
            LoadStop(position=at + 1, name=SHOP.name, lines=tuple(_load(at + one) for one in range(1 + at % 3)))
            for at in range(count)
        ),
    )


def _load(at: int) -> LoadLine:
    return LoadLine(
        product=f"P{at % len(BEERS)}",
        description=BEERS[at % len(BEERS)],
        unit=CASE,
        quantity=2 + at % 4,
        seller_name="Brasserie du Faubourg inc.",
    )


def signature() -> Drawing:
    """Return a flourish of two strokes."""
    wave = tuple((40 + 4 * t, int(150 - 70 * math.sin(t / 7) * math.exp(-t / 90) - t / 3)) for t in range(130))
    return Drawing(width=640, height=240, strokes=(wave, ((60, 190), (300, 176), (590, 168))))


def proof(count: int = 5, *, signed: bool = True) -> ProofOfDelivery:
    """Return a proof of a short delivery, signed or not."""
    return ProofOfDelivery(
        qr="https://tournee.example/verifier#" + "a7" * 32,
        order_number="BC-2041",
        seller=BREWERY,
        buyer=SHOP,
        carrier=CARRIER,
        outcome=Text("Livrée en partie", "Partly delivered"),
        rows=delivered_rows(count),
        arrived_at=Moment(at=SIGNED_AT - timedelta(minutes=11), uncertainty_s=2),
        delivered_at=Moment(at=SIGNED_AT, uncertainty_s=2),
        received_at=SIGNED_AT + timedelta(hours=2, minutes=3),
        timezone=ZONE,
        run_name="Plateau – Rosemont",
        driver_name="Maïka Côté",
        device_name="Tablette 3",
        app_version="Tournée 0.1.0",
        signer_name="Élodie Lœwen" if signed else "",
        signer_role="gérante" if signed else "",
        signature=signature() if signed else None,
        consent=Text(
            "En signant, je confirme avoir reçu les quantités affichées.",
            "By signing, I confirm that I received the quantities shown.",
        ),
        place=Fix(lat_e7=455_484_210, lon_e7=-735_731_180, accuracy_m=12),
        seen=SeenAmounts(shown="credit", total_cents=128_436, credit_cents=5_502),
        photos=("1f" * 32, "2e" * 32),
        missing_photos=("2e" * 32,),
        seal=Seal(
            event_id="01935c1e-7a10-7c3e-9b1a-5f0c2d6e8a44",
            event_hash="c4" * 32,
            root="5b" * 32,
            prev_hash="90" * 32,
            sequence=118,
            terms_hash="e1" * 32,
            screen_sha256="77" * 32,
            device_key="Ed25519 3f:a2:9c:51:07:be:44:d8",
        ),
    )


def sample_papers(*, long: bool) -> dict[str, Paper]:
    """Return one paper of each kind (two for invoices and slips) by file name, of few or of 60 lines."""
    count = 60 if long else 5
    return {
        "purchase-order": purchase_order(count),
        "delivery-slip": delivery_slip(count),
        "delivery-slip-received": delivery_slip(count, received=True),
        "invoice": invoice(count),
        "invoice-provisional": invoice(count, provisional=True),
        "credit-note": credit_note(count if long else 2),
        "variance-notice": variance_notice(count),
        "run-sheet": run_sheet(count if long else 8),
        "load-list": load_list(count if long else 6),
        "proof-of-delivery": proof(count),
    }
