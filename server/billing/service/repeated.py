"""A credit's key that comes back: the same credit asked for again, or another one that must not be lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.model import CreditKind, CreditLine, CreditNote, Invoice
from server.core.once import require_same
from shared.problems import Text

type Line = tuple[object, ...]


def require_same_items(
    session: Session, known: CreditNote, *, of: UUID, counted: Mapping[UUID, int], why: Text
) -> None:
    """Refuse a key that credited other items, or for another reason.

    Raises:
        KeyUsed: they differ.
    """
    asked = (CreditKind.ITEMS, of, _words(why), sorted((str(one), units) for one, units in counted.items() if units))
    made = sorted((str(one.invoice_line_id), one.quantity) for one in _lines(session, known))
    _require_same(known, asked, (known.kind, known.invoice_id, _said(known), made))


def require_same_empties(
    session: Session, known: CreditNote, *, buyer_id: UUID, counted: Mapping[UUID, int], why: Text
) -> None:
    """Refuse a key that credited other containers, to somebody else or for another reason.

    Raises:
        KeyUsed: they differ.
    """
    wanted = sorted((str(one), units) for one, units in counted.items() if units)
    made = sorted((str(one.container_class_id), one.quantity) for one in _lines(session, known))
    asked = (CreditKind.CONTAINER_DEPOSIT, buyer_id, _words(why), wanted)
    _require_same(known, asked, (known.kind, known.buyer_id, _said(known), made))


def require_same_amounts(
    session: Session, known: CreditNote, *, buyer_id: UUID, lines: Sequence[Line], why: Text
) -> None:
    """Refuse a key that credited other amounts; a line is its French and English words, cents, and whether taxed.

    Raises:
        KeyUsed: they differ.
    """
    made = [(one.description_fr, one.description_en, one.net_cents, bool(one.taxes)) for one in _lines(session, known)]
    asked = (CreditKind.FREE_AMOUNT, buyer_id, _words(why), list(lines))
    _require_same(known, asked, (known.kind, known.buyer_id, _said(known), made))


def require_same_deposits(known: Invoice, *, of: UUID, counted: Mapping[UUID, int], why: str) -> None:
    """Refuse a key that billed other containers again, of another credit or for another reason; its lines are loaded.

    Raises:
        KeyUsed: they differ.
    """
    wanted = sorted((str(one), units) for one, units in counted.items() if units)
    made = sorted((str(one.credit_line_id), one.quantity) for one in known.lines)
    named = known.number or "—"
    what = Text(f"publier la facture {named}", f"publish invoice {named}")
    why_made = known.parties_text.get("notes", {}).get("order", "")
    require_same((of, why, wanted), (known.takes_back_id, why_made, made), what=what, path=f"/factures/{known.id}")


def _require_same(known: CreditNote, asked: object, made: object) -> None:
    named = known.number or "—"
    what = Text(f"écrire la note de crédit {named}", f"write credit note {named}")
    require_same(asked, made, what=what, path=f"/credits/{known.id}")


def _lines(session: Session, known: CreditNote) -> Sequence[CreditLine]:
    mine = select(CreditLine).where(CreditLine.credit_note_id == known.id)
    return session.scalars(mine.order_by(CreditLine.position)).all()


def _words(why: Text) -> tuple[str, str]:
    return why.fr, why.en


def _said(known: CreditNote) -> tuple[str, str]:
    return known.reason_fr, known.reason_en
