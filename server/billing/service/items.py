"""Credits of invoiced items by a person's hand: lines of one invoice, priced as they were invoiced."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.crediting import CreditTooLarge
from server.billing.left import as_it_stands
from server.billing.model import CreditNote, Invoice, InvoiceKind
from server.billing.queries import credit_of_cause, credits_of
from server.billing.service.credits import PERSON, issue_credit
from server.billing.service.holding import hold_credited
from server.billing.service.publication import spare_for_others
from server.billing.service.repeated import require_same_items
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.ledger.service import lock_command
from shared.standing_invoice import credit_standing


class VoidedWhole(Conflict):
    """An invoice of deposits is voided whole: its containers go back with it."""

    slug = "voided-whole"
    title = Text("Facture de consignes", "Invoice of deposits")


def credit_items(
    session: Session,
    *,
    invoice: Invoice,
    quantities: Mapping[UUID, int],
    reason: Text,
    key: UUID,
    stamp: Stamp,
    elsewhere_cents: int = 0,
) -> CreditNote:
    """Return the credit note of so many units of these invoice lines, wanted for publication.

    Net, taxes and deposits are the invoiced line's own cumulative shares, so that any split gives back exactly what
    was invoiced. Its own invoice takes it first, but for ``elsewhere_cents``. ``invoice.lines`` must be loaded. ``key``
    is the command's: repeating it gives the same note.

    Raises:
        NotPublished: the invoice has no number yet.
        VoidedWhole: it bills deposits again.
        ReasonMissing: no reason is given.
        CreditTooLarge: no unit at all, or of a line that is not the invoice's.
        QuantityOutOfRange: more than a line still has.
        KeyUsed: the key credited something else.

    Source: R081, R088, R092, R095; T5, T6; laws 8, 9, 10.
    """
    _require_goods(invoice)
    lines = {line.id: line for line in invoice.lines}
    asked = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
    if not asked or asked.keys() - lines.keys():
        raise CreditTooLarge(
            Text("Choisir au moins une ligne de cette facture.", "Choose at least one line of this invoice."),
            where="quantities",
        )
    with acting_for(session, invoice.owner_id):
        lock_command(session, issuer_id=invoice.owner_id, key=key)
        hold_credited(session, invoice)
        known = credit_of_cause(session, issuer_id=invoice.owner_id, cause_kind=PERSON, cause_id=key)
        if known is not None:
            require_same_items(session, known, of=invoice.id, counted=asked, why=reason)
            return known
        standing = as_it_stands(invoice, credits_of(session, invoice_id=invoice.id))
        credited = credit_standing(standing, {lines[line_id].key: quantity for line_id, quantity in asked.items()})
    note = issue_credit(
        session, invoice=invoice, credited=credited, cause_kind=PERSON, cause_id=key, reason=reason, stamp=stamp
    )
    spare_for_others(session, note, elsewhere_cents=elsewhere_cents)
    return note


def _require_goods(invoice: Invoice) -> None:
    if invoice.kind is InvoiceKind.CONTAINER_DEPOSIT:
        raise VoidedWhole(
            Text(
                "Cette facture reprend des consignes. L’annuler en entier, ou créditer des contenants rendus.",
                "This invoice takes deposits back. Void it whole, or credit containers that came back.",
            ),
            where=invoice.number,
        )
