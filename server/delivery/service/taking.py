"""Writing down what was taken along: empties and money, at a visit or as somebody tells it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from server.delivery.model import Collection, ContainerReturn, Visit
from shared.ids import new_id
from shared.visit import VisitCollection, VisitContainers
from shared.wire.event import CollectionLeaf, ContainersLeaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Where empties and money changed hands: at a visit, or as somebody tells it by hand; who keeps it, from whom."""

    keeper_id: UUID
    buyer_id: UUID
    visit_id: UUID | None = None
    hand_record_id: UUID | None = None

    @property
    def source_id(self) -> UUID:
        """Return the visit or the record at hand.

        Raises:
            ValueError: it has none.
        """
        source_id = self.visit_id or self.hand_record_id
        if source_id is None:
            raise ValueError("a handover rests on a visit or on a record at hand")
        return source_id


def at_visit(visit: Visit) -> Handover:
    """Return the handover that a visit is."""
    return Handover(keeper_id=visit.owner_id, buyer_id=visit.buyer_id, visit_id=visit.id)


def by_record(*, keeper_id: UUID, record_id: UUID, buyer_id: UUID) -> Handover:
    """Return the handover that somebody tells by hand."""
    return Handover(keeper_id=keeper_id, buyer_id=buyer_id, hand_record_id=record_id)


def record_containers(session: Session, at: Handover, said: ContainersLeaf | VisitContainers) -> ContainerReturn:
    """Write the empties of one owner and class that came back; their owner, creditor and former holder read it."""
    owner_id, creditor_id = UUID(said.owner_id), UUID(said.creditor_id)
    returned = ContainerReturn(
        id=new_id(),
        owner_id=at.keeper_id,
        party_ids=sorted({owner_id, creditor_id, at.buyer_id} - {at.keeper_id}),
        visit_id=at.visit_id,
        hand_record_id=at.hand_record_id,
        container_owner_id=owner_id,
        creditor_id=creditor_id,
        holder_id=at.buyer_id,
        class_code=said.container_class,
        quantity=said.returned,
        unit_cents=said.unit_cents,
    )
    session.add(returned)
    session.flush()
    return returned


def record_collection(session: Session, at: Handover, said: CollectionLeaf | VisitCollection) -> Collection:
    """Write the money taken for one issuer, which reads it as who paid does."""
    issuer_id = UUID(said.issuer_id)
    collection = Collection(
        id=new_id(),
        owner_id=at.keeper_id,
        party_ids=sorted({issuer_id, at.buyer_id} - {at.keeper_id}),
        visit_id=at.visit_id,
        hand_record_id=at.hand_record_id,
        issuer_id=issuer_id,
        buyer_id=at.buyer_id,
        method=said.method,
        amount_cents=said.amount_cents,
        rounding_cents=said.rounding_cents,
        reference=said.reference,
    )
    session.add(collection)
    session.flush()
    return collection
