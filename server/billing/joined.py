"""One agent invoice for several orders, read whole: its sections, and what they come to together (C15)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.billing.queries import with_lines
from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from shared.states import InvoiceState


@dataclass(frozen=True, slots=True)
class JoinedInvoice:
    """Every section of one joined invoice with its lines, in their order; one at least.

    Its taxes are the sections' own, each reckoned once for its order (T3), so that every producer gets what an invoice
    of its own would have brought, to the cent.
    """

    id: UUID
    sections: Sequence[Invoice]

    @property
    def first(self) -> Invoice:
        """The section whose issuer, client, dates and terms are those of all."""
        return self.sections[0]

    @property
    def is_provisional(self) -> bool:
        """Whether it still waits for the delivery; it has no number then."""
        return self.first.state is InvoiceState.PROVISIONAL

    @property
    def number(self) -> str:
        """The number that all sections share, empty before publication."""
        return joined_number(self.first)

    @property
    def reference(self) -> str:
        """What a provisional one is called: after its first section, and how many more there are."""
        more = len(self.sections) - 1
        return f"{self.first.reference} +{more}" if more else self.first.reference

    @property
    def net_cents(self) -> int:
        """All nets."""
        return sum(one.net_cents for one in self.sections)

    @property
    def tax_cents(self) -> int:
        """All taxes."""
        return sum(one.tax_cents for one in self.sections)

    @property
    def deposit_cents(self) -> int:
        """All container deposits."""
        return sum(one.deposit_cents for one in self.sections)

    @property
    def total_cents(self) -> int:
        """What the client is asked for."""
        return sum(one.total_cents for one in self.sections)

    @property
    def taxes(self) -> list[dict[str, Any]]:
        """Each tax with the sum of what the sections charge; two rates of one tax stay apart."""
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for row in (row for one in self.sections for row in one.taxes):
            _add(rows.setdefault((row["code"], row["rate"]), row | {"amount_cents": 0, "base_cents": 0}), row)
        return list(rows.values())

    @property
    def readers(self) -> tuple[UUID, ...]:
        """Who reads every section, beside the issuer: its client and carrier, and no seller among others (law 33)."""
        reading = [set(one.party_ids) for one in self.sections]
        return tuple(sorted(set.intersection(*reading) - {self.first.owner_id}))


def joined_invoice(session: Session, *, joined_id: UUID) -> JoinedInvoice:
    """Return a joined invoice that the acting organisation may read whole.

    A seller reads the sections of its own orders one by one, and not what they are joined with; whoever reads them
    all reads the document. Before publication it is its issuer's and its client's.

    Raises:
        NotFound: there is none, or parts of it are somebody else's.

    Source: C15; laws 33, 34.
    """
    found = session.scalars(_of_documents(Invoice.joined_id == joined_id)).all()
    if not _is_whole(found, acting_org(session)):
        raise NotFound(
            Text("Cette facture unique n’existe pas.", "There is no such joined invoice."), where=str(joined_id)
        )
    return JoinedInvoice(joined_id, with_lines(session, found))


def joined_number(invoice: Invoice) -> str:
    """Return the number of the joined invoice that a published one is a section of, empty when it stands alone."""
    return invoice.number.rpartition("-")[0] if invoice.section else ""


def joined_among(session: Session, invoices: Iterable[Invoice]) -> dict[UUID, JoinedInvoice]:
    """Return the joined invoices that some of these are sections of, by their id, for their issuer or carrier.

    One whose published sections it does not all see, or of which a single provisional one is left, is left out.
    """
    wanted = {one.joined_id for one in invoices if one.joined_id is not None}
    groups: dict[UUID, list[Invoice]] = {}
    for one in session.scalars(_of_documents(Invoice.joined_id.in_(wanted))) if wanted else ():
        groups.setdefault(one.joined_id or one.id, []).append(one)
    whole = {key: found for key, found in groups.items() if _is_complete(found)}
    with_lines(session, [one for found in whole.values() for one in found])
    return {key: JoinedInvoice(key, found) for key, found in whole.items()}


def is_joined(session: Session, joined_id: UUID) -> bool:
    """Say whether this names a joined invoice of which the acting organisation reads a section."""
    return session.scalar(select(_of_documents(Invoice.joined_id == joined_id).exists())) or False


def sections_beside(session: Session, invoice: Invoice) -> Sequence[Invoice]:
    """Return every section of a published invoice's document without lines, in their order; itself when it is alone."""
    if not invoice.section:
        return [invoice]
    return session.scalars(_of_documents(Invoice.joined_id == invoice.joined_id)).all()


def _of_documents(which: ColumnElement[bool]) -> Select[Invoice]:
    states = (InvoiceState.PROVISIONAL, InvoiceState.PUBLISHED)
    return (
        select(Invoice)
        .where(which, Invoice.state.in_(states))
        .order_by(Invoice.section, Invoice.created_at, Invoice.id)
    )


def _is_complete(found: Sequence[Invoice]) -> bool:
    return len(found) == found[0].sections if found[0].sections else len(found) > 1


def _is_whole(found: Sequence[Invoice], reader_id: UUID) -> bool:
    if not found:
        return False
    if found[0].state is InvoiceState.PROVISIONAL:
        return reader_id in (found[0].owner_id, found[0].buyer_id)
    return _is_complete(found)


def _add(row: dict[str, Any], more: Mapping[str, Any]) -> None:
    row["amount_cents"] += more["amount_cents"]
    row["base_cents"] += more.get("base_cents", 0)
