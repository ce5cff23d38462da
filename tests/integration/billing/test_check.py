"""``tournee ledger check``: sound books pass, and any byte, number or posting that was touched is named."""

from __future__ import annotations

from datetime import date

from click.testing import CliRunner
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.core.acting import KEY
from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.documents.cli import ledger
from server.documents.jobs import render_invoice
from server.documents.model import Document
from server.receivables import service as receivables
from server.receivables.audit import book_faults
from server.receivables.model import PaymentMethod
from shared.ids import new_id
from tests.factories.billing import Counted, publish, short_day
from tests.factories.world import AGENT, CREDIT, make_order, make_world, stamp


def a_day_of_books():
    """Two issuers, one of them an agent: invoices, a credit, a void and a payment."""
    world = make_world([CREDIT, AGENT])
    order_ids = [make_order(world, cases=2, kegs=1) for _ in range(3)]
    for order_id in order_ids:
        publish(world, order_id)
    publish(world, make_order(world, seller=world.sellers[1]))
    short_day(world, order_ids[0], {1: Counted(1, lost=1)})
    short_day(world, order_ids[1], {1: Counted(0, returned=2), 2: Counted(0, returned=1)})
    with transaction(acting=world.seller.id) as session:
        receivables.record_payment(
            session,
            issuer_id=world.seller.id,
            paid=receivables.NewPayment(
                buyer_id=world.buyer.id,
                method=PaymentMethod.INTERAC,
                amount_cents=10_000,
                received_on=date(2026, 11, 18),
            ),
            key=new_id(),
            stamp=stamp(),
        )
    return world


def found_after(database, issuer_id, statements) -> set[str]:
    """The faults that the walk names when these statements, which only a superuser can run, are in force."""
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection, Session(connection, info={KEY: issuer_id}) as session:
        session.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            assert session.execute(text(statement)).rowcount, statement
        faults = {fault.kind for fault in book_faults(session, issuer_id=issuer_id)}
        session.rollback()
    engine.dispose()
    return faults


def as_superuser(database, *statements):
    engine = create_engine(database.superuser_url)
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount, statement
    engine.dispose()


def test_sound_books_pass(database):
    """The command says how many books hold and ends with 0."""
    a_day_of_books()
    answer = CliRunner().invoke(ledger, ["check"])
    assert answer.exit_code == 0
    assert answer.output.startswith("4 livres justes · books hold  (base · database: ")


TOUCHED = [
    ("altered-document", ["UPDATE invoice SET due_on = due_on + 1 WHERE number = 'BR1-2026-000002'"]),
    ("altered-document", ["UPDATE invoice SET footer_fr = footer_fr || ' ' WHERE number = 'BR1-2026-000002'"]),
    (
        "altered-document",
        ["UPDATE invoice SET parties_text = jsonb_set(parties_text, '{buyer,name}', '\"X\"') WHERE sequence = 3"],
    ),
    ("billing-differs", ["UPDATE \"order\" SET billing_state = 'uninvoiced' WHERE billing_state = 'settled'"]),
    ("billing-differs", ["UPDATE \"order\" SET billing_state = 'settled' WHERE billing_state = 'uninvoiced'"]),
    ("altered-document", ["UPDATE invoice_line SET description_fr = 'X' WHERE position = 1"]),
    ("altered-document", ["UPDATE invoice_line SET unit_price = unit_price + 0.0001 WHERE position = 2"]),
    ("altered-document", ["UPDATE credit_note SET reason_fr = 'X' WHERE number = 'BR1-NC-2026-000001'"]),
    ("altered-document", ["UPDATE credit_line SET reason = 'X' WHERE position = 1"]),
    (
        "altered-document",
        ["UPDATE invoice SET hash = set_byte(hash, 3, get_byte(hash, 3) # 1) WHERE number = 'BR1-2026-000001'"],
    ),
    ("broken-chain", ["UPDATE invoice SET prev_hash = hash WHERE number = 'BR1-2026-000002'"]),
    ("missing-number", ["UPDATE invoice SET sequence = 9 WHERE number = 'BR1-2026-000003'"]),
    ("number-differs", ["UPDATE invoice SET number = 'BR1-2026-000009' WHERE number = 'BR1-2026-000003'"]),
    ("state-differs", ["UPDATE invoice SET state = 'dropped' WHERE number = 'BR1-2026-000003'"]),
    ("missing-number", ["DELETE FROM invoice WHERE number = 'BR1-2026-000002'"]),
    ("counter-differs", ["DELETE FROM invoice WHERE number = 'BR1-2026-000003'"]),
    ("documents-lost", ["DELETE FROM invoice WHERE number LIKE 'BR1-%'"]),
    ("counter-differs", ["UPDATE number_series SET last = last + 1 WHERE series = 'invoice'"]),
    ("wrong-sums", ["UPDATE invoice SET net_cents = net_cents + 1 WHERE number = 'BR1-2026-000001'"]),
    ("wrong-sums", ["UPDATE invoice_line SET deposit_cents = 1 WHERE position = 1"]),
    ("unbalanced-entry", ["UPDATE posting SET amount_cents = amount_cents + 1 WHERE account = 'revenue'"]),
    ("unbalanced-entry", ["DELETE FROM posting WHERE account = 'tax' AND detail = 'gst'"]),
    ("wrong-postings", ["UPDATE posting SET detail = 'xst' WHERE account = 'tax' AND detail = 'gst'"]),
    ("wrong-postings", ["UPDATE posting SET account = 'bank' WHERE account = 'revenue'"]),
    (
        "not-posted",
        [
            "DELETE FROM posting WHERE entry_id IN (SELECT id FROM journal_entry WHERE document_kind = 'invoice')",
            "DELETE FROM journal_entry WHERE document_kind = 'invoice'",
        ],
    ),
    ("wrong-postings", ["UPDATE allocation SET amount_cents = amount_cents + 1"]),
    ("lost-allocation", ["DELETE FROM allocation"]),
    ("wrong-postings", ["UPDATE payment SET amount_cents = amount_cents + 100"]),
    ("no-number", ["UPDATE invoice SET series = NULL, sequence = NULL WHERE number = 'BR1-2026-000003'"]),
    ("credited-too-much", ["UPDATE credit_line SET quantity = quantity + 100"]),
]


def test_what_was_touched_is_found(database):
    """Issue, « tournee ledger check »; laws 1-4, 8, 11, 17: one byte, number or posting changed in a copy is named."""
    world = a_day_of_books()
    unnoticed = [
        (fault, statements)
        for fault, statements in TOUCHED
        if fault not in found_after(database, world.seller.id, statements)
    ]
    assert unnoticed == []


def test_the_command_names_the_first_fault_and_fails(database):
    """Exit code 1, the document's number, and a sentence in both languages."""
    a_day_of_books()
    as_superuser(database, "UPDATE invoice SET due_on = due_on + 1 WHERE number = 'BR1-2026-000002'")
    answer = CliRunner().invoke(ledger, ["check"])
    assert answer.exit_code == 1
    assert "BR1-2026-000002  altered-document" in answer.output
    assert "n’est plus ce qui fut publié" in answer.output
    assert "is not what was published" in answer.output


def test_a_tenant_cannot_list_the_others(database):
    """Only the schema's owner counts the organisations; the product's role sees its own and its partners'."""
    world = a_day_of_books()
    with transaction(acting=new_id()) as session:
        assert session.execute(text("SELECT count(*) FROM organisation")).scalar_one() == 0
    with transaction(acting=world.buyer.id) as session:
        assert session.execute(text("SELECT count(*) FROM organisation")).scalar_one() > 0


def test_a_byte_of_an_issued_pdf_is_found(database):
    """Laws 2, 31: the papers of what was issued are read again; one changed byte or a lost file is named."""
    world = a_day_of_books()
    with transaction(acting=world.seller.id) as session:
        invoice_id = session.scalars(select(Invoice.id).where(Invoice.number == "BR1-2026-000001")).one()
    render_invoice(owner_id=str(world.seller.id), subject_id=str(invoice_id))
    assert CliRunner().invoke(ledger, ["check"]).exit_code == 0
    with transaction(acting=world.seller.id) as session:
        paper = session.scalars(select(Document).where(Document.subject_id == invoice_id)).one()
    path = blob_store()._path(world.seller.id, paper.sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    answer = CliRunner().invoke(ledger, ["check"])
    assert (answer.exit_code, "altered-paper" in answer.output) == (1, True)
    path.unlink()
    assert CliRunner().invoke(ledger, ["check"]).exit_code == 1
