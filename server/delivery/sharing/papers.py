"""A matched paper in the feeds, searches and archives of its order's parties, beside the sealed proofs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.delivery.model import Delivery
from server.delivery.papers.model import PaperProof
from server.delivery.sharing.model import ProofKind
from server.delivery.sharing.service import lock_feed, lots_of, put_entry
from server.delivery.sharing.wording import search_words
from server.orders.model import Order
from server.parties import queries as parties

WORDS = ("preuve papier", "paper proof")


def share_paper(session: Session, paper: PaperProof, *, stamp: Stamp) -> None:
    """Put a matched paper into the feeds of its owner and of its order's parties, or say it anew at their end.

    Call it as late in the transaction as may be: feeds are locked, in ascending order, until the commit. A paper is
    not contested by itself, so its time to contest is over from the start.

    Source: R018, R056.
    """
    order = session.scalars(select(Order).where(Order.id == paper.order_id).options(selectinload(Order.lines))).one()
    names = parties.names(session, org_ids={order.buyer_id, order.owner_id, paper.owner_id})
    said = _values(session, paper, order, names, stamp)
    for reader_id in sorted({paper.owner_id, *paper.party_ids}):
        with acting_for(session, reader_id):
            position = lock_feed(session, reader_id) + 1
            put_entry(session, reader_id, said | {"position": position}, seal=None)


def reseen_papers(session: Session, *, order_id: UUID, stamp: Stamp) -> None:
    """Say anew in every feed what the papers of an order say, e.g. after its lots were noted."""
    found = session.scalars(
        select(PaperProof).where(PaperProof.order_id == order_id, PaperProof.matched_at.is_not(None))
    ).all()
    for paper in sorted(found, key=lambda one: (one.owner_id, one.id)):
        with acting_for(session, paper.owner_id):
            share_paper(session, paper, stamp=stamp)


def _values(
    session: Session, paper: PaperProof, order: Order, names: Mapping[UUID, str], stamp: Stamp
) -> dict[str, Any]:
    delivered_at = session.scalars(
        select(Delivery.delivered_at)
        .where(Delivery.order_id == order.id)
        .order_by(Delivery.received_at.desc(), Delivery.revision.desc())
        .limit(1)
    ).first()
    return {
        "kind": ProofKind.PAPER,
        "proof_id": paper.id,
        "proof_owner_id": paper.owner_id,
        "order_id": order.id,
        "driver_id": None,
        "order_number": order.number,
        "buyer_id": order.buyer_id,
        "buyer_name": names.get(order.buyer_id, ""),
        "seller_id": order.owner_id,
        "seller_name": names.get(order.owner_id, ""),
        "carrier_name": names.get(paper.owner_id, ""),
        "signer_name": "",
        "outcome": None,
        "lots": lots_of(order.lines),
        "words": search_words(_texts(order, names)),
        "delivered_at": delivered_at or paper.uploaded_at,
        "made_at": paper.uploaded_at,
        "changed_at": stamp.at,
        "contest_until": paper.uploaded_at,
        "revision": 1,
        "superseded_by": None,
        "file_sha256": paper.shown_sha256,
        "file_size_bytes": paper.shown_size_bytes,
        "pdf_sha256": "",
        "pdf_size_bytes": 0,
        "missing": 0,
        "purged": 0,
    }


def _texts(order: Order, names: Mapping[UUID, str]) -> dict[str, list[str]]:
    return {
        "order": [order.number],
        "client": [names.get(order.buyer_id, "")],
        "seller": [names.get(order.owner_id, "")],
        "lot": lots_of(order.lines),
        "text": [*WORDS, *(text for line in order.lines for text in (line.description_fr, line.description_en))],
    }
