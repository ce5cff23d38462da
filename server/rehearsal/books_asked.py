"""What the office's books ask a dispatcher, in the model's words."""

from __future__ import annotations

from collections.abc import Iterator

from server.rehearsal.ground import Rows
from server.rehearsal.oracle_asked import Question
from server.rehearsal.verdict import Verdict


def questions(rows: Rows) -> list[Question]:
    """Return every question about a second visit, a clock, what came late, changed or is not billed, decided or not."""
    found = rows.all(
        "SELECT kind, subject_id, NULL FROM discrepancy WHERE kind IN ('clock_skew', 'after_closing')"
        " UNION ALL SELECT q.kind, d.order_id, v.event_id::text FROM discrepancy q"
        " JOIN delivery d ON d.id = q.subject_id JOIN visit v ON v.id = q.against_id WHERE q.kind = 'two_deliveries'"
        " UNION ALL SELECT q.kind, q.stop_id, v.event_id::text FROM discrepancy q"
        " JOIN visit v ON v.id = q.against_id WHERE q.kind = 'two_visits'"
        " UNION ALL SELECT q.kind, d.order_id, CASE WHEN q.kind IN ('invoice_voided', 'line_struck_out')"
        " THEN d.revision::text END"
        " FROM discrepancy q JOIN delivery d ON d.id = q.subject_id"
        " WHERE q.kind IN ('invoice_voided', 'line_struck_out', 'newer_invoice', 'newer_credit', 'settlement_refused',"
        " 'order_changed')"
    )
    return [(kind, str(about), str(event or "")) for kind, about, event in found]


def judge_questions(verdict: Verdict, rows: Rows, wanted: set[Question]) -> None:
    """Hold what is asked to what the model would ask, once each."""
    found = questions(rows)
    verdict.lost += [f"nobody is asked about {one}" for one in sorted(wanted - set(found))]
    verdict.out_of_order += [f"somebody is asked about {one}, without need" for one in sorted(set(found) - wanted)]
    verdict.doubled += [f"somebody is asked twice about {one}" for one in sorted(set(found)) if found.count(one) > 1]


def unasked(rows: Rows) -> Iterator[str]:
    """Yield the orders that are billed otherwise than their last word was signed, and about which nobody is asked.

    What waited for an approval was shown without an amount; what the office says, nobody signs.
    """
    differing = rows.all(
        "WITH last AS (SELECT DISTINCT ON (order_id) * FROM delivery ORDER BY order_id, revision DESC), billed AS"
        " (SELECT o.order_id, i.total_cents - coalesce((SELECT sum(c.total_cents) FROM credit_note c"
        " WHERE c.invoice_id = i.id AND c.state = 'issued'), 0) AS cents FROM invoice i"
        " JOIN invoice_order o ON o.invoice_id = i.id WHERE i.number <> '')"
        " SELECT order_id::text, shown_total_cents - shown_credit_cents, billed_cents FROM (SELECT last.*,"
        " coalesce((SELECT sum(cents) FROM billed WHERE billed.order_id = last.order_id), 0)::bigint AS billed_cents"
        " FROM last WHERE shown IN ('invoice', 'credit')) signed"
        " WHERE shown_total_cents - shown_credit_cents <> billed_cents AND NOT EXISTS (SELECT FROM discrepancy q"
        " JOIN delivery d ON d.id = q.subject_id WHERE d.order_id = signed.order_id AND (q.kind IN ('invoice_voided',"
        " 'newer_invoice', 'newer_credit', 'settlement_refused') OR q.kind = 'amount_differs' AND d.id = signed.id))"
        " ORDER BY 1"
    )
    for order, signed, billed in differing:
        yield f"order {order} was signed at {signed} and is billed {billed}, and nobody is asked"
