"""Numbers without gaps, dates that never go back, a chain that holds, documents that never change."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from server.billing import service as billing
from server.billing.model import CreditNote, Invoice, InvoiceLine
from server.core.acting import savepoint
from server.core.transaction import transaction
from server.identity.model import OrganisationKind
from server.orders import queries as orders
from server.receivables.audit import book_faults
from shared.money import half_up
from shared.sealing import GENESIS
from tests.factories.billing import make_provisional, publish, read_invoice, void
from tests.factories.order_doors import answered
from tests.factories.web import Organisation, application, make_member, program_of
from tests.factories.world import ADJUST, AGENT, Deal, make_order, make_world, stamp


class Changed(Exception):
    """A publication that is rolled back on purpose."""


def together(work, inputs) -> list:
    """Do the work for each input at the same time; the first failure is raised."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(work, inputs))


def numbered(issuer_id) -> list[Invoice]:
    with transaction(acting=issuer_id) as session:
        invoices = session.scalars(
            select(Invoice).where(Invoice.owner_id == issuer_id).order_by(Invoice.year, Invoice.sequence)
        ).all()
        session.expunge_all()
        return list(invoices)


def faults(issuer_id) -> list[str]:
    with transaction(acting=issuer_id) as session:
        return [fault.kind for fault in book_faults(session, issuer_id=issuer_id)]


def test_eight_at_once_with_rollbacks_leave_no_gap(database):
    """Law 17: 8 threads publish on one series, each third attempt rolled back; numbers are 1..n, the chain holds."""
    world = make_world([ADJUST])
    order_ids = [make_order(world, cases=1, kegs=0) for _ in range(24)]

    def work(seed):
        chance = random.Random(seed)
        for order_id in order_ids[seed::8]:
            while not _published(world, order_id, fails=chance.random() < 0.34):
                pass

    together(work, range(8))
    invoices = numbered(world.seller.id)
    assert [one.sequence for one in invoices] == list(range(1, 25))
    assert [one.prev_hash for one in invoices] == [GENESIS, *(one.hash for one in invoices[:-1])]
    assert faults(world.seller.id) == []


def _published(world, order_id, *, fails):
    try:
        with transaction(acting=world.carrier_id) as session:
            order = orders.order(session, order_id=order_id)
            billing.publish_for_order(session, order=order, stamp=stamp())
            billing.publish_pending(session, stamp=stamp())
            _fail_if(fails)
    except Changed:
        return False
    return True


def _fail_if(fails):
    if fails:
        raise Changed


def test_two_issuers_published_crosswise_do_not_deadlock(database):
    """Design of numbers: counters are locked in ascending (issuer, series), whatever the order of the deliveries."""
    world = make_world([ADJUST, ADJUST])
    pairs = [[make_order(world, seller=seller, cases=1, kegs=0) for seller in world.sellers] for _ in range(8)]

    def work(mine):
        for order_ids in mine:
            with transaction(acting=world.carrier_id) as session:
                for order_id in order_ids:
                    order = orders.order(session, order_id=order_id)
                    billing.publish_for_order(session, order=order, stamp=stamp())
                billing.publish_pending(session, stamp=stamp())

    together(work, [pairs[:4], [pair[::-1] for pair in pairs[4:]]])
    assert [len(numbered(seller.id)) for seller in world.sellers] == [8, 8]


def test_from_the_31st_of_december_to_the_2nd_of_january(database):
    """Numbers start again with the year in the issuer's zone; a clock that is behind never dates a document back."""
    world = make_world([ADJUST])
    moments = [
        datetime(2026, 12, 31, 23, tzinfo=UTC),  # 18:00 in Montréal
        datetime(2027, 1, 1, 4, 59, tzinfo=UTC),  # still the 31st there
        datetime(2027, 1, 1, 5, 0, tzinfo=UTC),  # midnight
        datetime(2027, 1, 1, 4, 30, tzinfo=UTC),  # a server whose clock is behind
        datetime(2027, 1, 2, 15, tzinfo=UTC),
    ]
    ids = [publish(world, make_order(world, cases=1, kegs=0), at=at) for at in moments]
    invoices = [read_invoice(invoice_id, acting=world.seller.id) for invoice_id in ids]
    assert [one.number for one in invoices] == [
        "BR1-2026-000001",
        "BR1-2026-000002",
        "BR1-2027-000001",
        "BR1-2027-000002",
        "BR1-2027-000003",
    ]
    assert [one.issued_on for one in invoices] == [
        date(2026, 12, 31),
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 1),
        date(2027, 1, 2),
    ]
    assert invoices[2].prev_hash == invoices[1].hash
    assert faults(world.seller.id) == []


def test_a_new_year_is_opened_once_by_many(database):
    """Eight who publish at midnight open one counter for the year, and nobody numbers in the old one after it."""
    world = make_world([ADJUST])
    publish(world, make_order(world, cases=1, kegs=0), at=datetime(2026, 12, 31, 20, tzinfo=UTC))
    order_ids = [make_order(world, cases=1, kegs=0) for _ in range(8)]
    old, new = datetime(2027, 1, 1, 4, 59, tzinfo=UTC), datetime(2027, 1, 1, 5, 1, tzinfo=UTC)
    moments = dict(zip(order_ids, [old, new] * 4, strict=True))
    together(lambda order_id: publish(world, order_id, at=moments[order_id]), order_ids)
    assert len(numbered(world.seller.id)) == 9
    assert faults(world.seller.id) == []


def test_two_issuers_go_into_a_new_year_crosswise(database):
    """Law 17: transactions of several issuers around midnight close and open counters without waiting in a circle."""
    world = make_world([ADJUST, ADJUST])
    pairs = [[make_order(world, seller=seller, cases=1, kegs=0) for seller in world.sellers] for _ in range(8)]
    old, new = datetime(2027, 1, 1, 4, 59, tzinfo=UTC), datetime(2027, 1, 1, 5, 1, tzinfo=UTC)

    def work(numbered_pair):
        number, order_ids = numbered_pair
        at = stamp(new if number % 2 else old)
        with transaction(acting=world.carrier_id) as session:
            billing.publish_orders(session, order_ids=order_ids, stamp=at)

    together(work, enumerate(pairs))
    for seller in world.sellers:
        assert len(numbered(seller.id)) == 8
        assert faults(seller.id) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoice SET total_cents = total_cents + 1 WHERE state = 'published'",
        "DELETE FROM invoice WHERE state = 'published'",
        "UPDATE invoice_line SET net_cents = 0",
        "DELETE FROM invoice_line",
        "UPDATE credit_note SET reason_fr = 'autre' WHERE state = 'issued'",
        "DELETE FROM credit_note WHERE state = 'issued'",
        "UPDATE credit_line SET quantity = 0",
        "UPDATE posting SET amount_cents = amount_cents + 1",
        "DELETE FROM posting",
        "UPDATE journal_entry SET posted_on = '2020-01-01'",
        "DELETE FROM allocation",
    ],
)
def test_the_database_refuses_to_change_what_is_issued(database, change):
    """Law 2: issued documents, their lines, postings and allocations are written once."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    publish(world, order_id)
    void(order_id, acting=world.seller.id)
    with pytest.raises(DBAPIError, match=r"written once|is final"), transaction(acting=world.seller.id) as session:
        session.execute(text(change))


def test_drafts_and_provisional_invoices_have_no_number(database):
    """Law 18, C1: a provisional invoice has a reference, no number, no posting, and is not in the books."""
    world = make_world([ADJUST])
    invoice = read_invoice(make_provisional(world, make_order(world)), acting=world.seller.id)
    assert (invoice.number, invoice.sequence, invoice.issued_on, invoice.hash) == ("", None, None, None)
    assert invoice.reference.startswith("P-BR1-")
    assert faults(world.seller.id) == []


def test_asking_again_gives_the_same_number(database):
    """R042, R014: a retried or simultaneous command finds the one final invoice of the order."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    first = publish(world, order_id)
    assert publish(world, order_id) == first
    assert make_provisional(world, order_id) == first
    assert len(numbered(world.seller.id)) == 1


def test_two_documents_downloaded_at_once_make_one_invoice(database):
    """R014, R042: simultaneous downloads of one order's papers end with one provisional invoice."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    made = together(lambda _: make_provisional(world, order_id), range(6))
    assert len(set(made)) == 1


def test_a_failed_savepoint_takes_its_publication_back(database):
    """Architecture: what a savepoint undoes is not numbered; the rest of the batch is."""
    world = make_world([ADJUST])
    kept, undone = (make_order(world, cases=1, kegs=0) for _ in range(2))
    with transaction(acting=world.carrier_id) as session:
        billing.publish_for_order(session, order=orders.order(session, order_id=kept), stamp=stamp())
        with pytest.raises(Changed):
            _publish_in_vain(session, undone)
        billing.publish_pending(session, stamp=stamp())
    assert len(numbered(world.seller.id)) == 1
    assert publish(world, undone) is not None


def _publish_in_vain(session, order_id):
    with savepoint(session):
        billing.publish_for_order(session, order=orders.order(session, order_id=order_id), stamp=stamp())
        raise Changed


def test_a_transaction_that_forgets_to_publish_does_not_commit(database):
    """A document without number is never stored as if it were published."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    with pytest.raises(billing.Unpublished), transaction(acting=world.carrier_id) as session:
        billing.publish_for_order(session, order=orders.order(session, order_id=order_id), stamp=stamp())
    assert numbered(world.seller.id) == []


def test_an_external_order_is_never_invoiced_here(database):
    """R007: no trigger and no person makes a platform invoice of an order that is billed outside."""
    world = make_world([Deal(billing_type="external")])
    order_id = make_order(world)
    with pytest.raises(billing.BilledOutside) as refused:
        publish(world, order_id)
    assert refused.value.status == 409
    with pytest.raises(billing.BilledOutside):
        make_provisional(world, order_id)


def test_an_unregistered_issuer_charges_no_tax(database):
    """Design: a seller may be unregistered; its invoice has no tax lines and needs no number for them."""
    world = make_world([Deal(registered=False)])
    invoice = read_invoice(publish(world, make_order(world)), acting=world.seller.id)
    assert (invoice.taxes, invoice.tax_cents) == ([], 0)


def test_a_tax_without_registration_is_refused(database):
    """Section 4, « tax numbers present »: the registration ended before the tax date, so nothing is published."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    with transaction(acting=world.seller.id) as session:
        session.execute(text("UPDATE tax_registration SET valid_until = '2026-11-18'"))
    with pytest.raises(billing.MissingRegistration) as refused:
        publish(world, order_id)
    assert "TPS" in refused.value.detail.fr or "TVQ" in refused.value.detail.fr
    assert numbered(world.seller.id) == []


def test_the_due_date_is_fixed_at_publication(database):
    """R074-R076, C10: before the delivery it counts from the planned day, at sync from the real one."""
    world = make_world([ADJUST])
    planned = read_invoice(publish(world, make_order(world, planned_on=date(2026, 11, 26))), acting=world.seller.id)
    unknown = read_invoice(publish(world, make_order(world, planned_on=None)), acting=world.seller.id)
    assert planned.due_on == date(2026, 12, 26)
    assert unknown.due_on == date(2026, 12, 18)


def test_the_supplier_and_the_buyer_read_an_agents_invoice(database):
    """R011: the agent's invoice is the distributor's; the supplier reads it and cannot change it."""
    world = make_world([AGENT])
    invoice_id = publish(world, make_order(world))
    for reader in (world.seller.id, world.buyer.id):
        assert read_invoice(invoice_id, acting=reader).number == "DMR-2026-000001"
    with transaction(acting=world.seller.id) as session:
        assert session.execute(text("UPDATE invoice_order SET live_final = false")).rowcount == 0


def test_footer_and_registrations_are_frozen_with_the_document(database):
    """R006: what is printed is what stood on the day of publication."""
    world = make_world([ADJUST])
    invoice_id = publish(world, make_order(world))
    with transaction(acting=world.seller.id) as session:
        session.execute(text("UPDATE organisation SET name = 'Autre', footer_fr = 'Autre' WHERE code = 'BR1'"))
        assert session.execute(text("UPDATE tax_registration SET number = 'Autre'")).rowcount
    invoice = read_invoice(invoice_id, acting=world.seller.id)
    issuer = invoice.parties_text["issuer"]
    assert issuer["name"] == "Brasserie 1"
    assert invoice.footer_fr.startswith("Payer par virement Interac")
    numbers = {one["code"]: one["number"] for one in issuer["registrations"]}
    assert numbers == {"gst": "123452220 RT0001", "qst": "1012342220 TQ0001"}


def rated(document: Invoice | CreditNote) -> list[tuple[str, int]]:
    return [(row["rate"], row["amount_cents"]) for row in document.taxes]


def rounded_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything that rounds money cut off what is below the cent instead."""
    rounding = [one for one in list(sys.modules.values()) if getattr(one, "half_up", None) is half_up]
    for module in rounding:
        monkeypatch.setattr(module, "half_up", int)


def test_changing_rates_or_rounding_changes_no_old_document(database, monkeypatch) -> None:
    """Law 35, T6, T8: with other rates and another rounding, what was published reads as it did.

    Its credit gives back its own tax, and the books hold; the next invoice has the new rates and the new rounding.
    """
    world = make_world([ADJUST])
    old, order_id = (make_order(world, cases=2, kegs=0) for _ in range(2))
    invoice_id = publish(world, old)
    path, rates = f"/api/v1/invoices/{invoice_id}", [("0.05", 425), ("0.09975", 848)]
    seller = program_of(application(), make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))
    before = answered(seller.get(path))
    rounded_otherwise(monkeypatch)
    with create_engine(database.superuser_url).begin() as connection:
        assert connection.execute(text("UPDATE tax_rate SET rate = rate + 0.01")).rowcount
    assert answered(seller.get(path)) == before
    assert rated(read_invoice(invoice_id, acting=world.seller.id)) == rates
    assert rated(read_invoice(publish(world, order_id), acting=world.seller.id)) == [("0.06", 510), ("0.10975", 932)]
    note = answered(seller.post(f"{path}/void", json={"reason": "erreur"}))
    with transaction(acting=world.seller.id) as session:
        credit = session.get_one(CreditNote, UUID(note["id"]))
        assert (rated(credit), credit.total_cents) == (rates, before["total_cents"])
    with transaction(acting=world.seller.id) as session:
        assert list(book_faults(session, issuer_id=world.seller.id)) == []


def test_a_published_line_sums_to_its_document(database):
    """Laws 3 and 4: total = nets + taxes + deposits; the lines' shares sum to each tax."""
    world = make_world([ADJUST])
    invoice_id = publish(world, make_order(world, cases=7, kegs=3))
    invoice = read_invoice(invoice_id, acting=world.seller.id)
    assert invoice.total_cents == invoice.net_cents + invoice.tax_cents + invoice.deposit_cents
    for row in invoice.taxes:
        shares = sum(line.taxes.get(row["code"], 0) + line.deposit_taxes.get(row["code"], 0) for line in invoice.lines)
        assert shares == row["amount_cents"]
    assert isinstance(invoice.lines[0], InvoiceLine)


def test_credit_notes_have_a_series_of_their_own(database):
    """A credit note is numbered apart from the invoices, from 1, and chained apart."""
    world = make_world([ADJUST])
    for _ in range(2):
        order_id = make_order(world, cases=1, kegs=0)
        publish(world, order_id)
        void(order_id, acting=world.seller.id)
    with transaction(acting=world.seller.id) as session:
        notes = session.scalars(select(CreditNote).order_by(CreditNote.sequence)).all()
        assert [one.number for one in notes] == ["BR1-NC-2026-000001", "BR1-NC-2026-000002"]
        assert notes[0].prev_hash == GENESIS
