"""The papers of commerce as sheets: order, slip, invoice, credit note."""

from __future__ import annotations

from datetime import date

import msgspec

from server.core.problems import Problem
from server.documents.rendering import words
from server.documents.rendering.compose import address, beside, goods_table, masthead, pairs, start_sheet
from server.documents.rendering.figures import day
from server.documents.rendering.papers import CreditNote, DeliverySlip, Invoice, JoinedInvoice, PurchaseOrder
from server.documents.rendering.parts import Party
from server.documents.rendering.sheet import Address, Prose, Sheet, SignHere, Table
from shared.problems import Language, Text

SIGN_TITLE = Text("Reçu par", "Received by")
SIGN_LABELS = (
    Text("Nom en lettres moulées", "Name in print"),
    Text("Fonction", "Role"),
    Text("Signature", "Signature"),
    Text("Date et heure", "Date and time"),
)


class NoNumber(Problem):
    """An invoice that has neither a number nor a provisional reference, or both."""

    slug = "invoice-without-number"
    title = Text("Facture sans numéro", "Invoice without a number")


def invoice_sheet(paper: Invoice, language: Language) -> Sheet:
    """Return an invoice; a provisional one carries its banner and no number (C1, R006).

    Raises:
        NoNumber: not exactly one of ``number`` and ``reference`` is given.
        UnbalancedPaper: the amounts do not add up.
    """
    require_one_number(paper.number, paper.reference)
    head = masthead(words.ISSUER, paper.issuer, language)
    provisional = not paper.number
    title = words.PROVISIONAL_INVOICE if provisional else words.INVOICE_SECTION if paper.part_of else words.INVOICE
    number = paper.reference or paper.number
    sheet = start_sheet(title, number, head, qr=paper.qr, language=language, issuer_name=paper.issuer.name)
    total = words.TOTAL_PROVISIONAL if provisional else words.SECTION_TOTAL if paper.part_of else words.TOTAL_DUE
    table = goods_table(paper.lines, paper.amounts, language, total=total)
    banner, banner_note = banner_of(language, provisional=provisional, part_of=paper.part_of)
    return msgspec.structs.replace(
        sheet,
        banner=banner,
        banner_note=banner_note,
        facts=pairs(
            language,
            *invoice_dates(paper, language),
            _orders(paper.order_numbers),
            (words.REPLACES, paper.replaces),
            (words.SUPPLEMENTS, paper.supplements),
            (words.PART_OF, paper.part_of),
        ),
        addresses=addresses(
            language, (words.BILLED_TO, paper.buyer), (words.SHIPPED_TO, paper.ship_to), (words.PRODUCER, paper.seller)
        ),
        blocks=(with_aside(table, words.PAYMENT, paper.footer, language), *_note(paper.note, language)),
    )


def credit_note_sheet(paper: CreditNote, language: Language) -> Sheet:
    """Return a credit note: that it is one, the invoice it belongs to, why, and the taxes adjusted.

    Raises:
        UnbalancedPaper: the amounts do not add up.
    """
    head = masthead(words.ISSUER, paper.issuer, language)
    sheet = start_sheet(
        words.CREDIT_NOTE, paper.number, head, qr=paper.qr, language=language, issuer_name=paper.issuer.name
    )
    table = goods_table(paper.lines, paper.amounts, language, quantity=words.CREDITED, total=words.TOTAL_CREDIT)
    return msgspec.structs.replace(
        sheet,
        facts=pairs(
            language,
            (words.ISSUED_ON, day(paper.dated_on, language)),
            (words.CREDITED_INVOICE, paper.invoice_number),
            (words.INVOICE_DATE, day_or_nothing(paper.invoice_dated_on, language)),
            _orders(paper.order_numbers),
        ),
        addresses=addresses(language, (words.CREDITED_TO, paper.buyer), (words.PRODUCER, paper.seller)),
        blocks=(
            Prose(title=words.REASON.say(language), paragraphs=(paper.reason.say(language),)),
            with_aside(table, words.NOTES, paper.footer, language),
            *_note(paper.note, language),
        ),
    )


def purchase_order_sheet(paper: PurchaseOrder, language: Language) -> Sheet:
    """Return a purchase order with its status, and received quantities once known (R038-R040, R020).

    Raises:
        UnbalancedPaper: the amounts do not add up.
    """
    head = masthead(words.SELLER, paper.seller, language)
    sheet = start_sheet(
        words.PURCHASE_ORDER, paper.number, head, qr=paper.qr, language=language, issuer_name=paper.seller.name
    )
    return msgspec.structs.replace(
        sheet,
        badge=beside(paper.status, paper.billed, language=language),
        facts=pairs(
            language,
            (words.ORDERED_ON, day(paper.ordered_on, language)),
            (words.DELIVERY, day_or_nothing(paper.deliver_on, language)),
            (words.TERMS, paper.terms.say(language) if paper.terms else ""),
        ),
        addresses=addresses(language, (words.BUYER, paper.buyer), (words.CARRIER, paper.carrier)),
        blocks=(
            goods_table(paper.lines, paper.amounts, language, total=words.TOTAL_ORDER),
            *_note(paper.note, language),
        ),
    )


def delivery_slip_sheet(paper: DeliverySlip, language: Language) -> Sheet:
    """Return a slip: boxes and signing lines before the visit, received quantities after it (R020).

    Raises:
        UnbalancedPaper: the amounts do not add up.
    """
    head = masthead(words.CARRIER, paper.carrier, language)
    sheet = start_sheet(
        words.DELIVERY_SLIP, paper.order_number, head, qr=paper.qr, language=language, issuer_name=paper.carrier.name
    )
    open_slip = all(line.received is None for line in paper.lines)
    sign = (SignHere(title=SIGN_TITLE.say(language), labels=tuple(label.say(language) for label in SIGN_LABELS)),)
    return msgspec.structs.replace(
        sheet,
        badge=beside(paper.billed, language=language),
        facts=pairs(
            language,
            (words.ORDER, paper.order_number),
            (words.DELIVERY, day(paper.deliver_on, language)),
            (words.RUN, paper.run_name),
            (words.STOP, str(paper.position or "")),
        ),
        addresses=addresses(language, (words.SHIPPED_TO, paper.buyer), (words.SELLER, paper.seller)),
        blocks=(
            goods_table(paper.lines, paper.amounts, language, write_in=open_slip),
            *recorded_by_hand(paper.by_hand, language),
            *_note(paper.note, language),
            *(sign if open_slip else ()),
        ),
    )


def recorded_by_hand(said: Text | None, language: Language) -> tuple[Prose, ...]:
    """Return the block of a delivery that no tablet saw: who says so, and that nobody signed; none otherwise."""
    if said is None:
        return ()
    return (Prose(title=words.BY_HAND.say(language), paragraphs=(said.say(language),), tone="warn"),)


def banner_of(language: Language, *, provisional: bool, part_of: str) -> tuple[str, str]:
    """Return what stands across an invoice that is not to be paid as it is: a provisional one, a section."""
    if provisional:
        return words.PROVISIONAL.say(language), words.PROVISIONAL_NOTE.say(language)
    if not part_of:
        return "", ""
    note = Text(f"à payer avec la facture {part_of}", f"to be paid with invoice {part_of}")
    return words.PART_OF_ONE.say(language), note.say(language)


def invoice_dates(paper: Invoice | JoinedInvoice, language: Language) -> tuple[tuple[Text, str], ...]:
    """Return when an invoice was made, is due and was delivered, with its terms."""
    return (
        (words.ISSUED_ON if paper.number else words.PREPARED_ON, day(paper.dated_on, language)),
        (words.DUE_ON, day_or_nothing(paper.due_on, language)),
        (words.TERMS, paper.terms.say(language)),
        (words.DELIVERED_ON, day_or_nothing(paper.delivered_on, language)),
    )


def require_one_number(number: str, reference: str) -> None:
    """Refuse a paper that is neither published nor provisional, or both.

    Raises:
        NoNumber: not exactly one of them is given.
    """
    if bool(number) == bool(reference):
        raise NoNumber(
            Text(
                "Une facture publiée a un numéro, une facture provisoire une référence, jamais les deux.",
                "A published invoice has a number, a provisional one a reference, never both.",
            ),
            where="number",
        )


def day_or_nothing(value: date | None, language: Language) -> str:
    """Return a day in words, empty when it is not known."""
    return day(value, language) if value else ""


def _orders(numbers: tuple[str, ...]) -> tuple[Text, str]:
    return (words.ORDERS if len(numbers) > 1 else words.ORDER, ", ".join(numbers))


def addresses(language: Language, *parties: tuple[Text, Party | None]) -> tuple[Address, ...]:
    """Return the parties that there are, each under its label."""
    return tuple(address(label, party, language) for label, party in parties if party)


def with_aside(table: Table, title: Text, text: str, language: Language) -> Table:
    """Return a table with words beside its totals, if there are any."""
    if not text:
        return table
    return msgspec.structs.replace(table, aside_title=title.say(language), aside=tuple(text.splitlines()))


def _note(text: str, language: Language) -> tuple[Prose, ...]:
    return (Prose(title=words.MESSAGE.say(language), paragraphs=tuple(text.splitlines())),) if text else ()
