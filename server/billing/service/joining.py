"""One agent invoice for the orders of a stop: which invoices go together, and which section each becomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from server.billing.model import CreditNote, Invoice
from server.orders.model import Order
from server.parties.model import BillingType

MAX_SECTIONS: Final = 50
MAX_LINES: Final = 900
"""What one document holds; a stop with more has several, so that its paper can always be printed."""


def joins_at(order: Order, place_id: UUID | None) -> UUID | None:
    """Return what the orders of a stop or visit share that go on one invoice; None for an order that has its own.

    Only the billing agent joins, and only what has one issuer, buyer, place, currency and term: whoever pays a
    document pays it to one account, by one day.

    Source: C15, C28.
    """
    if place_id is None or not order.one_invoice_a_stop or order.billing_type is not BillingType.AGENT:
        return None
    alike = (order.issuer_id, order.buyer_id, order.site_id, order.currency, order.net_days)
    return uuid5(place_id, ":".join(map(str, alike)))


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a document stands among those that are published with it: alone, or as a section of a joined one."""

    document: Invoice | CreditNote
    joined_id: UUID | None = None
    section: int = 0
    sections: int = 0


def join(documents: Iterable[Invoice | CreditNote]) -> list[Placed]:
    """Return these documents with their places, sections of one invoice beside each other; none is changed yet.

    One that is alone in the end, because the others were refused or moved, stands alone. Else their order is kept: a
    joined invoice stands where its first section was, and is named by it, so that no later one ever joins it.
    """
    groups: dict[object, list[Invoice | CreditNote]] = {}
    for one in documents:
        groups.setdefault(_group(one), []).append(one)
    return [placed for group in groups.values() for part in _parts(group) for placed in _placed(part)]


def _group(document: Invoice | CreditNote) -> object:
    if isinstance(document, CreditNote) or document.joined_id is None:
        return document.id
    return document.owner_id, document.joined_id, document.tax_on, document.due_on


def _placed(part: Sequence[Invoice | CreditNote]) -> Iterator[Placed]:
    first = part[0]
    if len(part) == 1 or not isinstance(first, Invoice) or first.joined_id is None:
        return (Placed(one) for one in part)
    joined_id = uuid5(first.joined_id, str(first.id))
    return (Placed(one, joined_id, section, len(part)) for section, one in enumerate(part, start=1))


def _parts(group: Sequence[Invoice | CreditNote]) -> Iterator[list[Invoice | CreditNote]]:
    held: list[Invoice | CreditNote] = []
    for one in group:
        if held and (len(held) == MAX_SECTIONS or sum(len(kept.lines) for kept in (*held, one)) > MAX_LINES):
            yield held
            held = []
        held.append(one)
    yield held
