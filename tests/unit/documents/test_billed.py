"""How an order is billed, on every paper that names it (R008)."""

from __future__ import annotations

import msgspec
import pytest

from server.documents.rendering.commerce import delivery_slip_sheet, purchase_order_sheet
from server.documents.rendering.evidence import proof_sheet, variance_notice_sheet
from server.documents.rendering.road import run_sheet
from server.documents.rendering.sample_commerce import delivery_slip, purchase_order
from server.documents.rendering.sample_visits import proof, variance_notice
from server.documents.rendering.sample_visits import run_sheet as a_run_sheet
from server.parties.model import BillingType
from server.parties.wording import BILLED

WORDS = [
    (BillingType.EXTERNAL, "fr", "Facturation externe"),
    (BillingType.EXTERNAL, "en", "External billing"),
    (BillingType.AGENT, "fr", "Agent facturant"),
    (BillingType.AGENT, "en", "Billing agent"),
]


@pytest.mark.parametrize(("billing_type", "language", "said"), WORDS)
def test_a_paper_says_how_its_order_is_billed(billing_type: BillingType, language: str, said: str) -> None:
    """R008, R001: order, slip, variance notice, proof and the run sheet's line, in French and English."""
    billed = BILLED[billing_type]
    order = msgspec.structs.replace(purchase_order(), billed=billed)
    assert said in purchase_order_sheet(order, language).badge
    assert said not in purchase_order_sheet(purchase_order(), language).badge
    assert delivery_slip_sheet(msgspec.structs.replace(delivery_slip(), billed=billed), language).badge == said
    notice, sealed = (msgspec.structs.replace(one(), billed=billed) for one in (variance_notice, proof))
    assert variance_notice_sheet(notice, language).badge == said
    assert proof_sheet(sealed, language).badge == f"{proof().outcome.say(language)} · {said}"
    assert said not in proof_sheet(proof(), language).badge
    paper = a_run_sheet(1)
    [stop] = paper.stops
    plain, *others = stop.orders
    marked = msgspec.structs.replace(stop, orders=(msgspec.structs.replace(plain, billed=billed), *others))
    drawn = msgspec.json.encode(run_sheet(msgspec.structs.replace(paper, stops=(marked,)), language)).decode()
    assert f"{plain.number} · {plain.seller_name} · {said}" in drawn
    assert said not in msgspec.json.encode(run_sheet(paper, language)).decode()


def test_what_is_billed_on_the_platform_says_nothing() -> None:
    """R008: the usual way has no badge."""
    assert BillingType.PLATFORM not in BILLED
