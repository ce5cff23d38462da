"""A joined invoice's totals: each section's own, which unfold as its invoice's do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.explaining.invoices import TOTAL, Naming, explain_invoice
from server.billing.explaining.papers import from_invoice
from server.billing.explaining.steps import Explanation, Step, summed
from server.billing.joined import joined_invoice
from server.billing.model import Invoice
from shared.problems import Text

OPEN = Text("Solde", "Open")


def explain_joined(session: Session, *, joined_id: UUID, naming: Naming | None = None) -> Explanation:
    """Return how one agent invoice's total, and what is open of it, are the sums of its sections'.

    Raises:
        NotFound: there is none, or parts of it are somebody else's.

    Source: C15; T1 to T8; the issue's « why this number ».
    """
    joined = joined_invoice(session, joined_id=joined_id)
    explained = [(one, explain_invoice(session, invoice_id=one.id, naming=naming)) for one in joined.sections]
    totals = [summed(TOTAL, [_named(one, why.totals[0]) for one, why in explained])]
    if not joined.is_provisional:
        totals.append(summed(OPEN, [_named(one, why.totals[-1]) for one, why in explained]))
    totals += _sums([(one, why.totals[0]) for one, why in explained])
    sources = {source.id: source for _one, why in explained for source in why.sources}
    return Explanation(currency=joined.first.currency, totals=totals, sources=list(sources.values()))


def _sums(sections: Sequence[tuple[Invoice, Step]]) -> list[Step]:
    """Return subtotal, each tax and deposits over all sections, as the whole invoice shows them."""
    found: dict[Text, list[Step]] = {}
    for one, total in sections:
        for part in total.parts:
            found.setdefault(part.label, []).append(_named(one, part))
    return [summed(label, parts) for label, parts in found.items()]


def _named(invoice: Invoice, step: Step) -> Step:
    """Return a section's step under the section's number, which leads to its page."""
    name = invoice.number or invoice.reference
    text = Text(f"Section {name}", f"Section {name}")
    return replace(step, label=text, source=from_invoice(invoice, text))
