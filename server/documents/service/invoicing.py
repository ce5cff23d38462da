"""The papers of an invoice: its own, and the joined invoice of which it is a section (C15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing import queries as billing
from server.billing.joined import JoinedInvoice, joined_among
from server.billing.model import Invoice
from server.documents import queries
from server.documents.drafting.joined import draft_joined_invoice
from server.documents.drafting.money import draft_invoice, issued_at
from server.documents.model import DocumentKind
from server.documents.queries import RunSubject
from server.documents.service.drafts import Draft, language_of, qr_of
from shared.codes import PaperKind
from shared.lifecycles import InvoiceState
from shared.problems import Text


def draft_invoice_papers(session: Session, invoice_id: UUID) -> tuple[Draft, ...]:
    """Return an invoice as it was frozen, or its provisional revision, with the joined invoice that it begins (C15)."""
    invoice = billing.invoice(session, invoice_id=invoice_id)
    containers = queries.containers(session)
    joined = joined_among(session, [invoice]).values() if invoice.section == 1 else ()
    return (
        _as_invoice_draft(invoice, containers, run_id=None),
        *(_as_joined_draft(one, containers, run_id=None) for one in joined),
    )


def invoice_drafts_of(invoice: Invoice, subject: RunSubject, before: set[UUID]) -> Iterator[Draft]:
    """Yield an order's invoice; of a joined one its section, and the whole with the first section of the stop."""
    draft = _as_invoice_draft(invoice, subject.containers, run_id=subject.run.id)
    whole = subject.joined.get(invoice.joined_id) if invoice.joined_id else None
    if whole is None:
        yield draft
        return
    yield replace(draft, is_packed=False)
    if whole.id not in before:
        before.add(whole.id)
        yield _as_joined_draft(whole, subject.containers, run_id=subject.run.id)


def _as_joined_draft(joined: JoinedInvoice, containers: Mapping[str, Text], *, run_id: UUID | None) -> Draft:
    """Whoever reads every section reads the whole: the client, never one seller among others (law 33)."""
    first = joined.first
    language = language_of(first.parties_text["buyer"].get("language", "fr"))
    return Draft(
        paper=draft_joined_invoice(
            joined,
            prepared_on=first.issued_on or first.created_at.date(),
            qr=qr_of(PaperKind.INVOICE, joined.id),
            language=language,
            containers=containers,
        ),
        kind=DocumentKind.PROVISIONAL_INVOICE if joined.is_provisional else DocumentKind.INVOICE,
        owner_id=first.owner_id,
        readers=joined.readers,
        subject_id=joined.id,
        name=f"{joined.number or joined.reference}.pdf",
        language=language,
        at=max(issued_at(one) for one in joined.sections),
        run_id=run_id or first.run_id,
    )


def _as_invoice_draft(invoice: Invoice, containers: Mapping[str, Text], *, run_id: UUID | None) -> Draft:
    is_provisional = invoice.state is InvoiceState.PROVISIONAL
    orders = invoice.parties_text.get("orders", ())
    at, language = issued_at(invoice), language_of(invoice.parties_text["buyer"].get("language", "fr"))
    paper = draft_invoice(
        invoice,
        prepared_on=invoice.issued_on or invoice.created_at.date(),
        qr=qr_of(PaperKind.INVOICE, invoice.id),
        language=language,
        delivered_on=None if is_provisional or invoice.takes_back_id else invoice.tax_on,
        containers=containers,
    )
    return Draft(
        paper=paper,
        kind=DocumentKind.PROVISIONAL_INVOICE if is_provisional else DocumentKind.INVOICE,
        owner_id=invoice.owner_id,
        readers=tuple(invoice.party_ids),
        subject_id=invoice.id,
        name=f"{invoice.number or invoice.reference}.pdf",
        language=language,
        at=at,
        order_id=UUID(orders[0]["id"]) if len(orders) == 1 else None,
        run_id=run_id or invoice.run_id,
    )
