"""What the reference model lets pass without a person, told by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.rehearsal.oracle import Model
from server.rehearsal.oracle_money import bill, left_of, total
from server.rehearsal.oracle_ordered import Change
from server.rehearsal.oracle_said import Taken, World
from server.rehearsal.oracle_shown import shown_of
from shared.wire.event import LeafGroup, SealedEvent

RUN, STOP, ORDER, TERMS, TABLET = "run", "stop", "order", "terms", "tablet"
GOODS = {"billing_type": "external", "deliver_with": "po", "lines": [{"line_id": "cases", "quantity": 3}]}
EARLY_MS, HAD_MS, LATER_MS, LAST_MS = 1_000_000, 2_000_000, 3_000_000, 4_000_000


SIGNED = {"signer_name": "Luce Tremblay", "signature_sha256": "56" * 32}


def model() -> Model:
    world = World(
        terms={(ORDER, TERMS): (GOODS, {})},
        stops={STOP: (RUN, frozenset({ORDER}))},
        runs=frozenset({RUN}),
        taxed=frozenset(),
        rates=(),
    )
    return Model(world)


def visit(
    seq: int, *, delivered: int, sealed_ms: int, received_ms: int, said_of_it: dict[str, str] | None = None
) -> Taken:
    """Return a visit of three cases; from the second on, each corrects the one before."""
    head = {"kind": "order", "order_id": ORDER, "terms_hash": TERMS, "shown": "none", "outcome": "partial"}
    shown = {f"shown_{one}_cents": 0 for one in ("total", "credit", "supplement")}
    line: dict[str, Any] = {"kind": "line", "line_id": "cases", "ordered": 3, "delivered": delivered, "extra": 0}
    line |= {"not_shipped": 0, "lost": 3 - delivered, "returned": 0, "reason": "", "photos": []}
    payload = {"failure": "", "corrects": f"event-{seq - 1}" if seq > 1 else "", **SIGNED, **(said_of_it or {})}
    said = {"type": "visit.finished", "event_id": f"event-{seq}", "run_id": RUN, "stop_id": STOP, "payload": payload}
    clocks = {"wall_ms": sealed_ms, "monotonic_ms": 0, "server_ms": 0, "server_monotonic_ms": 0}
    group = LeafGroup(key=f"order:{ORDER}", leaves=(json.dumps(head | shown), json.dumps(line)), padding=())
    event = SealedEvent(body=json.dumps(said | clocks), hash="", groups=(group,))
    return Taken(TABLET, seq, event, received_ms)


@pytest.mark.parametrize(("sealed_ms", "waits"), [(EARLY_MS, False), (HAD_MS + 1, True)], ids=["before", "after"])
def test_a_correction_behind_an_approved_one_is_measured_by_the_visit(sealed_ms: int, *, waits: bool) -> None:
    """Section 3 (driver until sync): it passes alone where it was sealed before the office had the visit itself."""
    judged = model()
    judged.hear(visit(1, delivered=3, sealed_ms=EARLY_MS, received_ms=HAD_MS))
    judged.hear(visit(2, delivered=2, sealed_ms=HAD_MS + 1, received_ms=LATER_MS))
    assert judged.expected.parked == {(TABLET, 2)}
    judged.decide(TABLET, 2, "applied")
    judged.hear(visit(3, delivered=1, sealed_ms=sealed_ms, received_ms=LAST_MS))
    assert judged.expected.parked == ({(TABLET, 3)} if waits else set())


def test_what_came_with_an_approved_correction_is_not_approved_with_it() -> None:
    """Section 3: one word of a dispatcher is about one correction, though another came in the same push."""
    judged = model()
    judged.hear(visit(1, delivered=3, sealed_ms=EARLY_MS, received_ms=HAD_MS))
    for seq, delivered in ((2, 2), (3, 1)):
        judged.hear(visit(seq, delivered=delivered, sealed_ms=HAD_MS + seq, received_ms=LATER_MS))
    judged.decide(TABLET, 2, "applied")
    assert (judged.expected.parked, judged.expected.decided) == ({(TABLET, 3)}, {(TABLET, 2)})


def money(seq: int, amount_cents: int) -> Taken:
    """Return a visit, a correction from the second on, with so much cash."""
    taken = visit(seq, delivered=3, sealed_ms=EARLY_MS, received_ms=HAD_MS)
    leaf = {"kind": "collection", "issuer_id": "seller", "method": "cash", "amount_cents": amount_cents}
    carrier = LeafGroup(key="carrier", leaves=(json.dumps(leaf),) if amount_cents else (), padding=())
    event = SealedEvent(body=taken.event.body, hash="", groups=(*taken.event.groups, carrier))
    return Taken(TABLET, seq, event, HAD_MS)


def test_of_money_that_is_said_otherwise_the_last_word_alone_stands() -> None:
    """T7: a former payment is taken back, and the last one, too, when nothing was paid after all."""
    judged = model()
    for seq, amount_cents in enumerate((1_000, 2_001), start=1):
        judged.hear(money(seq, amount_cents))
    key = (STOP, "seller", "cash")
    assert judged.expected.money == {key: [(1_000, 0, False), (2_001, -1, True)]}
    judged.hear(money(3, 0))
    assert judged.expected.money == {key: [(1_000, 0, False), (2_001, -1, False)]}


@pytest.mark.parametrize(
    ("said", "delivered", "waits"),
    [
        ({}, 3, False),
        ({"signer_name": " "}, 3, True),
        ({"signature_sha256": ""}, 0, True),
        ({"failure": "closed"}, 1, True),
        ({"failure": "closed", "signer_name": "", "signature_sha256": ""}, 0, False),
    ],
)
def test_a_visit_that_is_not_signed_as_it_says_waits(said: dict[str, str], delivered: int, *, waits: bool) -> None:
    """R019, R025: a failure hands nothing over, all else is signed; a person may apply it nevertheless."""
    judged = model()
    judged.hear(visit(1, delivered=delivered, sealed_ms=EARLY_MS, received_ms=HAD_MS, said_of_it=said))
    assert judged.expected.parked == ({(TABLET, 1)} if waits else set())
    if waits:
        judged.decide(TABLET, 1, "applied")
        assert (judged.expected.parked, set(judged.expected.delivered)) == (set(), {ORDER})


PUBLISHED: dict[str, Any] = {
    "document_discount_cents": 0, "invoice_standing": "published", "credit_threshold_cents": 1_000,
    "taxes": [{"code": "gst", "rate": "0.05"}, {"code": "qst", "rate": "0.09975"}],
    "lines": [{"line_id": "cases", "unit_price": "42.50", "discount_cents": 0, "tax_codes": ["gst", "qst"],
               "deposits": []}],
}  # fmt: skip
BILLED = GOODS | {"billing_type": "platform", "deliver_with": "invoice"}
WHOLE_CENTS, TWO_CENTS = 14_660, 9_773


def billed_model() -> Model:
    """Return a model of one order of three cases whose invoice was published before its run left."""
    agreed = (BILLED, PUBLISHED)
    world = World(
        terms={(ORDER, TERMS): agreed},
        stops={STOP: (RUN, frozenset({ORDER}))},
        runs=frozenset({RUN}),
        taxed=frozenset(),
        rates=(),
        at_dawn={ORDER: agreed},
    )
    return Model(world)


def test_what_was_signed_under_a_voided_invoice_is_billed_by_a_person_alone() -> None:
    """C6: no amount moves and somebody is asked; billed by hand, it is what the signer saw, whatever the order is."""
    judged = billed_model()
    judged.void(ORDER)
    judged.change(ORDER, Change(struck=frozenset({"cases"})))
    judged.hear(visit(1, delivered=2, sealed_ms=EARLY_MS, received_ms=HAD_MS))
    assert (judged.expected.voided, judged.expected.invoiced, judged.expected.credited) == (
        {ORDER: WHOLE_CENTS},
        {},
        {},
    )
    assert judged.asked.questions >= {("invoice_voided", ORDER, "1"), ("line_struck_out", ORDER, "1")}
    judged.bill_by_hand(ORDER)
    assert judged.expected.invoiced == {ORDER: TWO_CENTS}
    assert total(bill(BILLED, PUBLISHED, {"cases": 2})) == TWO_CENTS


def test_of_a_refused_credit_the_shortage_stays_billed_until_it_is_moved() -> None:
    """C12: what people decided of a line stands as long as no correction says another quantity of it."""
    judged = billed_model()
    judged.hear(visit(1, delivered=2, sealed_ms=EARLY_MS, received_ms=HAD_MS))
    assert judged.expected.credited[ORDER][0] == "proposed"
    judged.decide_credit(ORDER, approves=False)
    assert judged.expected.credited[ORDER][0] == "refused"
    counted = {"line_id": "cases", "ordered": 3, "not_shipped": 0, "lost": 0, "returned": 1, "extra": 0}
    judged.correct(ORDER, [counted | {"delivered": 2, "reason": "refused_item"}])
    assert judged.expected.left == {ORDER: WHOLE_CENTS}
    judged.correct(ORDER, [counted | {"delivered": 1, "returned": 2, "reason": "refused_item"}])
    assert judged.expected.left == {ORDER: WHOLE_CENTS - TWO_CENTS}


PRICED = {"discount_cents": 0, "deposits": [], "tax_codes": ["gst", "qst"]}
CASES = PRICED | {"line_id": "cases", "unit_price": "42.50"}
KEG = PRICED | {"line_id": "keg", "unit_price": "189.00"}
TAXES = [{"code": "gst", "rate": "0.05"}, {"code": "qst", "rate": "0.09975"}]


def agreed(*lines: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the terms of an order of four of each of these lines, of which no invoice stands."""
    goods = {"lines": [{"line_id": line["line_id"], "quantity": 4} for line in lines]}
    return goods, {"document_discount_cents": 0, "taxes": TAXES, "lines": lines, "invoice_standing": "none"}


def test_a_line_that_is_signed_for_no_more_is_not_left_on_the_bill() -> None:
    """Law 19: struck out by its seller after it was delivered, the keg is credited by whoever signs without it."""
    first = [{"line_id": "cases", "delivered": 4}, {"line_id": "keg", "delivered": 1}]
    again = {"is_anew": False, "agreed_first": agreed(CASES, KEG)}
    assert left_of(*agreed(CASES, KEG), first, first, **again) == 19_546 + 21_730
    assert left_of(*agreed(CASES), first, first[:1], **again) == 19_546


def test_what_is_signed_anew_is_priced_by_its_terms_to_the_cent() -> None:
    """Law 19: of three cases under a published invoice, one short is its cumulative share."""
    lines = [{"line_id": "cases", "ordered": 3, "delivered": 2, "extra": 0}]
    assert shown_of(BILLED, PUBLISHED, lines) == ("credit_pending", WHOLE_CENTS, 0, 0)
    assert shown_of(BILLED, PUBLISHED | {"credit_threshold_cents": None}, lines) == (
        "credit",
        WHOLE_CENTS,
        WHOLE_CENTS - TWO_CENTS,
        0,
    )
    assert shown_of(BILLED, PUBLISHED | {"invoice_standing": "none"}, lines) == ("invoice", TWO_CENTS, 0, 0)


def test_a_correction_that_shows_another_amount_than_its_terms_is_named() -> None:
    """Law 19: a cent more than what the terms come to is no rounding."""
    judged = billed_model()
    judged.hear(visit(1, delivered=3, sealed_ms=EARLY_MS, received_ms=HAD_MS))
    judged.hear(visit(2, delivered=2, sealed_ms=EARLY_MS, received_ms=HAD_MS))
    assert judged.expected.shown_wrong[-1:] == [
        f"order order was shown ('none', 0, 0, 0) anew, not ('credit_pending', {WHOLE_CENTS}, 0, 0)"
    ]
