"""Who keeps a seller's goods: the seller itself, and the carriers at whose depots they lie."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.model import ProductFormat
from server.core.acting import acting_org
from server.core.problems import Forbidden, Problem, Text
from server.core.stamp import Stamp
from server.identity import queries as people
from server.parties import service as deals

MAX_NOTE = 500


class BadStock(Problem):
    """An adjustment or a transfer cannot be."""

    slug = "bad-stock"
    title = Text("Mouvement de stock invalide", "Invalid stock movement")


def require_keeper(session: Session, *, seller_id: UUID, keeper_id: UUID | None) -> None:
    """Let the seller speak of any of its stock, and a carrier with an agreement of what lies at its own depot.

    Raises:
        Forbidden: the acting organisation neither sells the goods nor keeps them.
        NoAgreement: seller and keeper have no active agreement.

    Source: requirements, section 3 (stock: the distributor, the supplier as agreed).
    """
    if keeper_id is not None:
        deals.require_agreement(session, seller_id=seller_id, carrier_id=keeper_id)
    if acting_org(session) not in {seller_id, keeper_id}:
        raise Forbidden(
            Text(
                "Seuls le vendeur et qui garde ses marchandises tiennent ce stock.",
                "Only the seller and whoever keeps its goods keep this stock.",
            ),
            where="keeper_id",
        )


def lock_format(session: Session, *, seller_id: UUID, format_id: UUID) -> ProductFormat:
    """Return a format of the seller, for whom the session acts, locked: its counts change one after the other.

    Raises:
        BadStock: it is no format of that seller.
    """
    sold = session.scalars(
        select(ProductFormat)
        .where(ProductFormat.id == format_id, ProductFormat.owner_id == seller_id)
        .with_for_update()
    ).one_or_none()
    if sold is None:
        raise bad("format_id", "Ce format n’existe pas.", "There is no such format.")
    return sold


def name_of(session: Session, stamp: Stamp) -> str:
    """Return the name under which the acting organisation knows who acts; empty for the system."""
    return people.member_names(session, [stamp.by]).get(stamp.by, "") if stamp.by else ""


def require_note(note: str) -> None:
    """Refuse a note that is too long.

    Raises:
        BadStock: it has over ``MAX_NOTE`` characters.
    """
    if len(note) > MAX_NOTE:
        raise bad("note", f"Écrire {MAX_NOTE} caractères au plus.", f"Write {MAX_NOTE} characters at most.")


def bad(where: str, fr: str, en: str) -> BadStock:
    """Return the problem of one field."""
    return BadStock(Text(fr, en), where=where)
