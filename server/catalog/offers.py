"""A client's own view of what its suppliers offer; also what the order form shows (R050)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.prices.offering import OfferPage, offer_page
from server.core.acting import acting_for, acting_org
from server.parties import queries as parties
from server.parties import service as deals
from server.parties.model import Organisation, Relation, RelationState


def suppliers(session: Session) -> Sequence[Organisation]:
    """Return the sellers with which the acting organisation has an active relation as a buyer, by name."""
    mine = select(Relation.owner_id).where(
        Relation.buyer_id == acting_org(session), Relation.state == RelationState.ACTIVE
    )
    named = select(Organisation).where(Organisation.id.in_(mine)).order_by(Organisation.name, Organisation.id)
    return session.scalars(named).all()


def own_offer(session: Session, *, seller_id: UUID, at: datetime, words: str = "", page: int = 1) -> OfferPage:
    """Return a page of what the acting organisation may order from a seller, at its own prices of the seller's day.

    Raises:
        NoRelation: the two have no active relation (R027).
    """
    buyer_id = acting_org(session)
    deals.require_relation(session, seller_id=seller_id, buyer_id=buyer_id)
    with acting_for(session, seller_id):
        today = at.astimezone(parties.zone_of(session, org_id=seller_id)).date()
        return offer_page(session, seller_id=seller_id, buyer_id=buyer_id, on=today, words=words, page=page)
