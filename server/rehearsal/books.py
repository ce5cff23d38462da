"""What the office's books say at the end of a day, read past the fences and in the model's own words."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from server.core.blobs import blob_store
from server.rehearsal.ground import Rows
from server.rehearsal.oracle_said import World
from shared.problems import Problem

type Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """An event as the office holds it."""

    device: str
    seq: int
    hash: str
    outcome: str
    received_at: Any


def read_world(rows: Rows) -> World:
    """Return what events may speak about, as the present database has it."""
    stops: dict[str, tuple[str, set[str]]] = {}
    for stop, run, order in rows.all(
        "SELECT s.id, s.run_id, o.order_id FROM stop s JOIN stop_order o ON o.stop_id = s.id"
    ):
        stops.setdefault(str(stop), (str(run), set()))[1].add(str(order))
    return World(
        terms={
            (str(order), digest): (json.loads(goods), json.loads(prices))
            for order, digest, goods, prices in rows.all("SELECT order_id, hash, goods, prices FROM terms")
        },
        stops={stop: (run, frozenset(orders)) for stop, (run, orders) in stops.items()},
        runs=frozenset(str(run) for (run,) in rows.all("SELECT id FROM run")),
        taxed=frozenset(
            (str(owner), code) for owner, code in rows.all("SELECT owner_id, code FROM container_class WHERE taxable")
        ),
        rates=tuple(str(rate) for (rate,) in rows.all("SELECT rate FROM tax_rate ORDER BY code")),
        at_dawn={
            str(order): (json.loads(goods), json.loads(prices))
            for order, goods, prices in rows.all("SELECT order_id, goods, prices FROM morning.terms ORDER BY made_at")
        },
    )


def kept_events(rows: Rows) -> list[Kept]:
    """Return the office's whole log in the order in which it was taken: batches by their time, events by sequence."""
    found = rows.all(
        "SELECT device_id, seq, hash, outcome, received_at FROM device_event ORDER BY received_at, device_id, seq"
    )
    return [Kept(str(device), seq, digest, outcome, at) for device, seq, digest, outcome, at in found]


def deliveries(rows: Rows) -> dict[str, list[dict[str, Row]]]:
    """Return every delivery of each order, line by line, by its revision."""
    found: dict[str, dict[UUID, dict[str, Row]]] = {}
    for order, delivery, line, *counts, photos in rows.all(
        "SELECT d.order_id, d.id, l.order_line_id, l.ordered, l.delivered, l.not_shipped, l.lost, l.returned, l.extra,"
        " l.reason, l.photos FROM delivery d JOIN delivery_line l ON l.delivery_id = d.id ORDER BY d.revision"
    ):
        found.setdefault(str(order), {}).setdefault(delivery, {})[str(line)] = (*counts, tuple(photos))
    return {order: list(made.values()) for order, made in found.items()}


def documents(rows: Rows) -> dict[str, dict[Any, list[Any]]]:
    """Return everything with an amount, by kind and by what it belongs to; a list shows what was made twice."""
    kinds = {
        "invoiced": rows.all(
            "SELECT o.order_id, i.total_cents FROM invoice i JOIN invoice_order o ON o.invoice_id = i.id"
            ' JOIN "order" r ON r.id = o.order_id'
            " WHERE i.number <> '' AND r.supplement_of_id IS NULL AND NOT EXISTS"
            " (SELECT FROM credit_note v WHERE v.invoice_id = i.id AND v.cause_kind = 'void')"
        ),
        "credited": rows.all(
            "SELECT o.order_id, c.state, c.total_cents FROM credit_note c"
            ' JOIN invoice_order o ON o.invoice_id = c.invoice_id JOIN "order" r ON r.id = o.order_id'
            " WHERE c.kind <> 'container_deposit' AND r.supplement_of_id IS NULL AND c.cause_kind <> 'void'"
        ),
        "voided": rows.all(
            "SELECT o.order_id, i.total_cents - coalesce((SELECT sum(c.total_cents) FROM credit_note c"
            " WHERE c.invoice_id = i.id), 0)::bigint, i.total_cents FROM invoice i"
            ' JOIN invoice_order o ON o.invoice_id = i.id JOIN "order" r ON r.id = o.order_id'
            " WHERE r.supplement_of_id IS NULL AND EXISTS"
            " (SELECT FROM credit_note v WHERE v.invoice_id = i.id AND v.cause_kind = 'void' AND v.state = 'issued')"
        ),
        "supplied": rows.all(
            'SELECT supplement_of_id, total_cents FROM "order"'
            " WHERE supplement_of_id IS NOT NULL AND state <> 'cancelled'"
        ),
        "billed_beside": rows.all(
            "SELECT r.supplement_of_id, i.total_cents FROM invoice i JOIN invoice_order o ON o.invoice_id = i.id"
            ' JOIN "order" r ON r.id = o.order_id'
            " WHERE i.number <> '' AND r.supplement_of_id IS NOT NULL AND r.state <> 'cancelled'"
        ),
    }
    at_stops = {
        "returned": rows.all(
            "SELECT v.stop_id, c.container_owner_id, c.class_code, c.quantity"
            " FROM container_return c JOIN visit v ON v.id = c.visit_id ORDER BY c.position"
        ),
        "deposits": rows.all(
            "SELECT v.stop_id, c.owner_id, c.total_cents FROM credit_note c JOIN visit v ON v.id = c.cause_id"
            " WHERE c.cause_kind = 'visit' ORDER BY v.position"
        ),
        "money": rows.all(
            "SELECT v.stop_id, p.owner_id, p.method, p.amount_cents, p.rounding_cents, p.state <> 'failed'"
            " FROM payment p JOIN collection c ON c.id = p.cause_id JOIN visit v ON v.id = c.visit_id"
            " ORDER BY c.position"
        ),
    }
    keyed = {kind: _grouped(found, 1) for kind, found in kinds.items()}
    lengths = {"returned": 3, "deposits": 2, "money": 3}
    return keyed | {kind: _grouped(found, lengths[kind]) for kind, found in at_stops.items()}


def numbered_at_dawn(rows: Rows) -> dict[str, int]:
    """Return what each order's invoice comes to that had its number in the morning."""
    found = rows.all(
        "SELECT o.order_id, i.total_cents FROM morning.invoice i JOIN morning.invoice_order o ON o.invoice_id = i.id"
        " WHERE i.number <> ''"
    )
    return {str(order): cents for order, cents in found}


def uncaused_credits(rows: Rows) -> list[Row]:
    """Return the credit notes that no order's delivery or void, visit's empties or withdrawn overage accounts for."""
    return rows.all(
        "SELECT c.id, c.cause_kind, c.total_cents FROM credit_note c LEFT JOIN invoice i ON i.id = c.invoice_id"
        ' LEFT JOIN invoice_order o ON o.invoice_id = i.id LEFT JOIN "order" r ON r.id = o.order_id'
        " WHERE (CASE WHEN c.kind = 'container_deposit' THEN c.cause_kind = 'visit'"
        " AND EXISTS (SELECT FROM visit v WHERE v.id = c.cause_id)"
        " WHEN r.supplement_of_id IS NULL THEN c.cause_kind IN ('delivery', 'void') AND r.id IS NOT NULL"
        " ELSE r.state = 'cancelled' AND c.state = 'issued' AND c.total_cents = i.total_cents END) IS NOT TRUE"
        " ORDER BY c.id"
    )


def unwithdrawn(rows: Rows) -> list[Row]:
    """Return the invoices of withdrawn overages that were not given back, once and whole."""
    return rows.all(
        "SELECT i.id, i.total_cents, count(c.id) FROM invoice i JOIN invoice_order o ON o.invoice_id = i.id"
        ' JOIN "order" r ON r.id = o.order_id LEFT JOIN credit_note c ON c.invoice_id = i.id'
        " WHERE i.number <> '' AND r.supplement_of_id IS NOT NULL AND r.state = 'cancelled'"
        " GROUP BY i.id HAVING count(c.id) <> 1 ORDER BY i.id"
    )


def notices(rows: Rows) -> dict[str, list[Row]]:
    """Return what the sellers of each order were told of its differences, in the order of the telling."""
    return _grouped(
        rows.all(
            "SELECT n.order_id, n.short_units, n.extra_units FROM variance_notice n JOIN delivery d"
            " ON d.id = n.delivery_id ORDER BY d.revision"
        ),
        1,
    )


def left(rows: Rows) -> dict[str, list[int]]:
    """Return what the invoices of each order come to, less what was credited of goods or is proposed to be."""
    found = rows.all(
        "SELECT o.order_id, sum(x.cents)::bigint FROM (SELECT id, total_cents AS cents FROM invoice WHERE number <> ''"
        " UNION ALL SELECT invoice_id, -total_cents FROM credit_note WHERE kind <> 'container_deposit'"
        " AND state IN ('proposed', 'issued')) x JOIN invoice_order o ON o.invoice_id = x.id GROUP BY o.order_id"
    )
    return _grouped(found, 1)


def given(rows: Rows) -> dict[str, int]:
    """Return what deliveries and their corrections gave back of each order in all: less what was billed again since."""
    found = rows.all(
        "WITH billed AS (SELECT o.order_id, i.id, i.total_cents, row_number() OVER (PARTITION BY o.order_id ORDER BY"
        " i.year, i.sequence) > 1 AS is_again FROM invoice i JOIN invoice_order o ON o.invoice_id = i.id"
        " WHERE i.number <> '' AND NOT EXISTS (SELECT FROM credit_note v WHERE v.invoice_id = i.id"
        " AND v.cause_kind = 'void')) SELECT order_id::text, sum(coalesce((SELECT sum(total_cents) FROM credit_note c"
        " WHERE c.invoice_id = b.id AND c.state = 'issued' AND c.cause_kind = 'delivery'), 0)"
        " - CASE WHEN is_again THEN total_cents ELSE 0 END)::bigint FROM billed b GROUP BY 1"
    )
    return dict(found)


def numbering_gaps(rows: Rows) -> list[Row]:
    """Return the series whose numbers are not one after the other, or whose counter says something else."""
    return rows.all(
        "WITH numbered AS (SELECT owner_id, series, year, sequence FROM invoice WHERE number <> '' UNION ALL"
        " SELECT owner_id, series, year, sequence FROM credit_note WHERE number <> ''), counted AS (SELECT owner_id,"
        " series, year, min(sequence) AS first, max(sequence) AS last, count(*) AS many FROM numbered GROUP BY 1, 2, 3)"
        " SELECT s.owner_id, s.series, s.year FROM number_series s LEFT JOIN counted c USING (owner_id, series, year)"
        " WHERE coalesce(c.first, 1) <> 1 OR coalesce(c.last, 0) <> s.last OR coalesce(c.many, 0) <> s.last"
    )


def unbalanced(rows: Rows) -> list[Row]:
    """Return the journal's entries whose postings do not come to 0."""
    return rows.all("SELECT entry_id FROM posting GROUP BY entry_id HAVING sum(amount_cents) <> 0")


def misposted(rows: Rows) -> list[Row]:
    """Return the numbered documents without exactly one entry of what their customer owes by them, and other entries.

    A document of nothing has nothing to post.

    A row is the document's kind and id, its cents (a credit note's are negative), its entries and what they say.
    """
    return rows.all(
        "WITH numbered AS (SELECT owner_id, 'invoice' AS kind, id, buyer_id, total_cents AS cents FROM invoice"
        " WHERE number <> '' UNION ALL SELECT owner_id, 'credit_note', id, buyer_id, -total_cents FROM credit_note"
        " WHERE number <> ''), posted AS (SELECT e.owner_id, e.document_kind AS kind, e.document_id AS id,"
        " p.customer_id AS buyer_id, count(DISTINCT e.id) AS entries, coalesce(sum(p.amount_cents) FILTER"
        " (WHERE p.account = 'receivable' AND p.detail = e.document_id::text), 0)::bigint AS cents"
        " FROM journal_entry e JOIN posting p ON p.entry_id = e.id"
        " WHERE e.document_kind IN ('invoice', 'credit_note') GROUP BY 1, 2, 3, 4)"
        " SELECT kind, id, n.cents, p.entries, p.cents FROM numbered n FULL JOIN posted p"
        " USING (owner_id, kind, id, buyer_id) WHERE (n.cents IS DISTINCT FROM p.cents OR p.entries <> 1)"
        " AND NOT (n.cents = 0 AND p.entries IS NULL)"
        " ORDER BY kind, id"
    )


def stray_hashes(rows: Rows) -> dict[str, set[str]]:
    """Return the hashes of what is kept beside each tablet's log."""
    found: dict[str, set[str]] = {}
    for device, body in rows.all("SELECT device_id, body FROM stray_push"):
        found.setdefault(str(device), set()).update(event["hash"] for event in json.loads(bytes(body))["events"])
    return found


def received_files(rows: Rows, carrier_id: UUID) -> set[str]:
    """Return the files that count: noted as whole, and whose bytes have their hash."""
    noted = [sha for (sha,) in rows.all("SELECT sha256 FROM attachment WHERE complete_at IS NOT NULL")]
    return {sha for sha in noted if _holds(carrier_id, sha)}


def _holds(carrier_id: UUID, sha256: str) -> bool:
    try:
        return hashlib.sha256(blob_store().get(carrier_id, sha256)).hexdigest() == sha256
    except Problem:
        return False


def _grouped(found: list[Row], length: int) -> dict[Any, list[Any]]:
    grouped: dict[Any, list[Any]] = {}
    for row in found:
        plain = tuple(str(part) if isinstance(part, UUID) else part for part in row)
        key, value = plain[:length], plain[length:]
        grouped.setdefault(key[0] if length == 1 else key, []).append(value[0] if len(value) == 1 else value)
    return grouped


def partial_uploads(store: Path) -> list[Path]:
    """Return the files of which not everything arrived."""
    return [path for path in (store / "uploads").rglob("*") if path.is_file()]
