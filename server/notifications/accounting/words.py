"""What parties are told of accounts: overdue invoices, and what somebody wrote."""

from __future__ import annotations

from typing import Final

from server.billing.joined import joined_number
from server.billing.model import Invoice
from server.conversations.model import Message
from server.notifications.service.telling import News
from server.notifications.words import due_of, issuer_of
from server.receivables.model import Reminder
from shared.money import format_money
from shared.problems import Text

REMINDER: Final = "invoice.reminder"
_TONES: Final = {
    1: Text("Rappel amical", "Friendly reminder"),
    2: Text("Deuxième rappel", "Second reminder"),
    3: Text("Dernier rappel", "Last reminder"),
}


def news_of_reminder(one: Reminder, invoice: Invoice, *, open_cents: int) -> News:
    """Return what a buyer is told of an overdue invoice, once for all sections of a joined one (R122, C15, law 27)."""
    fr, en = (format_money(open_cents, invoice.currency, language) for language in ("fr", "en"))
    issuer, due, tone = issuer_of(invoice), due_of(invoice), _TONES[one.level]
    number, subject_id, key = invoice.number, invoice.id, f"reminder:{invoice.id}:{one.level}"
    if invoice.joined_id is not None:
        number, subject_id = joined_number(invoice), invoice.joined_id
        key = f"reminder:{subject_id}:{one.level}:{one.sent_on}"  # a section contested today may be due another day
    return News(
        key=key,
        kind=REMINDER,
        subject_id=subject_id,
        title=Text(f"{tone.fr}, facture {number}, {issuer}", f"{tone.en}, invoice {number}, {issuer}"),
        text=Text(
            f"{issuer}\u00a0: la facture {number}, échue le {due.fr}, a encore {fr} à payer.",
            f"{issuer}: invoice {number}, due on {due.en}, still has {en} to pay.",
        ),
        link=f"/factures/{subject_id}",
        members={"invoice_id": str(invoice.id), "number": number, "level": one.level},
    )


def news_of_account_message(message: Message, *, link: str) -> News:
    """Return what the other side of an account is told of a message in its chat (R087)."""
    return News(
        key=f"account-message:{message.id}",
        kind="account.message",
        subject_id=message.id,
        title=Text(f"Message de {message.author_name}", f"Message from {message.author_name}"),
        text=Text(message.text_fr, message.text_en),
        link=link,
        members={"message_id": str(message.id)},
    )
