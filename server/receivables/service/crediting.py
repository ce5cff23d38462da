"""Credits by a person's hand, of the three kinds, and what they are set against at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.model import CreditNote, Invoice
from server.billing.service import FreeLine, credit_empties, credit_items, issue_free_credit, publish_pending
from server.core.acting import acting_for, acting_org
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.receivables.service.allocating import NotOneAccount, Part
from server.receivables.service.applying import apply_credit
from server.receivables.service.customers import require_customer
from server.receivables.service.owning import creditable_invoice
from server.receivables.service.repeated import require_same_parts


class NothingCredited(Conflict):
    """Containers without a deposit are worth nothing."""

    slug = "nothing-credited"
    title = Text("Rien à créditer", "Nothing to credit")


@dataclass(frozen=True, slots=True)
class Items:
    """So many units of an invoice's lines."""

    invoice_id: UUID
    quantities: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Empties:
    """So many containers by class."""

    counted: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Amounts:
    """Described amounts."""

    lines: Sequence[FreeLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredit:
    """A credit that somebody writes: to whom, of what, why, and which open invoices it pays at once.

    A credit of items pays its own invoice with what ``parts`` leave. What is left then, or of another kind, waits for
    the customer's next invoice (R083).
    """

    buyer_id: UUID
    of: Items | Empties | Amounts
    reason: Text
    parts: Sequence[Part] = ()

    @property
    def elsewhere(self) -> Sequence[Part]:
        """What it pays beside its own invoice, which takes all the rest that it can (C11)."""
        own = self.of.invoice_id if isinstance(self.of, Items) else None
        return [part for part in self.parts if part.invoice_id != own]


def write_credit(session: Session, *, new: NewCredit, key: UUID, stamp: Stamp) -> CreditNote:
    """Return the issuer's credit note, numbered and applied; the last work of its transaction.

    The issuer acts; or, for items of an invoice, whoever represents its seller, and the note is the seller's (C28).
    ``key`` is the command's: repeating it gives the same note, applied once.

    Raises:
        NoAccount: the buyer is no customer. Forbidden, NotFound: the invoice is not the caller's to credit.
        ReasonMissing, BadAmount, CreditTooLarge, UnknownContainer, NothingCredited: the credit cannot be.
        OverAllocated: ``parts`` ask for too much. NotOneAccount: they, or the items, name another customer's invoice.
        KeyUsed: the key wrote another credit.

    Source: R081, R082, R088, R089, R092-R095.
    """
    note = _draft(session, new, key, stamp)
    if note is None:
        raise NothingCredited(
            Text("Ces contenants n’ont pas de consigne ce jour-là.", "These containers have no deposit on that day."),
            where="containers",
        )
    if note.number:
        _require_same_parts(session, note, new.elsewhere)
        return note
    publish_pending(session, stamp=stamp)
    session.flush()
    apply_credit(session, credit=note, parts=new.elsewhere, stamp=stamp)
    return note


def _require_same_parts(session: Session, note: CreditNote, parts: Sequence[Part]) -> None:
    what = Text(f"écrire la note de crédit {note.number}", f"write credit note {note.number}")
    at = note.published_at or note.created_at
    require_same_parts(session, parts, source_id=note.id, at=at, what=what, path=f"/credits/{note.id}")


def _draft(session: Session, new: NewCredit, key: UUID, stamp: Stamp) -> CreditNote | None:
    of = new.of
    if isinstance(of, Items):
        invoice = creditable_invoice(session, of.invoice_id)
        _require_its_buyer(invoice, new.buyer_id)
        _require_account(session, invoice.owner_id, new)
        return credit_items(
            session,
            invoice=invoice,
            quantities=of.quantities,
            reason=new.reason,
            key=key,
            stamp=stamp,
            elsewhere_cents=sum(part.amount_cents for part in new.elsewhere),
        )
    issuer_id = acting_org(session)
    _require_account(session, issuer_id, new)
    kin = {"issuer_id": issuer_id, "buyer_id": new.buyer_id}
    if isinstance(of, Empties):
        return credit_empties(session, **kin, counted=of.counted, reason=new.reason, key=key, stamp=stamp)
    return issue_free_credit(session, **kin, lines=of.lines, reason=new.reason, key=key, stamp=stamp)


def _require_its_buyer(invoice: Invoice, buyer_id: UUID) -> None:
    if invoice.buyer_id != buyer_id:
        raise NotOneAccount(
            Text(
                f"La facture {invoice.number} est d’un autre client. La créditer à celui-ci, "
                "ou choisir une facture de ce client.",
                f"Invoice {invoice.number} is another customer’s. Credit it to that one, "
                "or choose an invoice of this customer.",
            ),
            where="buyer_id",
        )


def _require_account(session: Session, issuer_id: UUID, new: NewCredit) -> None:
    with acting_for(session, issuer_id):
        require_customer(session, issuer_id=issuer_id, buyer_id=new.buyer_id)
