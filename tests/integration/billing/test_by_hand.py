"""Invoices by hand over HTTP and on pages: published, voided, published anew, or made outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask import Flask
from sqlalchemy import func, select, text

from server.billing.audit import document_faults
from server.billing.model import Invoice
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.ledger.queries import balance_cents
from server.notifications.following.jobs import tell_fact
from server.notifications.model import InboxMessage
from server.orders import queries as orders_read
from server.orders import service as orders
from server.parties.model import DeliverWith, Emission
from server.receivables import service as receivables
from server.receivables.audit import book_faults
from server.receivables.model import PaymentMethod
from shared.ids import new_id
from tests.factories.billing import DELIVERED_AT, Counted, deliver, freeze, settle
from tests.factories.unfolding import unfolded
from tests.factories.web import Client, Organisation
from tests.factories.world import AGENT, EXTERNAL, RUN_DAY, Deal, World, make_order, make_world, stamp

As = Callable[..., Client]
MANUAL = Deal(emission=Emission.MANUAL, deliver_with=DeliverWith.PO)


def member(client_as: As, kind: OrganisationKind, org_id, role: Role = Role.OWNER) -> Client:
    return client_as(role, Organisation(kind, org_id))


def supplier(client_as: As, world: World, at: int = 0) -> Client:
    return member(client_as, OrganisationKind.SUPPLIER, world.sellers[at].id)


def retailer(client_as: As, world: World) -> Client:
    return member(client_as, OrganisationKind.RETAILER, world.buyer.id)


def carrier(client_as: As, world: World) -> Client:
    return member(client_as, OrganisationKind.DISTRIBUTOR, world.carrier_id)


def arrive(world: World, order_id, counted=None) -> None:
    """Let the order leave and arrive, short where ``counted`` says so."""
    delivery_id = deliver(world, order_id, freeze(world, order_id), counted)
    with transaction(acting=world.carrier_id) as session:
        order = orders_read.order(session, order_id=order_id)
        orders.mark_planned(session, order=order, planned_on=RUN_DAY, stamp=stamp())
        orders.mark_shipped(session, order=order, stamp=stamp())
        orders.mark_delivered(
            session, order=order, stamp=stamp(), delivered_at=DELIVERED_AT, partly=counted is not None
        )
    settle(world, delivery_id)


def pay(world: World, issuer_id, cents: int) -> None:
    with transaction(acting=issuer_id) as session:
        receivables.record_payment(
            session,
            issuer_id=issuer_id,
            paid=receivables.NewPayment(
                buyer_id=world.buyer.id,
                method=PaymentMethod.CHEQUE,
                amount_cents=cents,
                received_on=date(2026, 11, 18),
            ),
            key=new_id(),
            stamp=stamp(),
        )


def owed(world: World, issuer_id) -> int:
    with transaction(acting=issuer_id) as session:
        return balance_cents(session, issuer_id=issuer_id, customer_id=world.buyer.id, currency="CAD")


def test_a_supplier_publishes_by_hand_before_or_after_the_delivery(client_as: As) -> None:
    """R002, R003, R005, R042, R044, C2: before it bills what is ordered, after it what arrived; asked twice, once."""
    world = make_world([MANUAL])
    before, after = make_order(world, cases=4, kegs=1), make_order(world, cases=4, kegs=1)
    arrive(world, after, {1: Counted(3, lost=1)})
    seller = supplier(client_as, world)
    first = seller.post(f"/api/v1/orders/{before}/invoice")
    assert (first.status_code, first.json["state"], first.json["number"]) == (200, "published", "BR1-2026-000001")
    assert seller.post(f"/api/v1/orders/{before}/invoice").json == first.json
    second = seller.post(f"/commandes/{after}/facturer", data={"revision": "1"})
    assert second.status_code == 303
    lines = seller.get("/api/v1" + second.location.replace("factures", "invoices")).json["lines"]
    assert [line["quantity"] for line in lines] == [3, 1]
    assert "À payer" in seller.get(second.location).text
    with transaction(acting=world.seller.id) as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 2


def test_who_may_publish_by_hand_and_when(client_as: As) -> None:
    """R003, R007, C28: neither carrier nor buyer, nothing that is not accepted, nothing that is billed outside."""
    world = make_world([MANUAL, EXTERNAL, AGENT])
    pending = make_order(world, accepted=False)
    accepted = make_order(world)
    outside = make_order(world, seller=world.sellers[1])
    agents = make_order(world, seller=world.sellers[2])
    seller, carried = supplier(client_as, world), carrier(client_as, world)
    answers = [
        (seller, pending, 409, "no-issuer"),
        (carried, accepted, 403, "forbidden"),
        (retailer(client_as, world), accepted, 403, "forbidden"),
        (supplier(client_as, world, 1), outside, 409, "billed-outside"),
        (supplier(client_as, world, 2), agents, 403, "forbidden"),
    ]
    for caller, order_id, status, slug in answers:
        answer = caller.post(f"/api/v1/orders/{order_id}/invoice")
        assert (answer.status_code, answer.json["slug"]) == (status, slug)
    by_agent = carried.post(f"/api/v1/orders/{agents}/invoice").json
    assert (by_agent["kind"], by_agent["issuer_id"]) == ("agent", str(world.carrier_id))
    page = supplier(client_as, world, 2).get(f"/factures/{by_agent['id']}")
    assert page.status_code == 200
    assert "Annuler cette facture" not in page.text


def test_a_paid_invoice_is_voided_and_another_one_replaces_it(client_as: As, app: Flask) -> None:
    """C6, R058, law 13: number kept, payment freed, one new invoice that takes the credit; books hold, all is told."""
    world = make_world([MANUAL])
    order_id = make_order(world)
    seller = supplier(client_as, world)
    old = seller.post(f"/api/v1/orders/{order_id}/invoice").json
    pay(world, world.seller.id, old["total_cents"])
    assert "Payée" in seller.get(f"/factures/{old['id']}").text
    refused = retailer(client_as, world).post(f"/api/v1/invoices/{old['id']}/void", json={"reason": "Doublon"})
    assert refused.status_code == 403
    note = seller.post(f"/api/v1/invoices/{old['id']}/void", json={"reason": "Mauvais prix"})
    assert (note.status_code, note.json["kind"], note.json["total_cents"]) == (200, "void", old["total_cents"])
    assert seller.post(f"/api/v1/invoices/{old['id']}/void", json={"reason": "Encore"}).json == note.json
    assert "Annulée" in seller.get(f"/factures/{old['id']}").text
    assert owed(world, world.seller.id) == -old["total_cents"]
    new = seller.post(f"/api/v1/invoices/{old['id']}/republish").json
    assert (new["number"], new["total_cents"]) == ("BR1-2026-000002", old["total_cents"])
    assert owed(world, world.seller.id) == 0
    again = seller.post(f"/api/v1/invoices/{new['id']}/republish")
    assert (again.status_code, again.json["number"]) == (200, new["number"])
    conflict = seller.post(f"/api/v1/invoices/{old['id']}/republish")
    assert (conflict.status_code, conflict.json["number"]) == (200, new["number"])
    with transaction(acting=world.seller.id) as session:
        replaced = session.get_one(Invoice, new["id"])
        assert (str(replaced.replaces_id), replaced.parties_text["replaces"]["number"]) == (old["id"], old["number"])
        assert list(book_faults(session, issuer_id=world.seller.id)) == []
    kinds = [one["kind"] for one in seller.get(f"/api/v1/orders/{order_id}/timeline").json]
    assert kinds[-2:] == ["invoice_voided", "invoice_resent"]
    with transaction(acting=world.seller.id) as session:
        waiting = text("SELECT task_name FROM procrastinate_jobs WHERE args ->> 'subject_id' = :invoice_id")
        tasks = session.scalars(waiting, {"invoice_id": new["id"]}).all()
    assert "notifications.tell_fact" in tasks
    for _ in range(2):
        tell_fact(owner_id=str(world.seller.id), subject_id=new["id"])
    with transaction(acting=world.buyer.id) as session:
        told = session.scalars(select(InboxMessage.key).where(InboxMessage.subject_id == new["id"])).all()
    assert len(told) in {2, 3}  # the third within the same minute is not doubled


def test_a_void_waits_for_a_proposed_credit_and_a_reason(client_as: As) -> None:
    """C6, C12, R095: undecided credits first; a void says why, on the page too."""
    world = make_world([Deal(emission=Emission.MANUAL, credit_threshold_cents=1)])
    order_id = make_order(world)
    seller = supplier(client_as, world)
    invoice_id = seller.post(f"/api/v1/orders/{order_id}/invoice").json["id"]
    arrive(world, order_id, {1: Counted(3, lost=1)})
    waiting = seller.post(f"/api/v1/invoices/{invoice_id}/void", json={"reason": "Erreur"})
    assert (waiting.status_code, waiting.json["slug"]) == (409, "credit-undecided")
    credit_id = waiting.json["where"]
    assert seller.post(f"/credits/{credit_id}/approuver").status_code == 303
    assert seller.post(f"/factures/{invoice_id}/annuler", data={"reason": "  "}).status_code == 409
    assert seller.post(f"/factures/{invoice_id}/annuler", data={"reason": "Erreur"}).status_code == 303
    page = seller.get(f"/factures/{invoice_id}").text
    assert "Publier une nouvelle facture" in page
    made = seller.post(f"/factures/{invoice_id}/republier")
    lines = seller.get("/api/v1" + made.location.replace("factures", "invoices")).json["lines"]
    assert [line["quantity"] for line in lines] == [3, 1]
    with transaction(acting=world.seller.id) as session:
        assert list(document_faults(session, issuer_id=world.seller.id)) == []


def test_orders_billed_outside_wait_in_their_list(client_as: As) -> None:
    """R007-R010, C14: a badge for both sides, no invoice; « à facturer » says what was received till then."""
    world = make_world([EXTERNAL])
    order_id = make_order(world)
    seller, buyer = supplier(client_as, world), retailer(client_as, world)
    assert "Rien à facturer" in seller.get("/a-facturer").text
    arrive(world, order_id, {1: Counted(3, lost=1)})
    for caller in (seller, buyer):
        assert "Facturation externe" in caller.get("/commandes").text
        assert "Facturation externe" in caller.get(f"/commandes/{order_id}").text
        assert caller.get(f"/api/v1/orders/{order_id}").json["is_billed_outside"] is True
    page = seller.get("/a-facturer").text
    assert str(order_id) in page
    assert "401,10\u00a0$" in page  # 3 × 42.50 + 189.00, taxes, and the deposits of 72 cans and a keg
    assert "commandé" in page
    assert unfolded(seller, "/a-facturer")[0] == 40_110
    asked, received = seller.get(f"/api/v1/orders/{order_id}/explanation").json["totals"]
    assert (received["label"]["fr"], received["amount_cents"]) == ("Reçu", 40_110)
    assert asked["amount_cents"] > received["amount_cents"]
    assert buyer.get("/a-facturer").status_code == 403
    later = (date(2026, 11, 20) + timedelta(days=1)).isoformat()
    bad = seller.post(f"/commandes/{order_id}/facture-externe", data={"number": "", "issued_on": later})
    assert bad.status_code == 422
    noted = seller.post(
        f"/commandes/{order_id}/facture-externe", data={"number": "SAGE-17", "issued_on": later, "list": "1"}
    )
    assert (noted.status_code, noted.location) == (303, "/a-facturer")
    assert str(order_id) not in seller.get("/a-facturer").text
    seen = buyer.get(f"/api/v1/orders/{order_id}").json
    assert (seen["outside_invoice_number"], seen["billing_state"]) == ("SAGE-17", "invoiced_outside")
    assert "SAGE-17" in buyer.get(f"/commandes/{order_id}").text
    with transaction(acting=world.seller.id) as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 0
