"""What credits left of the invoices: of no tax less than nothing, and nothing once no unit is left."""

from __future__ import annotations

from server.rehearsal.ground import Rows


def overcredited(rows: Rows) -> list[str]:
    """Return the taxes of invoices of which more was given back than was charged, or less than all with the goods."""
    found = rows.all(
        "WITH moved AS (SELECT invoice_id, quantity, taxes::jsonb, deposit_taxes::jsonb, 1 AS sign FROM invoice_line"
        " UNION ALL SELECT n.invoice_id, c.quantity, c.taxes::jsonb, c.deposit_taxes::jsonb, -1 FROM credit_line c"
        " JOIN credit_note n ON n.id = c.credit_note_id"
        " WHERE n.invoice_id IS NOT NULL AND n.state IN ('proposed', 'issued')),"
        " units AS (SELECT invoice_id, sum(sign * quantity) AS units FROM moved GROUP BY 1),"
        " taxes AS (SELECT invoice_id, t.key AS code, sum(sign * t.value::bigint) AS cents FROM moved, LATERAL (SELECT"
        " * FROM jsonb_each_text(taxes) UNION ALL SELECT * FROM jsonb_each_text(deposit_taxes)) t GROUP BY 1, 2)"
        " SELECT invoice_id::text, code, cents::bigint, units::bigint FROM taxes JOIN units USING (invoice_id)"
        " WHERE cents < 0 OR (units = 0 AND cents <> 0) ORDER BY 1, 2"
    )
    return [
        f"of invoice {invoice} {cents} of {code} are left beside {units} units" for invoice, code, cents, units in found
    ]
