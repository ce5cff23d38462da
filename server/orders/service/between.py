"""Who an order may be between, and who of them stands on the seller's side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import Forbidden, Problem, Text
from server.orders.model import DistributionMethod
from server.orders.service.lines import BadOrder
from server.parties import queries as parties
from server.parties import service as deals


class NotItsAgent(Problem):
    """The organisation that an order names as agent represents no seller."""

    slug = "not-its-agent"
    status: ClassVar[int] = 403
    title = Text("Pas l’agent du vendeur", "Not the seller’s agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderParties:
    """Who an order is between: one seller, one buyer and its place; carrier and agent are optional (R034, R047)."""

    seller_id: UUID
    buyer_id: UUID
    site_id: UUID
    carrier_id: UUID | None = None
    agent_id: UUID | None = None

    @property
    def org_ids(self) -> tuple[UUID, ...]:
        """Return every organisation among them."""
        named = (self.seller_id, self.buyer_id, self.carrier_id, self.agent_id)
        return tuple(dict.fromkeys(org_id for org_id in named if org_id))


def require_parties(session: Session, named: OrderParties, distribution: DistributionMethod) -> None:
    """Accept parties that have the deals they need, named by one of them.

    Raises:
        NoRelation, NoAgreement, NotItsAgent: a deal is missing, or is of another kind.
        Forbidden: the acting organisation is none of them, or names an agent that is not its own to name.
        BadOrder: the way of distribution and the carrier do not go together.

    Source: R027, R034, R035, R047, R048.
    """
    deals.require_relation(session, seller_id=named.seller_id, buyer_id=named.buyer_id)
    if acting_org(session) not in named.org_ids:
        raise Forbidden(
            Text(
                "Seuls vendeur, distributeur, agent et acheteur de la commande la créent.",
                "Only the order’s seller, distributor, agent and buyer create it.",
            )
        )
    _require_carrier(session, named, distribution)
    if named.agent_id is not None:
        _require_agent(session, named, named.agent_id, distribution)


def contracted_carrier(named: OrderParties, distribution: DistributionMethod) -> UUID | None:
    """Return the carrier whose agreement with the seller holds for the order."""
    return named.carrier_id if distribution is DistributionMethod.DISTRIBUTOR else None


def sells(session: Session, named: OrderParties, distribution: DistributionMethod) -> bool:
    """Say whether the acting organisation is the seller, its agent, or who bills for it by the agreement (C28)."""
    me = acting_org(session)
    if me == named.buyer_id:
        return False
    return me in {named.seller_id, named.agent_id} or parties.bills_for(
        session, seller_id=named.seller_id, carrier_id=contracted_carrier(named, distribution), agent_id=me
    )


def _require_carrier(session: Session, named: OrderParties, distribution: DistributionMethod) -> None:
    if distribution is not DistributionMethod.DISTRIBUTOR:
        _require_own_carrier(named, distribution)
    elif named.carrier_id is None:
        raise BadOrder(Text("Nommer le distributeur.", "Name the distributor."), where="carrier_id")
    elif named.carrier_id != named.seller_id:
        deals.require_agreement(session, seller_id=named.seller_id, carrier_id=named.carrier_id)


def _require_own_carrier(named: OrderParties, distribution: DistributionMethod) -> None:
    """An order without a distributor names none: whoever is named would read it."""
    if distribution is DistributionMethod.SELF_DISTRIBUTED and named.carrier_id != named.seller_id:
        raise BadOrder(
            Text("Un vendeur auto-distribué livre lui-même.", "A self-distributing seller delivers itself."),
            where="carrier_id",
        )
    if named.carrier_id not in {None, named.seller_id}:
        raise BadOrder(
            Text(
                "Une commande expédiée ou ramassée n’a pas de distributeur. Le retirer, ou choisir la distribution.",
                "An order that is shipped or picked up has no distributor. Leave it out, or choose distribution.",
            ),
            where="carrier_id",
        )


def _require_agent(session: Session, named: OrderParties, agent_id: UUID, distribution: DistributionMethod) -> None:
    """An order's agent decides as its seller does: it is one that the seller has, and the seller's side names it."""
    if not parties.is_related(session, seller_id=named.seller_id, other_id=agent_id):
        raise deals.NoRelation(
            Text("Vendeur et agent n’ont pas d’accord actif.", "Seller and agent have no active deal."),
            where="agent_id",
        )
    if not parties.is_agent(session, org_id=agent_id):
        raise NotItsAgent(
            Text(
                "Cette organisation n’est pas un agent. Laisser l’agent vide, ou en nommer un que le vendeur a.",
                "This organisation is no agent. Leave the agent out, or name one that the seller has.",
            ),
            where="agent_id",
        )
    if not sells(session, named, distribution):
        raise Forbidden(
            Text(
                "Le vendeur nomme l’agent de sa commande, ou l’agent se nomme lui-même. Laisser l’agent vide.",
                "The seller names its order’s agent, or the agent names itself. Leave the agent out.",
            ),
            where="agent_id",
        )
