"""Whose containers an issuer credits by a person's hand: its own, and those of a seller that it bills for (C30)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from server.catalog.model import ContainerClass
from server.core.problems import Conflict, Text
from server.parties.model import BillingType
from server.parties.terms import effective_terms


class OtherOwner(Conflict):
    """The containers are another's, who credits them."""

    slug = "container-of-another"
    title = Text("Contenants d’un autre", "Containers of another")


def takes_back(session: Session, one: ContainerClass, *, issuer_id: UUID, buyer_id: UUID) -> bool:
    """Say whether an issuer credits a buyer's containers of a class.

    Its owner does; else the carrier of a seller that does not invoice this buyer here.

    Source: C30.
    """
    if one.owner_id == issuer_id:
        return True
    terms = effective_terms(session, seller_id=one.owner_id, buyer_id=buyer_id, carrier_id=issuer_id)
    return terms.agreement_id is not None and terms.billing_type is not BillingType.PLATFORM


def require_taken_back(session: Session, classes: Iterable[ContainerClass], *, issuer_id: UUID, buyer_id: UUID) -> None:
    """Refuse to credit, and to move, containers that are another's to credit.

    Raises:
        OtherOwner: names the class.

    Source: C30; law 33.
    """
    for one in sorted(classes, key=lambda row: row.code):
        if not takes_back(session, one, issuer_id=issuer_id, buyer_id=buyer_id):
            raise OtherOwner(
                Text(
                    f"«\u00a0{one.name_fr}\u00a0»\u00a0: ces contenants sont à un autre, qui les crédite et en tient "
                    "le compte. Créditer les siens, ou un montant.",
                    f"“{one.name_en}”: these containers are another’s, who credits them and keeps their account. "
                    "Credit your own, or an amount.",
                ),
                where=one.code,
            )
