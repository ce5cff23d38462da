"""What is told of invoices, their reminders, credit notes, and what is written in an account's chat."""

from __future__ import annotations

from typing import Final

from server.billing import events as billing
from server.notifications.following.lines import Line, Part, Rows
from server.receivables.events import REMINDER_DUE
from shared.problems import Text

INVITATIONS: Final = (
    Line(
        to=(Part.BUYER,), kind="invoice.published", when=("alone",), own=True,
        title=Text("Facture {number}, {issuer}", "Invoice {number}, {issuer}"),
        text=Text(
            "{issuer}\u00a0: facture {number} de {amount}, à payer au plus tard le {due}.",
            "{issuer}: invoice {number} of {amount}, to be paid by {due}.",
        ),
    ),
    Line(
        to=(Part.BUYER,), kind="invoice.published", when=("joined",), own=True,
        title=Text("Facture {number}, {issuer}", "Invoice {number}, {issuer}"),
        text=Text(
            "{issuer}\u00a0: facture {number} de {amount} pour {count} commandes, à payer au plus tard le {due}.",
            "{issuer}: invoice {number} of {amount} for {count} orders, to be paid by {due}.",
        ),
    ),
)  # fmt: skip

INVOICES: Final[Rows] = {
    billing.INVOICE_PUBLISHED: INVITATIONS,
    billing.INVOICE_RESENT: INVITATIONS,
    REMINDER_DUE: (
        Line(
            to=(Part.BUYER,), kind="invoice.reminder", own=True,
            title=Text("{tone}, facture {number}, {issuer}", "{tone}, invoice {number}, {issuer}"),
            text=Text(
                "{issuer}\u00a0: la facture {number}, échue le {due}, a encore {amount} à payer.",
                "{issuer}: invoice {number}, due on {due}, still has {amount} to pay.",
            ),
        ),
    ),
    billing.CREDIT_ISSUED: (
        Line(
            to=(Part.BUYER,), kind="credit_note.issued", own=True,
            title=Text("Note de crédit {number}, {letterhead}", "Credit note {number}, {letterhead}"),
            text=Text(
                "{letterhead}\u00a0: note de crédit {number} de {amount}. Motif\u00a0: {reason}.",
                "{letterhead}: credit note {number} of {amount}. Reason: {reason}.",
            ),
        ),
    ),
    billing.CREDIT_PROPOSED: (
        Line(
            to=(Part.OWNER,), kind="credit_note.proposed", own=True,
            title=Text("Note de crédit à approuver, {buyer}", "Credit note to approve, {buyer}"),
            text=Text(
                "Une note de crédit de {amount} pour {buyer} attend votre approbation. Motif\u00a0: {reason}.",
                "A credit note of {amount} for {buyer} waits for your approval. Reason: {reason}.",
            ),
        ),
    ),
    billing.CREDIT_REFUSED: (
        Line(
            to=(Part.BUYER, Part.READER), kind="credit_note.refused",
            title=Text("Note de crédit refusée, {issuer}", "Credit note refused, {issuer}"),
            text=Text(
                "{issuer} a refusé la note de crédit de {amount} proposée; le fil de la commande dit pourquoi.",
                "{issuer} refused the proposed credit note of {amount}; the order’s thread says why.",
            ),
        ),
    ),
}  # fmt: skip
