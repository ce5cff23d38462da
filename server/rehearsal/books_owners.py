"""Whose rows are: each is its owner's and its readers', as its order's agreement says, and nobody else's (G10)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from server.core.transaction import transaction
from server.rehearsal.ground import Rows

type Circle = frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Parties:
    """Who has to do with an order: the goods of its terms name three, the order whoever represents its seller."""

    seller: UUID
    buyer: UUID
    issuer: UUID
    agent: UUID | None
    carrier: UUID

    @property
    def named(self) -> Circle:
        """Return everybody who may read of its delivery and its documents."""
        everybody = (self.seller, self.buyer, self.issuer, self.agent, self.carrier)
        return frozenset(one for one in everybody if one is not None)


def parties(rows: Rows) -> dict[UUID, Parties]:
    """Return the parties of each order that has terms."""
    found = rows.all(
        'SELECT t.order_id, t.owner_id, o.agent_id, t.goods FROM terms t JOIN "order" o ON o.id = t.order_id'
        " ORDER BY t.made_at, t.id"
    )
    named: dict[UUID, Parties] = {}
    for order, carrier, agent, goods in found:
        said = json.loads(bytes(goods))
        seller, buyer, issuer = (UUID(said[f"{one}_id"]) for one in ("seller", "buyer", "issuer"))
        named[order] = Parties(seller, buyer, issuer, agent, carrier)
    return named


def strangers_rows(rows: Rows) -> Iterator[str]:
    """Yield the rows of an order that stand under another name than the agreement's."""
    known = parties(rows)
    yield from _deliveries(rows, known)
    yield from _billed(rows, known)
    yield from _at_the_door(rows, known)


def _deliveries(rows: Rows, known: Mapping[UUID, Parties]) -> Iterator[str]:
    """What was accepted is the carrier's; seller, buyer, issuer and agent of the order read it, and all its parts."""
    for delivery, order, owner, readers, *named in rows.all(
        "SELECT id, order_id, owner_id, party_ids, seller_id, buyer_id, issuer_id FROM delivery ORDER BY id"
    ):
        of = known[order]
        if named != [of.seller, of.buyer, of.issuer] or owner != of.carrier or set(readers) != of.named - {of.carrier}:
            yield f"delivery {delivery} is {owner}’s, {readers} read it, and its parties are {named}, not {of}"
    for kind, row in rows.all(
        "SELECT x.kind, x.id FROM (SELECT 'line' AS kind, id, delivery_id, owner_id, party_ids FROM delivery_line"
        " UNION ALL SELECT 'correction', id, delivery_id, owner_id, party_ids FROM correction"
        " UNION ALL SELECT 'notice', id, delivery_id, owner_id, party_ids FROM variance_notice) x"
        " JOIN delivery d ON d.id = x.delivery_id WHERE (x.owner_id, x.party_ids) <> (d.owner_id, d.party_ids)"
        " ORDER BY x.id"
    ):
        yield f"{kind} {row} is not its delivery’s owner’s and readers’"
    for notice, order, seller in rows.all("SELECT id, order_id, seller_id FROM variance_notice ORDER BY id"):
        if seller != known[order].seller:
            yield f"notice {notice} is told to {seller}, not to the seller {known[order].seller}"


def _billed(rows: Rows, known: Mapping[UUID, Parties]) -> Iterator[str]:
    """An invoice and its credits are their issuer's, for the buyer; whoever has to do with the order reads them."""
    for kind, document, order, owner, buyer, sellers, readers in rows.all(
        "SELECT x.kind, x.id, coalesce(r.supplement_of_id, r.id), x.owner_id, x.buyer_id, x.seller_ids, x.party_ids"
        " FROM (SELECT 'invoice' AS kind, id, id AS invoice_id, owner_id, buyer_id, seller_ids, party_ids FROM invoice"
        " UNION ALL SELECT 'credit', id, invoice_id, owner_id, buyer_id, seller_ids, party_ids FROM credit_note) x"
        ' JOIN invoice_order o ON o.invoice_id = x.invoice_id JOIN "order" r ON r.id = o.order_id ORDER BY x.id'
    ):
        of = known[order]
        is_theirs = (owner, buyer, sellers) == (of.issuer, of.buyer, [of.seller])
        if not is_theirs or set(readers) != of.named - {of.issuer}:
            yield f"{kind} {document} is {owner}’s for {buyer} by {sellers}, {readers} read it, not {of}"


def _at_the_door(rows: Rows, known: Mapping[UUID, Parties]) -> Iterator[str]:
    """Empties that are credited and money that is taken are of the customer of the stop."""
    for kind, document, buyer, order in rows.all(
        "SELECT x.kind, x.id, x.buyer_id, s.order_id FROM (SELECT 'credit' AS kind, id, buyer_id, cause_id AS visit_id"
        " FROM credit_note WHERE cause_kind = 'visit' UNION ALL SELECT 'payment', p.id, p.buyer_id, c.visit_id"
        " FROM payment p JOIN collection c ON c.id = p.cause_id) x JOIN visit v ON v.id = x.visit_id"
        " JOIN stop_order s ON s.stop_id = v.stop_id ORDER BY x.id, s.order_id"
    ):
        if buyer != known[order].buyer:
            yield f"{kind} {document} is of {buyer}, not of the customer {known[order].buyer}"


_OF_AN_ORDER: Final = text(
    'SELECT (SELECT count(*) FROM delivery WHERE order_id = :one), (SELECT count(*) FROM "order" WHERE id = :one'
    " OR supplement_of_id = :one) + (SELECT count(*) FROM order_line WHERE order_id = :one)"
    " + (SELECT count(*) FROM order_entry WHERE order_id = :one) + (SELECT count(*) FROM terms WHERE order_id = :one)"
    " + (SELECT count(*) FROM delivery_line l JOIN delivery d ON d.id = l.delivery_id WHERE d.order_id = :one)"
    " + (SELECT count(*) FROM delivery_line WHERE order_line_id = ANY(:lines))"
    " + (SELECT count(*) FROM correction WHERE order_id = :one)"
    " + (SELECT count(*) FROM variance_notice WHERE order_id = :one)"
    " + (SELECT count(*) FROM invoice_order WHERE order_id = :one)"
    " + (SELECT count(*) FROM invoice_line WHERE order_id = :one)"
    " + (SELECT count(*) FROM invoice WHERE id = ANY(:bills))"
    " + (SELECT count(*) FROM credit_note WHERE invoice_id = ANY(:bills))"
)


def read_by_others(rows: Rows) -> Iterator[str]:
    """Yield what another supplier reads of one delivered order of the day, best one of the same stop, or its own not.

    Asked through the fences as whoever works there asks.
    """
    known = parties(rows)
    delivered = [order for (order,) in rows.all("SELECT DISTINCT order_id FROM delivery ORDER BY 1")]
    beside = {
        order: sorted(others)
        for order, others in rows.all(
            "SELECT a.order_id, array_agg(b.order_id) FROM stop_order a JOIN stop_order b ON b.stop_id = a.stop_id"
            " WHERE a.order_id <> b.order_id GROUP BY a.order_id"
        )
    }
    for order in sorted(delivered, key=lambda one: (one not in beside, one))[:1]:
        of, others = known[order], [*beside.get(order, ()), *sorted(known)]
        stranger = next(known[one].seller for one in others if known[one].seller not in of.named)
        (made,) = rows.all("SELECT count(*) FROM delivery WHERE order_id = %s", order)
        told, rest = _count_as(rows, stranger, order)
        if told or rest:
            yield f"supplier {stranger} reads {told} deliveries and {rest} rows of order {order} of {of.seller}"
        told, rest = _count_as(rows, of.seller, order)
        if told != made[0] or not rest:
            yield f"seller {of.seller} reads {told} of {made[0]} deliveries and {rest} rows of its order {order}"


def _count_as(rows: Rows, reader: UUID, order: UUID) -> tuple[int, int]:
    """Return how many deliveries and other rows of an order one organisation reads; it knows what to ask for."""
    lines = [line for (line,) in rows.all("SELECT id FROM order_line WHERE order_id = %s", order)]
    bills = [bill for (bill,) in rows.all("SELECT invoice_id FROM invoice_order WHERE order_id = %s", order)]
    with transaction(reader) as session:
        told, rest = session.execute(_OF_AN_ORDER, {"one": order, "lines": lines, "bills": bills}).one()
        return int(told), int(rest)
