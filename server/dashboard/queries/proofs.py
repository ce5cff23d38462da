"""Sealed proofs in a list, and one with what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased, selectinload

from server.core.problems import NotFound, Text
from server.dashboard.listing import Rows, mine
from server.delivery.model import Delivery, DeliveryLine, Proof, ProofInclusion
from server.documents.model import Document, DocumentKind
from server.orders.model import Order, OrderLine
from server.parties.model import Organisation, Site
from server.planning.model import Run, Stop, StopOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRow:
    """One proof of a list, with the delivery that it proves."""

    proof: Proof
    delivery: Delivery
    order: Order
    buyer_name: str
    seller_name: str
    carrier_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofWhole:
    """One proof with its delivery's lines, place and files; ``is_rooted`` once its day has a signed root."""

    row: ProofRow
    lines: Sequence[DeliveryLine]
    order_lines: Mapping[UUID, OrderLine]
    site: Site | None
    documents: Sequence[Document]
    is_rooted: bool

    def file(self, kind: DocumentKind) -> Document | None:
        """Return the paper of this kind, if the caller may read it."""
        return next((one for one in self.documents if one.kind is kind), None)


_Buyer, _Seller, _Carrier = aliased(Organisation), aliased(Organisation), aliased(Organisation)


def proof_whole(session: Session, *, proof_id: UUID, driver_id: UUID | None = None) -> ProofWhole:
    """Return a proof that the acting organisation may read: its own order's lines, never another's.

    Raises:
        NotFound: there is none, or it is somebody else's.

    Source: R018, R026; C16.
    """
    found = session.execute(_rows(session, driver_id).where(Proof.id == proof_id)).one_or_none()
    if found is None:
        raise NotFound(Text("Cette preuve n’existe pas.", "There is no such proof."), where=str(proof_id))
    row = _row(found)
    lines = session.scalars(
        select(DeliveryLine).where(DeliveryLine.delivery_id == row.delivery.id).order_by(DeliveryLine.position)
    ).all()
    order = session.scalars(select(Order).where(Order.id == row.order.id).options(selectinload(Order.lines))).one()
    papers = session.scalars(
        select(Document).where(
            mine(session, Document),
            Document.subject_id == row.delivery.id,
            Document.kind.in_((DocumentKind.PROOF_FILE, DocumentKind.PROOF_PDF)),
        )
    ).all()
    return ProofWhole(
        row=row,
        lines=lines,
        order_lines={line.id: line for line in order.lines},
        site=session.get(Site, row.order.site_id),
        documents=papers,
        is_rooted=bool(session.scalar(select(exists().where(ProofInclusion.proof_id == row.proof.id)))),
    )


def proof_of_order(session: Session, *, order_id: UUID) -> UUID | None:
    """Return the id of an order's proof that the acting organisation may read, if there is one."""
    return session.scalars(
        select(Proof.id).where(mine(session, Proof), Proof.order_id == order_id).order_by(Proof.made_at.desc()).limit(1)
    ).first()


def _rows(session: Session, driver_id: UUID | None) -> Rows:
    rows = (
        select(
            Proof,
            Delivery,
            Order,
            func.coalesce(_Buyer.name, ""),
            func.coalesce(_Seller.name, ""),
            func.coalesce(_Carrier.name, ""),
        )
        .join(Delivery, Delivery.id == Proof.delivery_id)
        .join(Order, Order.id == Proof.order_id)
        .outerjoin(_Buyer, _Buyer.id == Order.buyer_id)
        .outerjoin(_Seller, _Seller.id == Order.owner_id)
        .outerjoin(_Carrier, _Carrier.id == Proof.owner_id)
        .where(mine(session, Proof))
    )
    if driver_id is None:
        return rows
    riding = (
        select(StopOrder.order_id)
        .join(Stop, Stop.id == StopOrder.stop_id)
        .join(Run, Run.id == Stop.run_id)
        .where(Run.driver_id == driver_id)
    )
    return rows.where(Proof.order_id.in_(riding))


def _row(row: Any) -> ProofRow:
    proof, delivery, order, buyer_name, seller_name, carrier_name = row
    return ProofRow(
        proof=proof,
        delivery=delivery,
        order=order,
        buyer_name=buyer_name,
        seller_name=seller_name,
        carrier_name=carrier_name,
    )
