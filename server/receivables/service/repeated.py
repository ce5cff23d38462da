"""A key that comes back: the same payment, refund or write-off asked again, or another that must not be lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.once import require_same
from server.ledger.model import Allocation
from server.receivables.model import METHOD_LABELS, Payment, PaymentMethod, Refund, WriteOff
from server.receivables.service.allocating import Part
from shared.money import format_money
from shared.problems import Text

type Content = tuple[object, ...]


def require_same_payment(
    session: Session, known: Payment, asked: tuple[UUID, PaymentMethod, int, date, str], parts: Sequence[Part] | None
) -> None:
    """Refuse a key that recorded another payment; ``asked`` is its buyer, method, cents, day and reference.

    Without ``parts`` the command leaves to the books which invoices it pays: as they stood when it was recorded.

    Raises:
        KeyUsed: they differ.
    """
    made = (known.buyer_id, known.method, known.amount_cents, known.received_on, known.reference)
    what, path = _payment(known)
    require_same(asked, made, what=what, path=path)
    if parts is not None:
        require_same(_counted(parts), _set_at_once(session, known.id, known.recorded_at), what=what, path=path)


def require_same_online(known: Payment, *, invoice_id: UUID) -> None:
    """Refuse a key that opened the payment of another invoice, or that recorded a payment received otherwise.

    Raises:
        KeyUsed: they differ.
    """
    what, path = _payment(known)
    asked = (PaymentMethod.GATEWAY, invoice_id)
    require_same(asked, (known.method, known.invoice_id), what=what, path=path)


def require_same_refund(known: Refund, asked: tuple[UUID, int, PaymentMethod, str]) -> None:
    """Refuse a key that gave back something else; ``asked`` is the source, cents, method and reason.

    Raises:
        KeyUsed: they differ.
    """
    fr, en = _money(known.amount_cents, known.currency)
    what = Text(f"rembourser {fr}", f"refund {en}")
    path = f"/{'paiements' if known.source == 'payment' else 'credits'}/{known.source_id}"
    require_same(asked, (known.source_id, known.amount_cents, known.method, known.reason), what=what, path=path)


def require_same_write_off(known: WriteOff, asked: tuple[UUID, int, str]) -> None:
    """Refuse a key that wrote off something else; ``asked`` is the invoice, cents and reason.

    Raises:
        KeyUsed: they differ.
    """
    fr, en = _money(known.amount_cents, known.currency)
    what = Text(f"radier {fr} ({known.number})", f"write off {en} ({known.number})")
    made = (known.invoice_id, known.amount_cents, known.reason)
    require_same(asked, made, what=what, path=f"/factures/{known.invoice_id}")


def require_same_parts(
    session: Session, parts: Sequence[Part], *, source_id: UUID, at: datetime, what: Text, path: str
) -> None:
    """Refuse a key whose credit was not split over these invoices at once; its own invoice may have taken some first.

    Raises:
        KeyUsed: they differ.
    """
    missing = _counted(parts) - _set_at_once(session, source_id, at)
    require_same(missing, Counter(), what=what, path=path)


def _payment(known: Payment) -> tuple[Text, str]:
    fr, en = _money(known.amount_cents, known.currency)
    label, named = METHOD_LABELS[known.method], f" {known.reference}" if known.reference else ""
    what = Text(
        f"inscrire un paiement de {fr} ({label.fr.lower()}{named})",
        f"record a payment of {en} ({label.en.lower()}{named})",
    )
    return what, f"/paiements/{known.id}"


def _set_at_once(session: Session, source_id: UUID, at: datetime) -> Counter[Content]:
    """What a source was set against by the command that made it, whatever was undone since."""
    rows = session.execute(
        select(Allocation.invoice_id, Allocation.amount_cents).where(
            Allocation.source_id == source_id, Allocation.reverses_id.is_(None), Allocation.recorded_at == at
        )
    )
    return Counter((row[0], row[1]) for row in rows)


def _counted(parts: Sequence[Part]) -> Counter[Content]:
    return Counter((part.invoice_id, part.amount_cents) for part in parts)


def _money(amount_cents: int, currency: str) -> tuple[str, str]:
    return format_money(amount_cents, currency, "fr"), format_money(amount_cents, currency, "en")
