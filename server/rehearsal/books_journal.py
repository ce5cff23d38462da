"""The journal held against what it posts: each document and payment on its own accounts, what is open, and of whom.

Written from the table of the ledger (docs/receivables.md) and the laws of the books, with nothing of the product's. On
a rehearsed day nobody banks, refunds or writes off: money of a truck stays in transit, and pays nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Final

from server.rehearsal.books import Row
from server.rehearsal.ground import Rows
from server.rehearsal.oracle_money import rounded, split
from server.rehearsal.oracle_said import Expected

type Sides = dict[tuple[str, str], int]
"""Cents by account and detail; no side of 0."""
type Entries = Mapping[tuple[str, str], Mapping[str, Sides]]
"""What is posted of each document, by its kind and id, then by customer."""

_EARNED: Final = frozenset({"revenue", "producer_payable", "agent_fee"})


@dataclass(frozen=True, slots=True)
class Paper:
    """A numbered document: its amounts as it says them, a credit note's negative, and whose goods it is about.

    ``invoice`` is the invoice itself, or the one that a note credits; ``fee_bp`` what its issuer keeps of the net where
    it bills for the seller, by their agreement of the morning.
    """

    kind: str
    id: str
    buyer: str
    net: int
    total: int
    taxes: Mapping[str, int]
    deposits: Mapping[str, int]
    invoice: str
    seller: str
    fee_bp: int | None

    @property
    def is_sum(self) -> bool:
        """Whether its total is its net, taxes and deposits."""
        return self.total == self.net + sum(self.taxes.values()) + sum(self.deposits.values())

    @property
    def sides(self) -> Sides:
        """What its entry says, whoever earns the net."""
        said = {("receivable", self.id): self.total, ("net", ""): -self.net}
        said |= {("tax", code): -cents for code, cents in self.taxes.items()}
        said |= {("container_deposits", one): -cents for one, cents in self.deposits.items()}
        return {side: cents for side, cents in sorted(said.items()) if cents}


def journal_faults(rows: Rows) -> Iterator[str]:
    """Yield in words where the journal says otherwise than the documents, payments and allocations that it posts."""
    papers, entries = _papers(rows), _entries(rows)
    for paper in papers:
        yield from _misplaced(paper, entries.get((paper.kind, paper.id), {}))
    for invoice, of_one in groupby(papers, key=lambda paper: paper.invoice):
        yield from _misearned(list(of_one), entries) if invoice else ()
    yield from (f"payment {row[0]} is posted as {row[1:]}" for row in mispaid(rows))
    yield from (f"{row[0]} {row[1]} is open for {row[3]}, not {row[2]}" for row in misopened(rows))
    yield from (f"allocation {row[0]} joins two accounts" for row in strange_allocations(rows))


def _misplaced(paper: Paper, posted: Mapping[str, Sides]) -> Iterator[str]:
    """Yield where a document is posted otherwise than it says, or on somebody else's account. Laws 1 and 3."""
    if set(posted) - {paper.buyer}:
        yield f"{paper.kind} {paper.id} is posted for {sorted(posted)}, not {paper.buyer}"
    found = _summed((("net", "") if side[0] in _EARNED else side, cents) for side, cents in _all(posted))
    if found != paper.sides or not paper.is_sum:
        yield f"{paper.kind} {paper.id} is posted as {found}, not {paper.sides}"


def _misearned(papers: Sequence[Paper], entries: Entries) -> Iterator[str]:
    """Yield where the net that is left of one invoice, after each of its credits, is another's than it should be.

    Who bills for a producer keeps its basis points of that net, to the nearest cent, and owes the producer the rest;
    anybody else's net is its own revenue. Law 34, and law 19: what is credited and what was never billed earn the same.
    """
    for count, paper in enumerate(papers, start=1):
        net = sum(one.net for one in papers[:count])
        posted = (side for one in papers[:count] for side in _all(entries.get((one.kind, one.id), {})))
        earned = _summed((side, -cents) for side, cents in posted if side[0] in _EARNED)
        fee = rounded(Fraction(net * (paper.fee_bp or 0), 10_000))
        shares = [(("producer_payable", paper.seller), net - fee), (("agent_fee", paper.seller), fee)]
        wanted = _summed([(("revenue", ""), net)] if paper.fee_bp is None else shares)
        if earned != wanted:
            yield f"{paper.kind} {paper.id} leaves {earned} earned, not {wanted}"


def _all(posted: Mapping[str, Sides]) -> Iterator[tuple[tuple[str, str], int]]:
    return (side for sides in posted.values() for side in sides.items())


def _summed(sides: Iterator[tuple[tuple[str, str], int]] | Sequence[tuple[tuple[str, str], int]]) -> Sides:
    found: Sides = {}
    for side, cents in sides:
        found[side] = found.get(side, 0) + cents
    return {side: cents for side, cents in sorted(found.items()) if cents}


def _papers(rows: Rows) -> list[Paper]:
    """Return every numbered document, each invoice before its credits, these by their numbers."""
    found = rows.all(
        "WITH numbered AS (SELECT 'invoice' AS kind, id, owner_id, buyer_id, 1 AS sign, net_cents, total_cents, taxes,"
        " id AS invoice_id, 0 AS place FROM invoice WHERE number <> '' UNION ALL SELECT 'credit_note', id, owner_id,"
        " buyer_id, -1, net_cents, total_cents, taxes, invoice_id, sequence FROM credit_note WHERE number <> ''),"
        " deposited AS (SELECT i.id, l.deposits -> 0 ->> 'class_id' AS class, l.deposit_cents AS cents FROM invoice i"
        " JOIN invoice_line l ON l.invoice_id = i.id AND l.revision = i.revision UNION ALL"
        " SELECT credit_note_id, container_class_id::text, deposit_cents FROM credit_line)"
        " SELECT n.kind, n.id::text, n.buyer_id::text, n.sign * n.net_cents, n.sign * n.total_cents,"
        " coalesce((SELECT jsonb_object_agg(t ->> 'code', n.sign * (t ->> 'amount_cents')::bigint)"
        " FROM jsonb_array_elements(n.taxes) t), '{}'), coalesce((SELECT jsonb_object_agg(class, n.sign * cents)"
        " FROM (SELECT coalesce(class, '') AS class, sum(cents)::bigint AS cents FROM deposited d WHERE d.id = n.id"
        " AND cents <> 0 GROUP BY 1) x), '{}'), coalesce(n.invoice_id::text, ''), coalesce(r.owner_id::text, ''),"
        " a.agent_fee_bp FROM numbered n LEFT JOIN invoice_order o ON o.invoice_id = n.invoice_id"
        ' LEFT JOIN "order" r ON r.id = o.order_id LEFT JOIN morning.agreement a ON a.owner_id = r.owner_id'
        " AND a.billing_agent_id = n.owner_id ORDER BY n.invoice_id, n.kind DESC, n.place"
    )
    return [Paper(*row) for row in found]


def _entries(rows: Rows) -> Entries:
    found: dict[tuple[str, str], dict[str, Sides]] = {}
    for kind, document, customer, account, detail, cents in rows.all(
        "SELECT e.document_kind, e.document_id::text, coalesce(p.customer_id::text, ''), p.account, p.detail,"
        " sum(p.amount_cents)::bigint FROM journal_entry e JOIN posting p ON p.entry_id = e.id"
        " WHERE e.document_kind IN ('invoice', 'credit_note') GROUP BY 1, 2, 3, 4, 5"
    ):
        found.setdefault((kind, document), {}).setdefault(customer, {})[account, detail] = cents
    return found


def missplit(rows: Rows, expected: Expected) -> Iterator[str]:
    """Yield the bills and credits of which another part than the model's is net, deposit or a tax.

    Of an order that was corrected, the overage alone is known part by part.
    """
    found = rows.all(
        "WITH paper AS (SELECT id AS invoice_id, 'invoiced' AS kind, net_cents, deposit_cents, taxes FROM invoice"
        " WHERE number <> '' UNION ALL SELECT invoice_id, 'credited', net_cents, deposit_cents, taxes FROM credit_note"
        " WHERE kind <> 'container_deposit'), voided AS (SELECT invoice_id FROM credit_note WHERE cause_kind = 'void')"
        " SELECT CASE WHEN r.supplement_of_id IS NULL THEN p.kind ELSE 'billed_beside' END,"
        " coalesce(r.supplement_of_id, r.id)::text, p.net_cents, p.deposit_cents, coalesce((SELECT jsonb_object_agg("
        "t ->> 'code', t -> 'amount_cents') FROM jsonb_array_elements(p.taxes) t WHERE t ->> 'amount_cents' <> '0'),"
        " '{}') FROM paper p JOIN invoice_order o USING (invoice_id) JOIN \"order\" r ON r.id = o.order_id"
        " WHERE (r.supplement_of_id IS NULL AND p.invoice_id NOT IN (SELECT invoice_id FROM voided))"
        " OR (r.supplement_of_id IS NOT NULL AND p.kind = 'invoiced' AND r.state <> 'cancelled') ORDER BY 2, 1"
    )
    for kind, order, *parts in found:
        if order in getattr(expected, kind) and (kind == "billed_beside" or order not in expected.left):
            wanted = split(expected.bills[kind, order])
            if tuple(parts) != wanted:
                yield f"{kind} {order} is split as {parts}, not {wanted}"


def mispaid(rows: Rows) -> list[Row]:
    """Return the payments that are not in the journal as they came, once, or not taken back, once, where they failed.

    A row is the payment, what it adds to what is in transit, to its customer's credit, to the rounding of cash and to
    everything else, and its entries.

    Source: the table of the ledger; C29, T7; laws 13 and 15.
    """
    return rows.all(
        "WITH came AS (SELECT owner_id, id, buyer_id, CASE state WHEN 'failed' THEN 0 ELSE amount_cents END AS amount,"
        " CASE state WHEN 'failed' THEN 0 ELSE rounding_cents END AS rounding,"
        " CASE state WHEN 'failed' THEN 2 ELSE 1 END AS entries FROM payment),"
        " posted AS (SELECT e.owner_id, e.document_id AS id, p.customer_id AS buyer_id, coalesce(sum(amount_cents)"
        " FILTER (WHERE account = 'in_transit' AND detail = e.document_id::text), 0)::bigint AS transit,"
        " coalesce(sum(amount_cents) FILTER (WHERE account = 'customer_credit' AND detail = e.document_id::text), 0)"
        "::bigint AS credit, coalesce(sum(amount_cents) FILTER (WHERE account = 'cash_rounding'), 0)::bigint"
        " AS rounded, sum(amount_cents)::bigint AS rest, count(DISTINCT e.document_kind) AS kinds,"
        " count(DISTINCT e.id) AS entries FROM journal_entry e JOIN posting p ON p.entry_id = e.id"
        " WHERE e.document_kind IN ('payment', 'payment_failed', 'payment_banked') GROUP BY 1, 2, 3)"
        " SELECT id::text, transit, credit, rounded, rest, p.entries FROM came c FULL JOIN posted p"
        " USING (owner_id, id, buyer_id) WHERE (transit, credit, rounded, rest, p.entries) IS DISTINCT FROM"
        " (amount + rounding, -amount, -rounding, 0, c.entries) OR p.entries <> kinds ORDER BY id"
    )


def misopened(rows: Rows) -> list[Row]:
    """Return the documents and payments open for something else than their cents less what is set against them.

    An invoice is open for its total at most, a note and money for minus theirs, and nothing beyond 0; nothing is open
    that has no document, and nothing of somebody else. A row has what should be open, and what is.

    Source: laws 6, 7, 11 and 13.
    """
    return rows.all(
        "WITH paper AS (SELECT owner_id, 'receivable' AS account, id, buyer_id, total_cents AS cents FROM invoice"
        " WHERE number <> '' UNION ALL SELECT owner_id, 'receivable', id, buyer_id, -total_cents FROM credit_note"
        " WHERE number <> '' UNION ALL SELECT owner_id, 'customer_credit', id, buyer_id, CASE state WHEN 'failed'"
        " THEN 0 ELSE -amount_cents END FROM payment),"
        " moved AS (SELECT owner_id, invoice_id AS id, -amount_cents AS cents FROM allocation UNION ALL"
        " SELECT owner_id, source_id, amount_cents FROM allocation),"
        " wanted AS (SELECT owner_id, account, buyer_id, id::text AS detail, p.cents, p.cents + coalesce((SELECT"
        " sum(m.cents) FROM moved m WHERE m.owner_id = p.owner_id AND m.id = p.id), 0)::bigint AS left_cents"
        " FROM paper p), posted AS (SELECT owner_id, account, customer_id AS buyer_id, detail,"
        " sum(amount_cents)::bigint AS open_cents FROM posting"
        " WHERE account IN ('receivable', 'customer_credit') GROUP BY 1, 2, 3, 4)"
        " SELECT account, detail, left_cents, open_cents FROM wanted w FULL JOIN posted p"
        " USING (owner_id, account, buyer_id, detail) WHERE coalesce(left_cents, 0) <> coalesce(open_cents, 0)"
        " OR coalesce(open_cents, 0) NOT BETWEEN least(cents, 0) AND greatest(cents, 0) ORDER BY 1, 2"
    )


def strange_allocations(rows: Rows) -> list[Row]:
    """Return the allocations whose source and invoice are not of one issuer and one buyer. Law 7."""
    return rows.all(
        "SELECT a.id FROM allocation a LEFT JOIN invoice i ON i.id = a.invoice_id LEFT JOIN (SELECT id, owner_id,"
        " buyer_id FROM credit_note WHERE number <> '' UNION ALL SELECT id, owner_id, buyer_id FROM payment) s"
        " ON s.id = a.source_id WHERE (a.owner_id = i.owner_id AND a.owner_id = s.owner_id AND i.buyer_id = s.buyer_id)"
        " IS NOT TRUE ORDER BY a.id"
    )
