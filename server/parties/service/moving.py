"""Relations and agreements: proposed by one side, answered by the other, ended by either (section 4)."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import Forbidden, NotFound, Problem, Text
from server.core.stamp import Stamp
from server.parties import events
from server.parties.model import Agreement, Relation, RelationState
from server.parties.service.deals import welcome

type Bond = Relation | Agreement


class NotProposed(Problem):
    """The state of the bond has no such answer."""

    slug = "bond-not-proposed"
    status: ClassVar[int] = 409
    title = Text("Rien à accepter", "Nothing to accept")


class FeeNotSeen(Problem):
    """Whoever accepts an agreement with a billing agent says what that agent keeps: it is another share."""

    slug = "agreement-fee-not-seen"
    status: ClassVar[int] = 409
    title = Text("Part de l’agent à lire", "Agent’s share to be read")


def end_bond(session: Session, *, bond_id: UUID, stamp: Stamp) -> Bond:
    """Make a relation or agreement inactive, or refuse a proposed one: either side may. Orders under way go on.

    Raises:
        NotFound: the acting organisation is no side of such a bond.
    """
    bond = _locked(session, bond_id)
    return _move(session, bond, RelationState.INACTIVE, stamp)


def propose_bond(session: Session, *, bond_id: UUID, stamp: Stamp) -> Bond:
    """Propose an inactive relation or agreement anew; the other side answers. On an active one nothing changes.

    Raises:
        NotFound: as ``end_bond``.
    """
    bond = _locked(session, bond_id)
    return bond if bond.state is not RelationState.INACTIVE else _move(session, bond, RelationState.PROPOSED, stamp)


def accept_bond(session: Session, *, bond_id: UUID, stamp: Stamp, agent_fee_bp: int | None = None) -> Bond:
    """Accept what the other side proposed: it is active from now on.

    ``agent_fee_bp`` is what the acting organisation read that a billing agent keeps, in hundredths of a percent.

    Raises:
        NotFound: as ``end_bond``.
        NotProposed: nothing is proposed.
        Forbidden: the acting organisation proposed it itself.
        FeeNotSeen: a billing agent would keep another share than was read, or it was not said.

    Source: C28.
    """
    bond = _locked(session, bond_id)
    if bond.state is not RelationState.PROPOSED:
        raise NotProposed(
            Text("Rien n’est proposé. Proposer d’abord.", "Nothing is proposed. Propose it first."), where="bond_id"
        )
    if bond.said_by_id == acting_org(session):
        raise Forbidden(
            Text("L’autre partie répond à votre proposition.", "The other side answers your proposal."), where="bond_id"
        )
    if isinstance(bond, Agreement) and bond.billing_agent_id is not None and agent_fee_bp != bond.agent_fee_bp:
        keeps = f"{Decimal(bond.agent_fee_bp) / 100:.2f}"
        raise FeeNotSeen(
            Text(
                f"L’agent garderait {keeps.replace('.', ',')}\u00a0% de la vente. Lire l’entente à la page Partenaires "
                "et l’accepter là.",
                f"The agent would keep {keeps}% of the sale. Read the agreement on page Partners and accept it there.",
            ),
            where="agent_fee_bp",
        )
    return _move(session, bond, RelationState.ACTIVE, stamp)


def other_side(bond: Bond, *, me: UUID) -> UUID:
    """Return the side of a bond that is not ``me``."""
    partner = bond.buyer_id if isinstance(bond, Relation) else bond.carrier_id
    return partner if bond.owner_id == me else bond.owner_id


def _locked(session: Session, bond_id: UUID) -> Bond:
    me = acting_org(session)
    for kind in (Relation, Agreement):
        bond = session.scalars(select(kind).where(kind.id == bond_id)).one_or_none()
        if isinstance(bond, Relation | Agreement) and me in {bond.owner_id, other_side(bond, me=bond.owner_id)}:
            with acting_for(session, bond.owner_id):
                session.refresh(bond, with_for_update=True)
            return bond
    raise NotFound(Text("Cette relation n’existe pas.", "There is no such relation."), where="bond_id")


def _move(session: Session, bond: Bond, state: RelationState, stamp: Stamp) -> Bond:
    me = acting_org(session)
    if bond.state is state:
        return bond
    with acting_for(session, bond.owner_id):
        bond.state, bond.said_by_id, bond.said_at = state, me, stamp.at
        if isinstance(bond, Relation) and state is RelationState.ACTIVE:
            welcome(session, buyer_id=bond.buyer_id, stamp=stamp)
        name = events.RELATION_MOVED if isinstance(bond, Relation) else events.AGREEMENT_MOVED
        facts.record(session, name, bond.id, stamp, readers=tuple(sorted(bond.party_ids)))
    return bond
