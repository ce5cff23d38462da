"""Sample papers of the road and of the door, beside those of commerce."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from server.documents.rendering.papers import (
    HandedOver,
    LoadLine,
    LoadList,
    LoadStop,
    ProofOfDelivery,
    RunSheet,
    RunStop,
    Seal,
    SeenAmounts,
    VarianceNotice,
)
from server.documents.rendering.parts import DeliveredRow, Drawing, Fix, Moment, Window
from server.documents.rendering.sample_commerce import BEERS, BREWERY, CARRIER, CASE, DAY, SHOP, UNITS
from server.parties.model import BillingType
from server.parties.wording import BILLED
from shared.codes import ProofCode, proof_code
from shared.problems import Text

SIGNED_AT = datetime(2026, 11, 24, 15, 42, 7, tzinfo=UTC)
ZONE = "America/Toronto"
FATES = (  # lost, not shipped, extra, why
    (0, 0, 0, None),
    (1, 0, 0, Text("Bris de marchandise", "Breakage")),
    (0, 1, 0, Text("Oubli au chargement", "Forgotten at loading")),
    (0, 0, 0, None),
    (0, 0, 1, None),
    (0, 0, 0, None),
)


def delivered_rows(count: int = 5) -> tuple[DeliveredRow, ...]:
    """Return lines delivered in full, short and over."""
    return tuple(_delivered_row(at) for at in range(count))


def _delivered_row(at: int) -> DeliveredRow:
    ordered = 4 + at % 3
    lost, kept, extra, reason = FATES[at % len(FATES)]
    return DeliveredRow(
        description=BEERS[at % len(BEERS)],
        unit=UNITS[at % len(UNITS)],
        ordered=ordered,
        delivered=ordered - lost - kept,
        lost=lost,
        not_shipped=kept,
        extra=extra,
        reason=reason,
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
        billed=BILLED[BillingType.EXTERNAL],
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
        orders=tuple(
            HandedOver(number=f"BC-{2041 + at * 3 + one}", seller_name=sellers[one]) for one in range(1 + at % 3)
        ),
        collect=(("Brasserie du Faubourg inc.", 128_436),) if at % 3 > 1 else (),
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
        qr=proof_code("https://tournee.example", ProofCode("a7" * 32, "c0ffee00c0ffee00", "C-2041")),
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
            consent_sha256="88" * 32,
            manifest_sha256="a7" * 32,
            sealing_key="c0ffee00c0ffee00",
            device_key="Ed25519 3f:a2:9c:51:07:be:44:d8",
        ),
    )
