"""Who deals with whom: relations, agreements, and what a deal lets each side read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.parties import events
from server.parties.model import (
    Agreement,
    Client,
    DeliverWith,
    Organisation,
    Relation,
    RelationState,
    SettlementPolicy,
    Site,
)


class NoRelation(Problem):
    """Seller and buyer have no active relation (R027)."""

    slug = "no-relation"
    status: ClassVar[int] = 403
    title = Text("Aucune relation active", "No active relation")


class NoAgreement(Problem):
    """Seller and carrier have no active agreement (R048)."""

    slug = "no-agreement"
    status: ClassVar[int] = 403
    title = Text("Aucun accord de distribution", "No distribution agreement")


class BadAgreement(Problem):
    """A term of an agreement cannot be."""

    slug = "bad-agreement"
    title = Text("Entente à corriger", "Agreement to correct")


MAX_CONTEST_DAYS: Final = 90
MAX_THRESHOLD_CENTS: Final = 10**9
MAX_FEE_BP: Final = 10_000
_BOUNDS: Final = {
    "credit_threshold_cents": MAX_THRESHOLD_CENTS,
    "contest_days": MAX_CONTEST_DAYS,
    "agent_fee_bp": MAX_FEE_BP,
}
_AGENTS_OWN: Final = {"billing_agent_id", "agent_fee_bp"}
"""What an agent agrees to before it bills."""


def introduce(session: Session, *, org_ids: Iterable[UUID]) -> None:
    """Let the organisations of one deal read each other's card (name, address, language)."""
    circle = set(org_ids)
    for org_id in sorted(circle):
        with acting_for(session, org_id):
            open_card(session, circle - {org_id})


def open_card(session: Session, others: set[UUID]) -> None:
    """Let others read the card of the acting organisation."""
    organisation = session.get_one(Organisation, acting_org(session))
    if others <= set(organisation.party_ids):
        return
    session.refresh(organisation, with_for_update=True)
    organisation.party_ids = sorted(others | set(organisation.party_ids))


def relate(session: Session, *, buyer_id: UUID, stamp: Stamp, group_id: UUID | None = None) -> Relation:
    """Return the acting seller's active relation with a buyer, who becomes its client; asking twice changes nothing.

    Source: R027; the relation is what allows orders.
    """
    seller_id = acting_org(session)
    relation = session.scalars(
        select(Relation).where(Relation.owner_id == seller_id, Relation.buyer_id == buyer_id)
    ).one_or_none()
    if relation is None:
        relation = Relation(owner_id=seller_id, party_ids=[buyer_id], buyer_id=buyer_id, state=RelationState.ACTIVE)
        session.add(relation)
    relation.state = RelationState.ACTIVE
    welcome(session, buyer_id=buyer_id, stamp=stamp, group_id=group_id)
    introduce(session, org_ids=(seller_id, buyer_id))
    facts.record(session, events.RELATION_OPENED, relation.id, stamp, readers=(buyer_id,))
    return relation


def welcome(session: Session, *, buyer_id: UUID, stamp: Stamp, group_id: UUID | None = None) -> None:
    """Let a buyer be the acting seller's client, once."""
    seller_id = acting_org(session)
    known = select(Client.id).where(Client.owner_id == seller_id, Client.buyer_id == buyer_id)
    if session.scalar(known) is None:
        session.add(Client(owner_id=seller_id, party_ids=[], buyer_id=buyer_id, group_id=group_id, since=stamp.at))
    session.flush()


def agree(
    session: Session,
    *,
    carrier_id: UUID,
    starts_on: date,
    stamp: Stamp,
    deliver_with: DeliverWith = DeliverWith.PO,
    settlement_policy: SettlementPolicy = SettlementPolicy.ADJUST,
    credit_threshold_cents: int | None = None,
    billing_agent_id: UUID | None = None,
    agent_fee_bp: int = 0,
    contest_days: int = 10,
) -> Agreement:
    """Return the acting seller's active agreement with a carrier, made or changed.

    Source: R013, R016, R017, R048, C28 (``billing_agent_id`` issues under agent billing).
    """
    seller_id = acting_org(session)
    agreement = session.scalars(
        select(Agreement).where(Agreement.owner_id == seller_id, Agreement.carrier_id == carrier_id)
    ).one_or_none()
    if agreement is None:
        agreement = Agreement(owner_id=seller_id, carrier_id=carrier_id, starts_on=starts_on)
        session.add(agreement)
    circle = {carrier_id} | ({billing_agent_id} if billing_agent_id else set())
    agreement.party_ids = sorted(circle)
    agreement.state = RelationState.ACTIVE
    agreement.deliver_with = deliver_with
    agreement.settlement_policy = settlement_policy
    agreement.credit_threshold_cents = credit_threshold_cents
    agreement.billing_agent_id = billing_agent_id
    agreement.agent_fee_bp = agent_fee_bp
    agreement.contest_days = contest_days
    session.flush()
    introduce(session, org_ids=(seller_id, *circle))
    facts.record(session, events.AGREEMENT_MADE, agreement.id, stamp, readers=tuple(sorted(circle)))
    return agreement


def revise_agreement(session: Session, *, agreement_id: UUID, changes: Mapping[str, Any], stamp: Stamp) -> Agreement:
    """Return an agreement of the acting seller, its terms changed as named; settled deliveries keep theirs.

    Nobody is made a billing agent unasked, nor bills for another fee than it agreed to: the agreement is proposed
    again, and the carrier accepts it (C28). Orders that were accepted before keep their agent's fee.

    Raises:
        NotFound: the acting seller has no such agreement.
        BadAgreement: a figure is out of bounds.

    Source: R013, R016, R017, C1, C28.
    """
    mine = select(Agreement).where(Agreement.id == agreement_id, Agreement.owner_id == acting_org(session))
    agreement = session.scalars(mine.with_for_update()).one_or_none()
    if agreement is None:
        raise NotFound(Text("Cette entente n’existe pas.", "There is no such agreement."), where="agreement_id")
    for name, most in _BOUNDS.items():
        if not 0 <= (changes.get(name) or 0) <= most:
            raise BadAgreement(Text(f"Il faut de 0 à {most}.", f"It must be from 0 to {most}."), where=name)
    if changes.get("billing_agent_id") not in {None, agreement.carrier_id, agreement.billing_agent_id}:
        raise BadAgreement(
            Text("L’agent facturant est le distributeur.", "The billing agent is the distributor."),
            where="billing_agent_id",
        )
    moved = {name: value for name, value in changes.items() if getattr(agreement, name) != value}
    for name, value in moved.items():
        setattr(agreement, name, value)
    if agreement.billing_agent_id is not None and moved.keys() & _AGENTS_OWN:
        agreement.state, agreement.said_by_id, agreement.said_at = RelationState.PROPOSED, agreement.owner_id, stamp.at
        facts.record(session, events.AGREEMENT_MOVED, agreement.id, stamp, readers=tuple(sorted(agreement.party_ids)))
    session.flush()
    if moved:
        facts.record(session, events.AGREEMENT_MADE, agreement.id, stamp, readers=tuple(sorted(agreement.party_ids)))
    return agreement


def require_relation(session: Session, *, seller_id: UUID, buyer_id: UUID) -> Relation:
    """Return the active relation that allows an order.

    Raises:
        NoRelation: there is none, or it is not active.

    Source: R027.
    """
    with acting_for(session, seller_id):
        relation = session.scalars(
            select(Relation).where(
                Relation.owner_id == seller_id,
                Relation.buyer_id == buyer_id,
                Relation.state == RelationState.ACTIVE,
            )
        ).one_or_none()
    if relation is None:
        raise NoRelation(
            Text(
                "Vendeur et acheteur n’ont pas de relation active. Le vendeur doit d’abord ajouter ce client.",
                "Seller and buyer have no active relation. The seller must add this client first.",
            ),
            where="buyer_id",
        )
    return relation


def require_agreement(session: Session, *, seller_id: UUID, carrier_id: UUID) -> Agreement:
    """Return the active agreement under which the carrier delivers for the seller.

    Raises:
        NoAgreement: there is none, or it is not active.

    Source: R048.
    """
    with acting_for(session, seller_id):
        agreement = session.scalars(
            select(Agreement).where(
                Agreement.owner_id == seller_id,
                Agreement.carrier_id == carrier_id,
                Agreement.state == RelationState.ACTIVE,
            )
        ).one_or_none()
    if agreement is None:
        raise NoAgreement(
            Text(
                "Vendeur et distributeur n’ont pas d’accord actif. Conclure l’accord avant de commander.",
                "Seller and distributor have no active agreement. Make the agreement before ordering.",
            ),
            where="carrier_id",
        )
    return agreement


def share_site(session: Session, *, site_id: UUID, buyer_id: UUID, reader_ids: Iterable[UUID]) -> Site | None:
    """Let the others of a deal read a buyer's place; return it, or None when the buyer has no such place."""
    with acting_for(session, buyer_id):
        site = session.scalars(select(Site).where(Site.id == site_id, Site.owner_id == buyer_id)).one_or_none()
        if site is not None and not (readers := set(reader_ids) - {buyer_id}) <= set(site.party_ids):
            session.refresh(site, with_for_update=True)
            site.party_ids = sorted(readers | set(site.party_ids))
    return site
