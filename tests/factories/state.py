"""The state of an office in the field's own words: ids replaced by natural keys, so that two runs of a day compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row
from sqlalchemy import make_url

from tests.factories.waiting import BOUNDED

type Digest = Mapping[str, list[tuple[Any, ...]]]

_NAMES = """
CREATE TEMP VIEW org AS SELECT id, code FROM organisation;
CREATE TEMP VIEW named AS
  SELECT o.id, CASE WHEN p.id IS NULL THEN s.code || '/' || o.number
                    ELSE s.code || '/' || p.number || '+' END AS name
  FROM "order" o JOIN organisation s ON s.id = o.owner_id LEFT JOIN "order" p ON p.id = o.supplement_of_id;
CREATE TEMP VIEW billed AS
  SELECT i.id, string_agg(n.name, ',' ORDER BY n.name) AS name
  FROM invoice i JOIN invoice_order l ON l.invoice_id = i.id JOIN named n ON n.id = l.order_id GROUP BY i.id;
CREATE TEMP VIEW visited AS
  SELECT v.id, v.event_seq || ' ' || b.code AS name FROM visit v JOIN org b ON b.id = v.buyer_id;
CREATE TEMP VIEW credited AS
  SELECT c.id, c.kind || ' ' || coalesce(billed.name, visited.name, '') AS name
  FROM credit_note c LEFT JOIN billed ON billed.id = c.invoice_id LEFT JOIN visited ON visited.id = c.cause_id;
CREATE TEMP VIEW paper AS
  SELECT id, name FROM named UNION ALL SELECT id, name FROM billed UNION ALL SELECT id, name FROM credited
  UNION ALL SELECT d.id, n.name FROM delivery d JOIN named n ON n.id = d.order_id
  UNION ALL SELECT v.id, n.name FROM variance_notice v JOIN named n ON n.id = v.order_id
  UNION ALL SELECT p.id, n.name FROM proof p JOIN named n ON n.id = p.order_id
  UNION ALL SELECT id, name FROM run;
"""

_PARTS = {
    "runs": "SELECT name, state FROM run",
    "stops": "SELECT s.position, b.code, s.state FROM stop s JOIN org b ON b.id = s.buyer_id",
    "orders": """SELECT n.name, o.state, o.billing_state, o.total_cents, o.supplement_of_id IS NOT NULL
        FROM "order" o JOIN named n ON n.id = o.id""",
    "events": "SELECT seq, type, hash, outcome FROM device_event",
    "visits": """SELECT v.event_seq, b.code, v.outcome, v.failure, v.signer_name, v.signature_sha256 <> '',
        v.delivered_at FROM visit v JOIN org b ON b.id = v.buyer_id""",
    "deliveries": """SELECT n.name, d.revision, d.outcome, d.shown, d.shown_total_cents, d.shown_credit_cents,
        d.shown_supplement_cents FROM delivery d JOIN named n ON n.id = d.order_id""",
    "delivery lines": """SELECT n.name, l.position, l.ordered, l.delivered, l.not_shipped, l.lost, l.returned, l.extra,
        l.reason, cardinality(l.photos)
        FROM delivery_line l JOIN delivery d ON d.id = l.delivery_id JOIN named n ON n.id = d.order_id""",
    "invoices": """SELECT b.name, o.code, i.kind, i.state, i.net_cents, i.tax_cents, i.deposit_cents, i.total_cents,
        i.number <> '' FROM invoice i JOIN billed b ON b.id = i.id JOIN org o ON o.id = i.owner_id""",
    "credits": """SELECT c.name, o.code, n.state, n.net_cents, n.tax_cents, n.deposit_cents, n.total_cents
        FROM credit_note n JOIN credited c ON c.id = n.id JOIN org o ON o.id = n.owner_id""",
    "numbers": """SELECT o.code, series, year, last FROM number_series s JOIN org o ON o.id = s.owner_id""",
    "postings": """SELECT o.code, e.document_kind, p.account, coalesce(c.code, ''), p.amount_cents
        FROM posting p JOIN journal_entry e ON e.id = p.entry_id JOIN org o ON o.id = p.owner_id
        LEFT JOIN org c ON c.id = p.customer_id""",
    "payments": """SELECT o.code, b.code, p.method, p.state, p.amount_cents, p.rounding_cents
        FROM payment p JOIN org o ON o.id = p.owner_id JOIN org b ON b.id = p.buyer_id""",
    "collections": """SELECT v.name, o.code, c.method, c.amount_cents, c.rounding_cents
        FROM collection c JOIN visited v ON v.id = c.visit_id JOIN org o ON o.id = c.issuer_id""",
    "containers": """SELECT v.name, o.code, c.class_code, c.quantity, c.unit_cents
        FROM container_return c JOIN visited v ON v.id = c.visit_id JOIN org o ON o.id = c.container_owner_id""",
    "container entries": """SELECT o.code, h.code, e.quantity
        FROM container_entry e JOIN org o ON o.id = e.owner_id JOIN org h ON h.id = e.holder_id""",
    "stock": """SELECT o.code, m.source, m.target, m.quantity FROM stock_move m JOIN org o ON o.id = m.owner_id""",
    "variances": """SELECT n.name, v.short_units, v.extra_units
        FROM variance_notice v JOIN named n ON n.id = v.order_id""",
    "discrepancies": "SELECT kind, state, text_en FROM discrepancy",
    "proofs": """SELECT n.name, s.code, cardinality(p.missing_attachments)
        FROM proof p JOIN named n ON n.id = p.order_id JOIN org s ON s.id = p.seller_id""",
    "attachments": "SELECT sha256, media_type, size_bytes, complete_at IS NOT NULL FROM attachment",
    "documents": """SELECT DISTINCT p.name, d.kind, d.language FROM document d JOIN paper p ON p.id = d.subject_id""",
    "inbox": "SELECT o.code, m.kind, m.title_en FROM inbox_message m JOIN org o ON o.id = m.owner_id",
    "e-mails": "SELECT recipient, split_part(key, ':', 1), state FROM email_message",
    "facts": """SELECT o.code, f.name, count(*) FROM fact f JOIN org o ON o.id = f.owner_id
        WHERE f.name NOT IN ('documents.made', 'documents.run_rendered', 'sync.bundle_built') GROUP BY 1, 2""",
    "jobs": """SELECT task_name, status::text FROM procrastinate_jobs WHERE status <> 'succeeded'
        AND task_name NOT IN ('delivery.seal_day', 'notifications.send_waiting')  -- have their hour""",
}


def state_digest(superuser_url: str) -> Digest:
    """Return everything that a day leaves, part by part, each in one order; equal digests are equal states."""
    conninfo = make_url(superuser_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, row_factory=tuple_row, **BOUNDED) as connection:
        connection.execute(_NAMES)
        return {part: sorted(connection.execute(query).fetchall(), key=repr) for part, query in _PARTS.items()}


def differences(first: Digest, second: Digest) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
    """Return what only one of two states has, part by part; empty when they are equal."""
    found = {}
    for part in first:
        missing, added = list(first[part]), []
        for row in second[part]:
            if row in missing:
                missing.remove(row)
            else:
                added.append(row)
        if missing or added:
            found[part] = {"missing": missing, "added": added}
    return found


def row_counts(superuser_url: str) -> dict[str, int]:
    """Return how many rows each table of the office has: what is there twice is counted twice."""
    conninfo = make_url(superuser_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, row_factory=tuple_row, **BOUNDED) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        counts = "SELECT count(*) FROM {}"
        return {
            name: connection.execute(sql.SQL(counts).format(sql.Identifier(name))).fetchone()[0] for (name,) in tables
        }
