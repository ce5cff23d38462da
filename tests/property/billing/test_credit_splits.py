"""Partial credits, split at random over an invoice's lines: together they are the invoice, to the cent."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from shared.priced import PricedDocument
from shared.pricing import credit_of, price_order
from tests.factories.terms import LineTermsDraft, cans, keg, make_terms

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
SPLITS = 100_000 if IS_NIGHT else 1_500
SEED = 20_261_119
pytestmark = pytest.mark.timeout(1_800 if IS_NIGHT else 180)


def an_invoice(chance: random.Random) -> PricedDocument:
    """One to six lines with prices of four decimals, discounts and deposits, some of them taxable."""
    lines = []
    for at in range(chance.randint(1, 6)):
        quantity, price = chance.randint(1, 48), chance.randint(0, 900_000)
        lines.append(
            LineTermsDraft(
                name=str(at),
                quantity=quantity,
                unit_price=f"{price / 10_000:.4f}",
                discount_cents=chance.randint(0, quantity * price // 100) // 3,
                tax_codes=chance.choice([(), ("gst",), ("gst", "qst")]),
                deposits=chance.choice([(), (cans(),), (keg(taxable=True),)]),
            )
        )
    return price_order(*make_terms(*lines))


def credited_at_random(chance: random.Random, invoice: PricedDocument) -> list[PricedDocument]:
    """Credits of random units of random lines, until nothing of the invoice is left."""
    left = {line.line_id: line.quantity for line in invoice.lines}
    already = dict.fromkeys(left, 0)
    found = []
    while any(left.values()):
        crediting = {line_id: chance.choice([0, chance.randint(0, units), units]) for line_id, units in left.items()}
        if any(crediting.values()):
            found.append(credit_of(invoice, already=already, crediting=crediting))
            already = {line_id: units + crediting[line_id] for line_id, units in already.items()}
            left = {line_id: units - crediting[line_id] for line_id, units in left.items()}
    return found


def amounts_of(*documents: PricedDocument) -> Counter[tuple[str, str]]:
    """Every amount of these documents, line by line and tax by tax."""
    found: Counter[tuple[str, str]] = Counter()
    for document in documents:
        for line in document.lines:
            found[line.line_id, "net"] += line.net_cents
            found[line.line_id, "deposit"] += line.deposit_cents
            for kind, taxes in (("tax", line.taxes), ("deposit tax", line.deposit_tax)):
                for code, cents in taxes.items():
                    found[line.line_id, f"{kind} {code}"] += cents
    return found


def test_random_splits_of_credits_come_to_the_invoice_to_the_cent() -> None:
    """Laws 8, 9, 10; T5, T6: 100,000 random splits (nightly; fewer each push) with 0 cents off, and no part below 0."""
    chance = random.Random(SEED)
    off = parts = 0
    for _ in range(SPLITS):
        invoice = an_invoice(chance)
        notes = credited_at_random(chance, invoice)
        parts += len(notes)
        assert all(cents >= 0 for credit in notes for cents in amounts_of(credit).values())
        whole, given = amounts_of(invoice), amounts_of(*notes)
        off += sum(abs(whole[key] - given[key]) for key in whole | given)
        off += abs(invoice.total_cents - sum(credit.total_cents for credit in notes))
    assert off == 0
    assert parts > SPLITS
