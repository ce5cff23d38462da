"""What parties are told of proofs, deliveries, invoices, credits, contests, webhooks and invitations."""

from __future__ import annotations

from typing import Final

from server.billing.joined import JoinedInvoice
from server.billing.model import CreditNote, Invoice
from server.core.days import day_text
from server.delivery.contests.model import Contest, ContestState, ContestSubject
from server.delivery.model import Correction, Delivery, Proof
from server.identity.model import Invitation
from server.notifications.model import WebhookEndpoint
from server.notifications.outgoing.links import LINK
from server.notifications.service.telling import News
from server.orders.model import Order
from shared.money import format_money
from shared.problems import Text

_CONTESTED: Final = {
    ContestState.OPEN: Text("ouverte", "opened"),
    ContestState.UPHELD: Text("accueillie", "upheld"),
    ContestState.DISMISSED: Text("rejetée", "dismissed"),
    ContestState.WITHDRAWN: Text("retirée", "withdrawn"),
}


def news_of_proof(proof: Proof, order: Order) -> News:
    """Return what is told of a sealed proof (R018, R026)."""
    return News(
        key=f"proof:{proof.id}",
        kind="proof.sealed",
        subject_id=proof.id,
        title=Text(f"Preuve de livraison, commande {order.number}", f"Proof of delivery, order {order.number}"),
        text=Text(
            f"La preuve signée de la commande {order.number} est prête à consulter.",
            f"The signed proof of order {order.number} is ready.",
        ),
        link=f"/preuves/{proof.id}",
        members={
            "order_id": str(order.id),
            "order_number": order.number,
            "proof_id": str(proof.id),
            "file_sha256": proof.file_sha256,
            "pdf_sha256": proof.pdf_sha256,
        },
    )


def news_of_variance(delivery: Delivery, order: Order) -> News:
    """Return what is told of a delivery that was not as ordered (R022, C14)."""
    return News(
        key=f"variance:{delivery.id}",
        kind="delivery.variance",
        subject_id=order.id,
        title=Text(f"Écart de livraison, commande {order.number}", f"Delivery variance, order {order.number}"),
        text=Text(
            f"La commande {order.number} n’a pas été livrée telle que commandée; les quantités sont à la page.",
            f"Order {order.number} was not delivered as ordered; the page shows the quantities.",
        ),
        link=f"/commandes/{order.id}",
        members={
            "order_id": str(order.id),
            "order_number": order.number,
            "delivery_id": str(delivery.id),
            "outcome": delivery.outcome.value,
        },
    )


def news_of_correction(delivery: Delivery, correction: Correction, order: Order) -> News:
    """Return what is told of a corrected delivery, and why (R022)."""
    why = f" {correction.reason}" if correction.reason else ""
    return News(
        key=f"correction:{delivery.id}",
        kind="delivery.corrected",
        subject_id=order.id,
        title=Text(f"Livraison corrigée, commande {order.number}", f"Delivery corrected, order {order.number}"),
        text=Text(
            f"La livraison de la commande {order.number} a été corrigée (révision {delivery.revision}).{why}",
            f"The delivery of order {order.number} was corrected (revision {delivery.revision}).{why}",
        ),
        link=f"/commandes/{order.id}",
        members={
            "order_id": str(order.id),
            "order_number": order.number,
            "delivery_id": str(delivery.id),
            "replaces_id": str(correction.replaces_id),
            "revision": delivery.revision,
            "reason": correction.reason,
        },
    )


def news_of_invoice(invoice: Invoice, *, again: str = "") -> News:
    """Return the invitation to an invoice: whose, how much, until when (R073); ``again`` tells a repeated one apart."""
    issuer = issuer_of(invoice)
    due = due_of(invoice)
    fr, en = (format_money(invoice.total_cents, invoice.currency, language) for language in ("fr", "en"))
    return News(
        key=f"invoice:{invoice.id}{again}",
        kind="invoice.published",
        subject_id=invoice.id,
        title=Text(f"Facture {invoice.number}, {issuer}", f"Invoice {invoice.number}, {issuer}"),
        text=Text(
            f"{issuer}\u00a0: facture {invoice.number} de {fr}, à payer au plus tard le {due.fr}.",
            f"{issuer}: invoice {invoice.number} of {en}, to be paid by {due.en}.",
        ),
        link=f"/factures/{invoice.id}",
        members={"invoice_id": str(invoice.id), "number": invoice.number, "total_cents": invoice.total_cents},
    )


def news_of_joined(joined: JoinedInvoice, *, again: str = "") -> News:
    """Return the invitation to one invoice for several orders (C15); its webhook names each order's section."""
    first, count = joined.first, len(joined.sections)
    issuer, due = issuer_of(first), due_of(first)
    fr, en = (format_money(joined.total_cents, first.currency, language) for language in ("fr", "en"))
    return News(
        key=f"invoice:{joined.id}{again}",
        kind="invoice.published",
        subject_id=joined.id,
        title=Text(f"Facture {joined.number}, {issuer}", f"Invoice {joined.number}, {issuer}"),
        text=Text(
            f"{issuer}\u00a0: facture {joined.number} de {fr} pour {count} commandes, "
            f"à payer au plus tard le {due.fr}.",
            f"{issuer}: invoice {joined.number} of {en} for {count} orders, to be paid by {due.en}.",
        ),
        link=f"/factures/{joined.id}",
        members={
            "joined_id": str(joined.id),
            "invoice_ids": [str(one.id) for one in joined.sections],
            "number": joined.number,
            "total_cents": joined.total_cents,
        },
    )


def news_of_credit(note: CreditNote) -> News:
    """Return what is told of a credit note, and why it was issued."""
    fr, en = (format_money(note.total_cents, note.currency, language) for language in ("fr", "en"))
    issuer = issuer_of(note)
    why = Text(note.reason_fr.removesuffix("."), note.reason_en.removesuffix("."))
    return News(
        key=f"credit:{note.id}",
        kind="credit_note.issued",
        subject_id=note.id,
        title=Text(f"Note de crédit {note.number}, {issuer}", f"Credit note {note.number}, {issuer}"),
        text=Text(
            f"{issuer}\u00a0: note de crédit {note.number} de {fr}. Motif\u00a0: {why.fr}.",
            f"{issuer}: credit note {note.number} of {en}. Reason: {why.en}.",
        ),
        link=f"/credits/{note.id}",
        members={"credit_id": str(note.id), "number": note.number, "total_cents": note.total_cents},
    )


def news_of_contest(found: Contest) -> News:
    """Return what is told of a contest as it stands: opened, decided or withdrawn."""
    of_credit = found.subject is ContestSubject.CREDIT
    what = Text(
        f"{'du crédit' if of_credit else 'de la preuve de la commande'} {found.number}",
        f"of {'credit' if of_credit else 'the proof of order'} {found.number}",
    )
    said = _CONTESTED[found.state]
    return News(
        key=f"contest:{found.id}:{found.state}",
        kind=f"contest.{found.state}",
        subject_id=found.subject_id,
        title=Text(f"Contestation {what.fr} {said.fr}", f"Contest {what.en} {said.en}"),
        text=Text(found.decision or found.reason, found.decision or found.reason),
        link=f"/{'credits' if of_credit else 'preuves'}/{found.subject_id}",
        members={
            "contest_id": str(found.id),
            "subject": found.subject.value,
            "subject_id": str(found.subject_id),
            "state": found.state.value,
        },
    )


def news_of_suspension(one: WebhookEndpoint) -> News:
    """Return what is told of a suspended webhook; the news goes by the other ways."""
    return News(
        key=f"webhook:{one.id}:{one.suspended_at.isoformat() if one.suspended_at else ''}",
        kind="webhook.suspended",
        subject_id=one.id,
        title=Text("Webhook suspendu", "Webhook suspended"),
        text=Text(
            f"Trois appels de suite ne sont pas arrivés à {one.url}. Les suivants attendent.",
            f"Three calls in a row did not arrive at {one.url}. The next ones wait.",
        ),
        link=f"/webhooks/{one.id}",
        calls_out=False,
    )


def issuer_of(document: Invoice | CreditNote) -> str:
    """Return the name of a document's issuer, as it is printed there."""
    return str(document.parties_text["issuer"]["name"])


def due_of(invoice: Invoice) -> Text:
    """Return the day until which a published invoice is to be paid, in both languages."""
    if invoice.due_on is None:
        raise ValueError(f"invoice {invoice.id} is not published")
    return day_text(invoice.due_on)


def invitation_words(one: Invitation) -> tuple[Text, Text]:
    """Return subject and body of an invitation; its link is put in while it is sent."""
    days = (one.expires_at - one.made_at).days
    subject = Text(f"Invitation\u00a0: {one.organisation_name}", f"Invitation: {one.organisation_name}")
    body = Text(
        f"{one.inviter_name} vous invite à rejoindre {one.organisation_name} sur Tournée.\n\n{LINK}\n\n"
        f"Ce lien sert une fois, pendant {days} jours. Si vous n’attendiez rien, ignorez ce courriel.\n",
        f"{one.inviter_name} invites you to join {one.organisation_name} on Tournée.\n\n{LINK}\n\n"
        f"This link works once, for {days} days. If you expected nothing, ignore this e-mail.\n",
    )
    return subject, body
