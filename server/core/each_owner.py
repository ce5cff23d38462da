"""Functions that do one thing for many owners in one statement, acting for each in turn.

They spare a round trip for each owner and nothing else: inside, every step is fenced as if the session acted for that
owner, who must be one for whom the caller may act. Each step looks anew, so that it sees what was committed while a
lock was waited for. Afterwards the session acts for whom it did before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION {signature} LANGUAGE plpgsql AS
$$ DECLARE former text := current_setting('tournee.acting'); {declared}
BEGIN
  FOR turn IN 1 .. cardinality(owners) LOOP
    PERFORM set_config('tournee.acting', owners[turn]::text, true);
    {step}
  END LOOP;
  PERFORM set_config('tournee.acting', former, true);
END $$
"""


def as_array(ids: Iterable[UUID]) -> str:
    """Return the text of an array of ids."""
    return f"{{{','.join(map(str, ids))}}}"


def each_owner_statements() -> Iterator[str]:
    """Yield the DDL of the functions.

    ``fact_heads`` locks each owner's chain of facts until the transaction ends and returns where it ends now;
    ``write_facts`` writes each one's new facts, which come as one list of lists.

    ``latest_counters`` locks the latest counter of each issuer's series, in the order given, up to the first that is
    missing or closed: whoever opens another one locks what is left behind it, so that the order of locks is the same
    for all. ``own_cards`` and ``own_registrations`` return what each organisation prints of itself.

    ``lock_orders`` locks each seller's orders until the transaction ends. ``own_covered`` returns which orders each
    issuer's invoices cover, ``own_waiting`` which issuers hold a credit that waits for one of their buyers,
    ``own_depots`` which sellers keep goods at a carrier's depot. Lists of one owner's ids travel as the text of an
    array.
    """
    yield _function(
        "lock_orders(owners uuid[], mine text[]) RETURNS void",
        """PERFORM id FROM "order" WHERE id = ANY (mine[turn]::uuid[]) ORDER BY id FOR UPDATE;""",
    )
    yield _function(
        "own_depots(owners uuid[], keeper uuid) RETURNS SETOF uuid",
        "RETURN QUERY SELECT owners[turn] WHERE EXISTS (SELECT FROM stock_move WHERE owner_id = owners[turn]",
        "  AND target_keeper_id = keeper AND target = 'warehouse');",
    )
    yield _function(
        "own_covered(owners uuid[], invoices text[]) RETURNS TABLE (invoice uuid, covered uuid)",
        "RETURN QUERY SELECT invoice_id, order_id FROM invoice_order WHERE invoice_id = ANY (invoices[turn]::uuid[]);",
    )
    yield _function(
        "own_waiting(owners uuid[], buyers text[]) RETURNS SETOF uuid",
        "RETURN QUERY SELECT owners[turn] WHERE EXISTS (SELECT FROM credit_note AS note",
        "  WHERE owner_id = owners[turn] AND buyer_id = ANY (buyers[turn]::uuid[]) AND state = 'issued'",
        "  AND 0 > (SELECT sum(amount_cents) FROM posting WHERE owner_id = owners[turn]",
        "  AND account IN ('receivable', 'customer_credit') AND detail = note.id::text));",
    )
    yield _function(
        "fact_heads(owners uuid[]) RETURNS TABLE (owner uuid, head_position bigint, head_hash bytea)",
        "PERFORM pg_advisory_xact_lock(hashtextextended('fact:' || owners[turn]::text, 0));",
        "RETURN QUERY SELECT owner_id, position, hash FROM fact WHERE owner_id = owners[turn]"
        " ORDER BY position DESC LIMIT 1;",
    )
    yield _function(
        "write_facts(owners uuid[], written json) RETURNS void",
        "INSERT INTO fact SELECT * FROM json_populate_recordset(NULL::fact, mine[turn]);",
        declared="mine json[] := ARRAY(SELECT json_array_elements(written));",
    )
    yield _function(
        "latest_counters(owners uuid[], series_of text[]) RETURNS SETOF number_series",
        "SELECT * INTO latest FROM number_series WHERE owner_id = owners[turn] AND series = series_of[turn]"
        " ORDER BY year DESC LIMIT 1 FOR UPDATE;",
        "EXIT WHEN NOT FOUND;",
        "RETURN NEXT latest;",
        "EXIT WHEN extract(year FROM latest.last_issued_on) <> latest.year;",
        declared="latest number_series;",
    )
    yield _function(
        "own_cards(owners uuid[]) RETURNS SETOF organisation",
        "RETURN QUERY SELECT * FROM organisation WHERE id = owners[turn];",
    )
    yield _function(
        "own_registrations(owners uuid[], day date) RETURNS SETOF tax_registration",
        "RETURN QUERY SELECT * FROM tax_registration WHERE owner_id = owners[turn] AND valid_from <= day"
        " AND (valid_until IS NULL OR valid_until >= day) ORDER BY tax_code, valid_from;",
    )


def _function(signature: str, *step: str, declared: str = "") -> str:
    return _FUNCTION.format(signature=signature, step="\n    ".join(step), declared=declared)
