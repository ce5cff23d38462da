"""Nothing of one supplier reaches another, by any way out, and the test of that test.

Each push goes through 20 stops; the nightly profile through 1,000.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from server.billing.model import Invoice
from server.core.blobs import blob_store
from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.delivery import jobs as delivery
from server.delivery.cli import verify
from server.delivery.model import Delivery, Proof, Visit
from server.documents import jobs as documents
from server.identity.model import OrganisationKind, Role
from server.notifications.following.jobs import tell_fact
from server.notifications.model import EmailMessage, InboxMessage, WebhookCall
from server.orders.model import Order
from server.sync import jobs as sync
from server.sync.service import proofs as sealing
from shared.visit import VisitFacts, read_visit
from tests.factories.leaks import Grounds, Planted, Sieve, all_of, deliver_stop, foreign_words, leaks, make_grounds
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.integration.test_url_map import doors

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
SHOPS = 10
BATCHES, SELLERS = (100, 5) if NIGHTLY else (2, 3)
PLANTS = ("leaves", "webhook", "readers", "paper") if NIGHTLY else ("leaves", "webhook")
CARRYING = {"archive", "verify", "webhook_call", "email_message", "order page"}
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(autouse=True)
def loopback(database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOURNEE_WEBHOOK_ALLOW_LOOPBACK", "1")
    reload_settings()


def settle(grounds: Grounds) -> None:
    """Do what the worker does after the visits: papers, proofs, news."""
    carrier = str(grounds.yard.world.carrier_id)
    with transaction(grounds.yard.world.carrier_id) as session:
        visits = session.scalars(select(Visit.id)).all()
        deliveries = session.scalars(select(Delivery.id)).all()
        issued = select(Invoice.id).where(Invoice.owner_id == grounds.yard.world.carrier_id, Invoice.number != "")
        invoices = session.scalars(issued).all()
    for visit_id in visits:
        sync.seal_visit(owner_id=carrier, subject_id=str(visit_id), only_complete=0)
    for delivery_id in deliveries[:5]:  # a slip is the same paper for every delivery; each takes its time
        documents.render_delivery(owner_id=carrier, subject_id=str(delivery_id))
    with transaction(grounds.yard.world.carrier_id) as session:
        proofs = session.scalars(select(Proof.id)).all()
    for proof_id in proofs:
        tell_fact(owner_id=carrier, subject_id=str(proof_id))
    for delivery_id in deliveries:
        tell_fact(owner_id=carrier, subject_id=str(delivery_id))
    for invoice_id in invoices:
        documents.render_invoice(owner_id=carrier, subject_id=str(invoice_id))
        tell_fact(owner_id=carrier, subject_id=str(invoice_id))


def ways_out(
    app: Flask, planted: Planted, others: list[str], folder: Path, *, knocks: bool
) -> Iterator[tuple[str, str]]:
    """Yield every text that reaches a supplier, each with the way that it came; with ``knocks``, of every door."""
    organisation = Organisation(OrganisationKind.SUPPLIER, planted.seller.id)
    member = make_member(organisation, Role.OWNER)
    program, browser = program_of(app, member), browser_of(app, member)
    if knocks:
        yield from _doors(app, program, browser)
    yield from _own(app, program, browser, planted)
    yield from _searches(program, browser, others)
    yield from _told(planted)
    yield from _archive(program, planted)
    yield from _files(planted, folder)


def _doors(app: Flask, program: Client, browser: Client) -> Iterator[tuple[str, str]]:
    """Every view that is read without naming anything."""
    for door in doors(app):
        plain = "01a203b8-6460-7124-9f6b-161ba3efbd87" not in door.path and "2026-11-24" not in door.path
        if door.method == "GET" and plain and "/static/" not in door.path:
            client = program if door.is_api else browser
            yield door.path, client.get(door.path).text


def _own(app: Flask, program: Client, browser: Client, planted: Planted) -> Iterator[tuple[str, str]]:
    """The supplier's own subjects, each by its page and its answers."""
    with transaction(planted.seller.id) as session:
        ids = list(session.scalars(select(Order.id).where(Order.owner_id == planted.seller.id)))
    for order_id in ids[:3]:
        for part in ("", "/timeline", "/messages"):
            yield f"order{part}", program.get(f"/api/v1/orders/{order_id}{part}").text
        yield "order page", browser.get(f"/commandes/{order_id}").text
    for proof in program.get("/api/v1/proofs?limit=200").json["proofs"][:3]:
        yield "proof page", browser.get(f"/preuves/{proof['id']}").text
        yield "proof log", program.get(f"/api/v1/proofs/{proof['id']}/accesses").text
    for invoice in program.get("/api/v1/invoices?limit=200").json[:3]:
        for part in ("", "/explanation"):
            yield f"invoice{part}", program.get(f"/api/v1/invoices/{invoice['id']}{part}").text
        yield "invoice page", browser.get(f"/factures/{invoice['id']}").text
        for path in (f"/api/v1/joined-invoices/{invoice['joined_id']}", f"/factures/{invoice['joined_id']}"):
            assert (program if "/api/" in path else browser).get(path).status_code == 404
    papers = program.get("/api/v1/documents?limit=200").json
    for paper in [*papers[:6], *[paper for paper in papers if paper["kind"] == "invoice"][:2]]:
        for text in all_of(program.get(f"/api/v1/documents/{paper['id']}/file").data):
            yield f"document {paper['kind']}", text


def _searches(program: Client, browser: Client, others: list[str]) -> Iterator[tuple[str, str]]:
    """What is found for another's own words, which the answer repeats only where they were asked."""
    for word in others[:5]:
        for field in ("q", "order", "seller", "lot", "client"):
            yield f"search {field}", program.get(f"/api/v1/proofs/search?{field}={word}").text
        page = browser.get(f"/preuves?q={word}").text
        yield "search page", page.replace(f'value="{word}"', "").replace(f"q={word}", "")
    for one in others:
        try:
            foreign = UUID(one)
        except ValueError:
            continue
        for path in (f"orders/{foreign}", f"webhooks/{foreign}", f"orders/{foreign}/timeline"):
            answer = program.get(f"/api/v1/{path}")
            assert answer.status_code == 404
            yield path.partition("/")[0], answer.text.replace(str(foreign), "")


def _told(planted: Planted) -> Iterator[tuple[str, str]]:
    with transaction(planted.seller.id) as session:
        for kind in (InboxMessage, EmailMessage, WebhookCall):
            for row in session.scalars(select(kind)):
                yield kind.__tablename__, str(vars(row))


def _archive(program: Client, planted: Planted) -> Iterator[tuple[str, str]]:
    made = program.post("/api/v1/proof-exports")
    assert made.status_code == 202, made.json
    delivery.gather_export(owner_id=str(planted.seller.id), subject_id=made.json["id"])
    payload = program.get(f"/api/v1/proof-exports/{made.json['id']}/archive").data
    yield from (("archive", text) for text in all_of(payload))


def _files(planted: Planted, folder: Path) -> Iterator[tuple[str, str]]:
    """What a supplier may verify: its proofs, and what the command prints of them."""
    with transaction(planted.seller.id) as session:
        proofs = session.scalars(select(Proof)).all()
    for proof in proofs:
        path = folder / f"{proof.id}.proof"
        path.write_bytes(blob_store().get(proof.owner_id, proof.file_sha256))
        for options in ([], ["--json"]):
            yield "verify", CliRunner().invoke(verify, [str(path), *options]).output


def found_in(app: Flask, grounds: Grounds, folder: Path, carrying: AbstractSet[str] = CARRYING) -> list[str]:
    """Return every leak as « way: word », having seen each supplier's own words by the ways that must carry them."""
    found = []
    sieve = Sieve(frozenset(word for one in grounds.planted for word in one.words))
    for number, mine in enumerate(grounds.planted):
        knocks = NIGHTLY or number == 0  # the doors are the same for all; each push knocks as one supplier a batch
        foreign = foreign_words(grounds.planted, mine)
        others = sorted(word for one in grounds.planted if one is not mine for word in one.words)
        own: set[str] = set()
        for way, text in ways_out(app, mine, grounds.choose.sample(others, 12), folder, knocks=knocks):
            words = sieve(text)
            found += [f"{way}: {word}" for word in words & foreign]
            own |= {way} if words & mine.words else set()
        wanted = carrying | ({"/api/v1/proofs"} if knocks else set())
        assert own >= wanted, f"{wanted - own} carry nothing of their own supplier"
    return found


@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_of_one_supplier_reaches_another(batch: int, tmp_path: Path) -> None:
    """R018, R026, G10: markers in every name, format, price, note, lot, number, salt and padding."""
    app = application()
    grounds = make_grounds(app, seed=batch, sellers=SELLERS, shops=SHOPS)
    grounds.yard.tablet.upload_signature()
    stops = grounds.yard.tablet.run.stops
    assert len(stops) == SHOPS
    for position in range(len(stops)):
        deliver_stop(grounds, position)
    settle(grounds)
    with transaction(grounds.yard.world.carrier_id) as session:
        sections = session.scalar(select(func.max(Invoice.sections)))
    assert NIGHTLY or sections == (2 if batch % 2 else 0), (
        "an agent joined the orders of two suppliers, in every other world"
    )
    assert found_in(app, grounds, tmp_path) == []


def all_groups(sealed: sealing.SealedVisit, _delivery: Delivery) -> Any:
    return sealed.groups


def said_to_all(sealed: sealing.SealedVisit, _delivery: Delivery) -> VisitFacts:
    return read_visit(sealed.groups)


def everyone(delivery_: Delivery) -> tuple[UUID, ...]:
    with transaction(delivery_.owner_id) as session:
        sellers = session.scalars(select(Delivery.seller_id).where(Delivery.visit_id == delivery_.visit_id)).all()
    return tuple(sorted({*sellers, delivery_.buyer_id} - {delivery_.owner_id}))


def other_s_paper(paper: Callable[..., Any]) -> Callable[..., Any]:
    def draw(sealed: sealing.SealedVisit, of: Delivery, *, strokes: bytes | None) -> Any:
        other = next((one for one in sealed.deliveries if one.seller_id != of.seller_id), of)
        return paper(sealed, other, strokes=strokes)

    return draw


@pytest.mark.parametrize("leak", PLANTS)
def test_a_planted_leak_is_caught(leak: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sieve is no sieve for show: foreign leaves, readers, a paper's text and a call's body are all found."""
    app = application()
    grounds = make_grounds(app, seed=99, sellers=2, shops=1)
    grounds.yard.tablet.upload_signature()
    if leak == "leaves":
        monkeypatch.setattr(sealing.SealedVisit, "groups_for", all_groups)
        monkeypatch.setattr(sealing.SealedVisit, "said", said_to_all)
    elif leak == "readers":
        monkeypatch.setattr(sealing, "readers_of", everyone)
    elif leak == "paper":
        monkeypatch.setattr(sealing, "proof_paper", other_s_paper(sealing.proof_paper))
    deliver_stop(grounds, 0)
    settle(grounds)
    if leak == "webhook":
        mine, other = grounds.planted
        with transaction(mine.seller.id) as session:
            for call in session.scalars(select(WebhookCall)):
                call.body = call.body | {"beside": min(other.words)}
    carrying = CARRYING - ({"verify"} if leak == "leaves" else set())  # a file with another's lines is refused there
    ways = {one.partition(":")[0] for one in found_in(app, grounds, tmp_path, carrying)}
    expected = {"leaves": "archive", "readers": "archive", "paper": "archive", "webhook": "webhook_call"}
    assert expected[leak] in ways


def test_the_sieve_sees_numbers_however_they_are_written() -> None:
    """Price-like numbers: with a point, a comma or as cents; inside a longer number or a hash they are another."""
    for text in ("total 8412.37 $", "8412,3719", "8 412,37 $".replace(" ", "\u00a0"), '{"cents":841237}'):
        assert leaks(text, ["8412.3719"]) == ["8412.3719"], text
    for text in ("18412.379", "ab841237ff", "8412.99"):
        assert leaks(text, ["8412.3719"]) == [], text
    assert json.dumps(leaks("Xghijklmnopqrst", ["ghijklmnopqrst"])) == '["ghijklmnopqrst"]'
