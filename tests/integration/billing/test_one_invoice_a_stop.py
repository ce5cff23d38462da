"""One agent invoice for the orders of a stop (C15): signed order by order, billed once, and each seller's own."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from server.core.acting import KEY
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.ledger.model import Account, Posting
from server.ledger.queries import open_cents
from server.notifications.model import EmailMessage, InboxMessage
from server.parties.model import Organisation as Organisation_
from server.receivables.audit import book_faults
from server.receivables.providers import GatewayState, Opened
from server.receivables.providers import Standing as GatewayStanding
from server.receivables.service import online
from shared.ids import new_id
from shared.money import format_money, half_up_ratio
from tests.conftest import Database
from tests.factories.stops import ALONE, JOINED, Shop, asked, earned, faults, make_shop, papers, settled_by_jobs
from tests.factories.unfolding import unfolded
from tests.factories.web import Organisation, application, browser_of, make_member, now_stamp
from tests.factories.world import read_order, stamp


@pytest.fixture(scope="module")
def short_stop(module_database: Database) -> Shop:
    """Two breweries and one that bills alone, one stop, adjusted: two cases of the second brewery are missing."""
    shop = make_shop(application(), JOINED, JOINED, ALONE)
    shop.deliver({1: 2})
    settled_by_jobs(shop)
    return shop


def test_a_short_stop_is_one_invoice_with_a_section_an_order(short_stop: Shop) -> None:
    """C15, C28, R016, R042, laws 3, 4, 17: two breweries, one short; one number, sections 1 and 2, their sums."""
    first, second, alone = short_stop.sections()
    assert (first["number"], second["number"]) == ("DMR-2026-000001-1", "DMR-2026-000001-2")
    assert (alone["number"], alone["joined_id"], alone["section"]) == ("DMR-2026-000002", None, 0)
    for reader in (short_stop.buyer, short_stop.issuer):
        whole = asked(reader, f"/api/v1/joined-invoices/{first['joined_id']}")
        assert (whole["number"], len(whole["sections"])) == ("DMR-2026-000001", 2)
        assert whole["total_cents"] == first["total_cents"] + second["total_cents"]
        assert [one["lines"][0]["quantity"] for one in whole["sections"]] == [4, 5]
        parts = whole["net_cents"] + whole["tax_cents"] + whole["deposit_cents"]
        assert parts == whole["total_cents"]
    why = asked(short_stop.buyer, f"/api/v1/joined-invoices/{first['joined_id']}/explanation")
    assert [step["amount_cents"] for step in why["totals"][:2]] == [whole["total_cents"]] * 2
    assert whole["net_cents"] == next(
        one["amount_cents"] for one in why["totals"] if one["label"]["fr"] == "Sous-total"
    )
    buyer = Organisation(OrganisationKind.RETAILER, short_stop.world.buyer.id)
    page = browser_of(short_stop.app, make_member(buyer, Role.OWNER))
    assert whole["total_cents"] in unfolded(page, f"/factures/{first['joined_id']}")
    assert [part["label"]["fr"] for part in why["totals"][0]["parts"]] == [
        f"Section {first['number']}", f"Section {second['number']}"
    ]  # fmt: skip
    assert faults(short_stop) == []


def test_each_producer_has_its_own_share_and_the_agent_its_fee(short_stop: Shop) -> None:
    """C28, laws 1, 34: what the agent owes each brewery, and keeps of its net, is as an invoice of its own says."""
    for seller, section in zip(short_stop.world.sellers, short_stop.sections(), strict=True):
        fee_cents = half_up_ratio(section["net_cents"] * 500, 10_000)
        assert earned(short_stop, seller) == {
            Account.PRODUCER_PAYABLE: section["net_cents"] - fee_cents,
            Account.AGENT_FEE: fee_cents,
        }


def test_a_seller_reads_its_section_and_nothing_of_the_others(short_stop: Shop) -> None:
    """Law 33, R018: by API, pages, papers and news a brewery sees its own order alone; the buyer one whole invoice."""
    first, second, _alone = short_stop.sections()
    seller, other = short_stop.world.sellers[:2]
    program = short_stop.program(seller.id)
    browser = browser_of(short_stop.app, make_member(Organisation(OrganisationKind.SUPPLIER, seller.id), Role.OWNER))
    assert [one["id"] for one in asked(program, "/api/v1/invoices")] == [first["id"]]
    asked(program, f"/api/v1/invoices/{second['id']}", 404)
    for path in ("", "/explanation"):
        asked(program, f"/api/v1/joined-invoices/{first['joined_id']}{path}", 404)
    assert browser.get(f"/factures/{first['joined_id']}").status_code == 404
    own = browser.get(f"/factures/{first['id']}").text
    listed = browser.get("/factures").text
    theirs = papers(program)
    assert list(theirs) == [f"{first['number']}.pdf"]
    order = read_order(short_stop.orders[1], acting=other.id)
    secret = {
        second["id"], second["number"], order.number, str(order.id), str(other.id), "Brasserie 2",
        *(str(line.id) for line in order.lines), *(line.description_fr for line in order.lines),
        format_money(second["total_cents"], "CAD", "fr"),
    }  # fmt: skip
    with transaction(acting=seller.id) as session:
        told = [str(vars(row)) for kind in (InboxMessage, EmailMessage) for row in session.scalars(select(kind))]
        postings = session.scalar(select(func.count()).select_from(Posting))
        names = set(session.scalars(select(Organisation_.name)))
    assert postings == 0, "the agent's books are the agent's"
    for seen in (own, listed, *theirs.values(), *told, *names):
        assert not {word for word in secret if word in seen.replace("\u00a0", " ")}
    of_buyer = papers(short_stop.buyer)
    whole = of_buyer["DMR-2026-000001.pdf"]
    assert first["number"] in whole
    assert second["number"] in whole
    with transaction(acting=short_stop.world.buyer.id) as session:
        news = session.scalars(select(InboxMessage).where(InboxMessage.kind == "invoice.published")).all()
    assert sorted(one.title_fr.split(",")[0] for one in news) == ["Facture DMR-2026-000001", "Facture DMR-2026-000002"]


def test_pages_show_the_whole_to_its_client_and_its_issuer(short_stop: Shop) -> None:
    """C15, R085: one page with a section an order, its sums, its papers; each section leads to it."""
    first, second, _alone = short_stop.sections()
    readers = (
        (short_stop.world.buyer.id, OrganisationKind.RETAILER),
        (short_stop.world.carrier_id, OrganisationKind.DISTRIBUTOR),
    )
    for org_id, kind in readers:
        browser = browser_of(short_stop.app, make_member(Organisation(kind, org_id), Role.OWNER))
        page = browser.get(f"/factures/{first['joined_id']}").text
        for said in ("Facture DMR-2026-000001", first["number"], second["number"], "DMR-2026-000001.pdf"):
            assert said in page
        assert f"/factures/{first['joined_id']}" in browser.get(f"/factures/{second['id']}").text


def test_its_client_pays_it_in_one_amount(short_stop: Shop) -> None:
    """R080, R084, C15, laws 6, 7, 25: one online payment of the whole pays every section before any other invoice."""
    first, second, alone = short_stop.sections()
    carrier_id, buyer_id = short_stop.world.carrier_id, short_stop.world.buyer.id
    with transaction(acting=carrier_id) as session:
        online.set_provider(
            session, keys=online.ProviderKeys(is_enabled=True, secret_key="sk_1", webhook_secret="wh_1"), stamp=stamp()
        )
    for section in (second, first):
        with transaction(acting=buyer_id) as session:
            payment = online.ask_online(session, invoice_id=UUID(section["id"]), key=new_id(), stamp=now_stamp())
            opened = Opened(ref="pi_1", url="https://pay.example/1")
            payment = online.note_opened(session, payment=payment, opened=opened)
            assert payment.amount_cents == first["total_cents"] + second["total_cents"]
            assert payment.reference == "DMR-2026-000001"
    with transaction(acting=carrier_id) as session:
        paid = GatewayStanding(ref="pi_1", state=GatewayState.PAID, amount_cents=payment.amount_cents, currency="CAD")
        online.agree(session, payment_id=payment.id, standing=paid, stamp=now_stamp())
    with transaction(acting=carrier_id) as session:
        still = open_cents(session, issuer_id=carrier_id, document_ids=[UUID(x["id"]) for x in (first, second, alone)])
    assert list(still.values()) == [0, 0, alone["total_cents"]]
    path = f"/api/v1/accounts/{buyer_id}/statement?first_day=2026-01-01&last_day=2027-12-31"
    statement = asked(short_stop.issuer, path)
    assert statement["closing_cents"] == alone["total_cents"]
    assert {one["number"] for one in (first, second, alone)} < {line["number"] for line in statement["lines"]}
    assert faults(short_stop) == []


CORRUPTED = [
    ("section-differs", "UPDATE invoice SET section = 3, number = 'DMR-2026-000001-3' WHERE section = 2"),
    ("section-differs", "UPDATE invoice SET joined_id = gen_random_uuid() WHERE section = 2"),
    ("section-differs", "UPDATE invoice SET sections = 3 WHERE section > 0"),
    ("section-differs", "UPDATE invoice SET due_on = due_on + 1 WHERE section = 1"),
    ("section-differs", "DELETE FROM invoice WHERE section = 1"),
    ("altered-document", "UPDATE invoice SET joined_id = gen_random_uuid() WHERE section > 0"),
    ("number-differs", "UPDATE invoice SET number = 'DMR-2026-000001' WHERE section = 1"),
    ("missing-number", "UPDATE invoice SET sequence = 3 WHERE section > 0"),
    (
        "wrong-postings",
        (
            "UPDATE posting SET detail = (SELECT s.detail FROM posting s WHERE s.account = 'producer_payable'"
            " AND s.detail <> posting.detail LIMIT 1) WHERE account = 'producer_payable'"
        ),
    ),
]


@pytest.mark.parametrize(("kind", "statement"), CORRUPTED)
def test_whatever_is_touched_of_a_joined_invoice_is_named(
    short_stop: Shop, module_database: Database, kind: str, statement: str
) -> None:
    """Law 2, law 17: a section moved, lost, renamed or posted to another producer is found."""
    engine = create_engine(module_database.superuser_url)
    carrier_id = short_stop.world.carrier_id
    with engine.connect() as connection, Session(connection, info={KEY: carrier_id}) as session:
        session.execute(text("SET session_replication_role = replica"))
        assert session.execute(text(statement)).rowcount
        assert kind in {fault.kind for fault in book_faults(session, issuer_id=carrier_id)}
        session.rollback()
    engine.dispose()
