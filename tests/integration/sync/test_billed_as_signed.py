"""What was signed is what is billed, also by hand and whatever became of the order meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import msgspec
import pytest
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Discrepancy
from server.identity.model import OrganisationKind, Role
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.model import Order
from server.sync.service.bundles import build_bundle
from shared.delivered_line import DeliveredLine
from shared.ids import new_id
from shared.pricing import price_order
from shared.wire.bundle import BundleOrder, BundleRun, BundleStop
from shared.wire.terms import GoodsLine
from tests.factories.corrections import (
    assert_books_agree,
    billed_cents,
    correct,
    correction_of,
    delivery_of,
    first_event,
    notes_of,
    office,
    only_order,
    recount,
)
from tests.factories.hand_tablet import Yard
from tests.factories.order_doors import API, answered
from tests.factories.web import Client, Organisation, browser_of, make_member, program_of
from tests.factories.world import ADJUST, CREDIT, Deal, stamp

PROPOSED: Final = Deal(settlement_policy=CREDIT.settlement_policy, credit_threshold_cents=0)

type Items = list[orders.OrderItem]


def kept(order: Order) -> Items:
    return [
        orders.OrderItem(line_id=one.id, quantity=one.quantity, discount_cents=one.discount_cents)
        for one in order.lines
    ]


def cheaper(order: Order) -> Items:
    first, *others = kept(order)
    return [replace(first, discount_cents=first.discount_cents + 500), *others]


def fewer(order: Order) -> Items:
    first, *others = kept(order)
    return [replace(first, quantity=1), *others]


def struck(order: Order) -> Items:
    return kept(order)[1:]


def changed(yard: Yard, items: Callable[[Order], Items]) -> BundleOrder:
    """Let the seller change its order once the tablet has its terms, and return what the tablet has."""
    with transaction(yard.world.seller.id) as session:
        order = orders_read.order(session, order_id=only_order(yard))
        orders.revise(session, order=order, items=items(order), stamp=stamp())
    return yard.tablet.stop().orders[0]


def seller_of(yard: Yard) -> Client:
    organisation = Organisation(OrganisationKind.SUPPLIER, yard.world.seller.id)
    return browser_of(yard.app, make_member(organisation, Role.OWNER))


def invoices(client: Client, order_id: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answered(client.get("/api/v1/invoices", query_string={"order_id": str(order_id)}))
    return sorted(found, key=lambda one: str(one["number"]))


@pytest.mark.parametrize("change", [cheaper, fewer, struck])
@pytest.mark.parametrize("short", [0, 1], ids=["whole", "one short"])
def test_a_voided_invoice_is_billed_again_as_it_was_signed(
    make_day: Callable[..., Yard], change: Callable[[Order], Items], short: int
) -> None:
    """C6, R023; ADR 0005: a bill after the delivery has the quantities and prices that its signer saw."""
    yard = make_day(ADJUST)
    order_id, seen, seller = only_order(yard), changed(yard, change), seller_of(yard)
    counted = dict(_counted(seen, short))
    yard.tablet.visit(yard.tablet.stop(), counted=counted)
    (taken,) = yard.tablet.push()["results"]
    assert (taken["status"], taken["refusal"]) == ("applied", None)
    (first,) = invoices(seller, order_id)
    answered(seller.post(f"/api/v1/invoices/{first['id']}/void", json={"reason": "Erreur d’adresse"}))
    again = answered(seller.post(f"{API}/{order_id}/invoice", json={}))
    assert seen.prices is not None
    signed = price_order(seen.goods, seen.prices, {key: line.delivered for key, line in counted.items()})
    assert again["number"] != first["number"]
    assert (again["total_cents"], first["total_cents"]) == (signed.total_cents, signed.total_cents)
    delivery = delivery_of(yard, order_id)
    assert delivery.shown_total_cents == signed.total_cents
    with transaction(yard.world.seller.id) as session:
        assert billed_cents(session, order_id=order_id) == signed.total_cents


def fewer_and_cheaper(order: Order) -> Items:
    first, *others = kept(order)
    return [replace(first, quantity=1, discount_cents=first.discount_cents + 500), *others]


@pytest.mark.parametrize("change", [struck, fewer_and_cheaper])
def test_what_was_signed_is_billed_without_the_taxes_that_were_taken_off_since(
    make_day: Callable[..., Yard], change: Callable[[Order], Items]
) -> None:
    """R052, R003; ADR 0059: the same nets and deposits as were signed for, whatever the order lost meanwhile."""
    yard = make_day(ADJUST)
    order_id, seller = only_order(yard), seller_of(yard)
    changed(yard, change)
    yard.tablet.visit(yard.tablet.stop())
    yard.tablet.push()
    (listed,) = invoices(seller, order_id)
    first = answered(seller.get(f"/api/v1/invoices/{listed['id']}"))
    answered(seller.post(f"/api/v1/invoices/{first['id']}/void", json={"reason": "Exempté"}))
    relief = {"taxed": False, "with_deposits": True}
    answered(seller.open(f"{API}/{order_id}/relief", "PUT", json=relief))
    again = answered(seller.post(f"{API}/{order_id}/invoice", json={}))
    kept_of = ("net_cents", "deposit_cents")
    assert [again[name] for name in (*kept_of, "tax_cents")] == [*(first[name] for name in kept_of), 0]


def test_one_cause_is_asked_about_once(make_day: Callable[..., Yard]) -> None:
    """C6, law 19: an invoice that a person voided before its delivery is corrected is one question, not two."""
    yard = make_day(ADJUST)
    tablet, seller = yard.tablet, seller_of(yard)
    stop = tablet.stop()
    tablet.visit(stop)
    tablet.push()
    (first,) = invoices(seller, only_order(yard))
    answered(seller.post(f"/api/v1/invoices/{first['id']}/void", json={"reason": "Erreur d’adresse"}))
    tablet.visit(stop, payload={"corrects": first_event(tablet)}, counted=dict(_counted(stop.orders[0], 1)))
    tablet.push(2)
    assert set(asked(yard)) == {"invoice_voided"}


def dearer(stop: BundleStop) -> BundleStop:
    """Return a stop as a faulty tablet prices it: it cites the terms that it was given, and shows other amounts."""
    (order,) = stop.orders
    assert order.prices is not None
    first, *others = order.prices.lines
    risen = msgspec.structs.replace(first, unit_price=str(Decimal(first.unit_price) + 1))
    prices = msgspec.structs.replace(order.prices, lines=(risen, *others))
    return msgspec.structs.replace(stop, orders=(msgspec.structs.replace(order, prices=prices),))


def asked(yard: Yard) -> dict[str, dict[str, Any]]:
    """Return what a dispatcher is asked about the day, with the amounts."""
    with transaction(yard.world.carrier_id) as session:
        return {one.kind: one.facts for one in session.scalars(select(Discrepancy))}


COUNTS: Final = {
    "adjusted": (ADJUST, 0, 0),
    "credited, nothing missing": (CREDIT, 0, 0),
    "credited, one missing": (CREDIT, 1, 0),
    "a proposal": (PROPOSED, 1, 0),
    "two beyond": (CREDIT, 0, 2),
}


@pytest.mark.parametrize(("deal", "short", "extra"), COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("is_true", [True, False], ids=["true", "faulty"])
def test_whatever_was_shown_and_is_not_billed_is_asked_about(
    make_day: Callable[..., Yard], deal: Deal, short: int, extra: int, *, is_true: bool
) -> None:
    """Law 19: also where the published invoice stays as it is, and for what was taken beyond the order."""
    yard = make_day(deal)
    stop = yard.tablet.stop()
    yard.tablet.visit(stop if is_true else dearer(stop), counted=dict(_counted(stop.orders[0], short, extra)))
    (taken,) = yard.tablet.push()["results"]
    assert (taken["status"], taken["refusal"]) == ("applied", None)
    found = asked(yard)
    differing = {"amount_differs"} | ({"supplement_differs"} if extra else set())
    assert set(found) == (set() if is_true else differing)
    dispatcher = program_of(yard.app, make_member(Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id),
                                                  Role.DISPATCHER))  # fmt: skip
    for one in answered(dispatcher.get("/api/v1/discrepancies")):
        told = answered(dispatcher.get(f"/api/v1/discrepancies/{one['id']}/explanation"))
        cents = {value for name, value in found[one["kind"]].items() if name.endswith("_cents")}
        assert ({step["amount_cents"] for step in told["totals"]}, len(cents)) == (cents, 2)


def test_a_supplement_that_was_signed_anew_at_another_price_is_asked_about(make_day: Callable[..., Yard]) -> None:
    """Law 19: an overage that a correction leaves as it was costs what it cost; another amount shown is a question."""
    yard = make_day(CREDIT)
    stop = yard.tablet.stop()
    yard.tablet.visit(stop, counted=dict(_counted(stop.orders[0], 0, 2)))
    yard.tablet.visit(dearer(stop), payload={"corrects": first_event(yard.tablet)},
                      counted=dict(_counted(stop.orders[0], 1, 2)))  # fmt: skip
    assert [one["status"] for one in yard.tablet.push()["results"]] == ["applied", "applied"]
    assert set(asked(yard)) == {"amount_differs", "supplement_differs"}


@pytest.mark.parametrize("short", [1, 2, 3])
def test_what_a_person_credited_before_the_truck_left_is_no_difference(
    make_day: Callable[..., Yard], short: int
) -> None:
    """Law 19: the terms know the credited unit; whole at first and then signed anew, nobody is asked."""
    yard = make_day(CREDIT)
    tablet, order_id, seller = yard.tablet, only_order(yard), seller_of(yard)
    (invoice,) = invoices(seller, order_id)
    whole = answered(seller.get(f"/api/v1/invoices/{invoice['id']}"))
    given = {"key": str(new_id()), "buyer_id": whole["buyer_id"], "reason_fr": "Geste", "reason_en": "Goodwill",
             "invoice_id": whole["id"], "items": [{"line_id": whole["lines"][0]["id"], "quantity": 1}]}  # fmt: skip
    answered(seller.post("/api/v1/credit-notes", json=given), 201)
    with transaction(yard.world.carrier_id) as session:
        tablet.run = msgspec.json.decode(build_bundle(session, yard.run_id, stamp=stamp()).body, type=BundleRun)
    stop = tablet.stop()
    tablet.visit(stop)
    tablet.visit(stop, payload={"corrects": first_event(tablet)}, counted=dict(_counted(stop.orders[0], short)))
    assert [one["status"] for one in tablet.push()["results"]] == ["applied", "applied"]
    assert asked(yard) == {}


def _counted(seen: BundleOrder, short: int, extra: int = 0) -> Iterator[tuple[str, DeliveredLine]]:
    for at, line in enumerate(seen.goods.lines):
        lost, more = (short, extra) if at == 0 else (0, 0)
        reason = "missing" if lost else ""
        accepted = line.quantity - lost
        yield line.line_id, DeliveredLine(line.line_id, line.quantity, accepted, lost=lost, extra=more, reason=reason)


RECOUNTED: Final = ((3, 1), (2, 1), (4, 0), (1, 1), (4, 1), (3, 0), (0, 1), (2, 0))


def test_a_correction_by_the_office_leaves_the_order_priced_afresh(make_day: Callable[..., Yard]) -> None:
    """Law 19, R023; ADR 0061: under *adjust* no cent of a share stays, whatever was corrected before."""
    yard = make_day(ADJUST)
    order_id, order = only_order(yard), yard.tablet.stop().orders[0]
    yard.tablet.visit(yard.tablet.stop())
    yard.tablet.push()
    dispatcher, left, afresh = office(yard), [], []
    assert order.prices is not None
    for counts in RECOUNTED:
        now = delivery_of(yard, order_id)
        change = {line.order_line_id: recount(line, units) for line, units in zip(now.lines, counts, strict=True)}
        assert correct(dispatcher, now, change).status_code == 200
        units = dict(zip((line.line_id for line in order.goods.lines), counts, strict=True))
        afresh.append(price_order(order.goods, order.prices, units).total_cents)
        with transaction(yard.world.seller.id) as session:
            left.append(billed_cents(session, order_id=order_id))
    assert left == afresh
    assert_books_agree(yard, order_id)


@pytest.mark.parametrize("counts", RECOUNTED)
def test_what_is_signed_anew_of_a_numbered_invoice_is_billed_to_the_cent(
    make_day: Callable[..., Yard], counts: tuple[int, int]
) -> None:
    """Law 19; ADR 0061: the signer sees the order priced afresh, and nobody is asked about a cent of rounding."""
    yard = make_day(ADJUST)
    tablet, order = yard.tablet, yard.tablet.stop().orders[0]
    tablet.visit(tablet.stop())
    tablet.push()
    lines = {one.line_id: _of(one, units) for one, units in zip(order.goods.lines, counts, strict=True)}
    correction_of(tablet, first_event(tablet), counted=lines)
    assert tablet.push(2)["results"][0]["status"] == "applied"
    assert asked(yard) == {}
    with transaction(yard.world.seller.id) as session:
        assert billed_cents(session, order_id=only_order(yard)) == delivery_of(yard, only_order(yard)).shown_total_cents


def _of(line: GoodsLine, delivered: int) -> DeliveredLine:
    missing = line.quantity - delivered
    return DeliveredLine(line.line_id, line.quantity, delivered, lost=missing, reason="missing" if missing else "")


def test_the_cent_of_a_signed_total_is_explained(make_day: Callable[..., Yard]) -> None:
    """T5; ADR 0061: one of four cases is 2.13 of the tax by its share, and 2.12 of what was signed."""
    yard = make_day(ADJUST)
    tablet, order = yard.tablet, yard.tablet.stop().orders[0]
    tablet.visit(tablet.stop())
    tablet.push()
    correction_of(tablet, first_event(tablet), counted=dict(_counted(order, 1)))
    tablet.push(2)
    (note,) = notes_of(yard.world.seller.id)
    page = seller_of(yard).get(f"/credits/{note.id}").text
    assert "part de 8,50\u00a0$ facturés\u00a0: 2,13\u00a0$, au cent du total signé" in page
