"""A sample statement of account of the invented brewery and shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from server.documents.rendering.papers import Statement, StatementRow
from server.documents.rendering.sample_commerce import BREWERY, DAY, SHOP
from shared.problems import Text

OPENING_CENTS, INVOICED_CENTS = 12_840, 123_456
PLACE = "https://tournee.example"


def statement(count: int = 5) -> Statement:
    """Return a month with ``count`` movements: invoices with proofs, credits, payments, a refund and a write-off."""
    rows, balance_cents = [], OPENING_CENTS
    for at in range(count):
        words, amount_cents, page = _movement(at)
        balance_cents += amount_cents
        rows.append(
            StatementRow(
                on=date(2026, 11, 1) + timedelta(days=at % 24),
                words=words,
                amount_cents=amount_cents,
                balance_cents=balance_cents,
                link=f"{PLACE}/{page}/{at}",
                proof_link=f"{PLACE}/preuves/{at}" if amount_cents == INVOICED_CENTS else "",
            )
        )
    return Statement(
        qr=f"{PLACE}/a-payer/faubourg/releve?du=2026-11-01&au={DAY}",
        issuer=BREWERY,
        buyer=SHOP,
        first_day=date(2026, 11, 1),
        last_day=DAY,
        opening_cents=OPENING_CENTS,
        closing_cents=balance_cents,
        rows=tuple(rows),
        ages=tuple(_ages(balance_cents)),
        footer="Virement Interac\u00a0: comptes@faubourg.example",
    )


def _movement(at: int) -> tuple[Text, int, str]:
    number = 318 + at
    known = (
        (Text(f"Facture F-2026-00{number}", f"Invoice F-2026-00{number}"), INVOICED_CENTS, "factures"),
        (Text(f"Note de crédit N-2026-00{number}", f"Credit note N-2026-00{number}"), -5_127, "credits"),
        (Text("Paiement, virement, 4471", "Payment, transfer, 4471"), -100_000, "paiements"),
        (Text("Remboursement\u00a0: payé deux fois", "Refund: paid twice"), 2_500, "paiements"),
        (Text("Radiation\u00a0: reste trop petit", "Write-off: too little left"), -1, "factures"),
    )
    return known[at % len(known)]


def _ages(balance_cents: int) -> Iterator[tuple[Text, int]]:
    yield Text("Courant", "Current"), balance_cents - 10_000
    yield Text("31 à 60 jours", "31 to 60 days"), 10_000
