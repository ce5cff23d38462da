"""A delivery that was not as first told: the office corrects it the next morning, and everything follows."""

from __future__ import annotations

import io

from pypdf import PdfReader

from tests.factories.world import CREDIT
from tests.scenarios.stories import live_day, recounted, told_documents

SHORT = {"position": 1, "outcome": "short", "lines": {"#0": {"lost": 2, "reason": "breakage"}}}
ONE_CASE_CENTS = 4250 + 213 + 424 + 240  # 42.50 $, its share of the invoice's GST and QST, 24 cans of 0.10 $
PDF_TEXT = b"%PDF-"


def test_two_broken_cases_that_were_only_one_and_the_supplier_sees_both_counts(open_office) -> None:
    """R022-R024, R026, law 19: a case is billed again, a new proof shows both counts, the supplier reads why."""
    office = open_office([CREDIT])
    order_id = office.order()
    told = told_documents(live_day(office, SHORT))
    supplier = office.program_of(office.world.seller)
    (invoice,), (credit,) = supplier.invoices(), supplier.credits()
    assert told["credit_note"] == credit.total_cents
    feed = supplier.get("/proofs")
    corrected = recounted(office, order_id, 3, "Une caisse retrouvée intacte")
    whole, again = supplier.invoices()
    assert (whole.id, again.supplements_id, bool(again.number)) == (invoice.id, invoice.id, True)
    assert [(one.kind, one.total_cents) for one in corrected.documents] == [("invoice", again.total_cents)]
    assert credit.total_cents - again.total_cents == ONE_CASE_CENTS  # as if it had been told at once
    (said,) = (one for one in supplier.all("/inbox") if one.kind == "delivery.corrected")
    assert "Une caisse retrouvée intacte" in said.text_fr
    first, second = supplier.proofs()
    assert [(one.revision, one.superseded_by) for one in (first, second)] == [(1, second.id), (2, None)]
    since = supplier.get("/proofs", cursor=feed.cursor).proofs
    assert {one.id for one in since} == {first.id, second.id}  # the first comes again in the feed
    verified = supplier.verified(second)
    assert verified.order.lines[0].lost == 2
    line, (statement,) = verified.order.lines[0].line_id, verified.contents.office.corrections
    assert (statement.source, statement.reason) == ("office", "Une caisse retrouvée intacte")
    assert [(one.line_id, one.before.delivered, one.after.delivered) for one in statement.changes] == [(line, 2, 3)]
    assert verified.counted[line].delivered == 3
    text = text_of(supplier.file(second.pdf.href))
    assert "Une caisse retrouvée intacte" in text
    assert "2 → 3" in text


def text_of(pdf: bytes) -> str:
    """Return the words of a paper on one line."""
    assert pdf.startswith(PDF_TEXT)
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
