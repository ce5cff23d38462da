"""Proofs, deliveries, their corrections, contests and stock transfers as subjects of news."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.facts import Fact
from server.delivery.contests.model import Contest, ContestState, ContestSubject
from server.delivery.events import DELIVERY_CORRECTED
from server.delivery.model import Correction, Delivery, Proof
from server.notifications.following.lines import Part
from server.notifications.following.subjects.sealed import said_by
from server.notifications.following.subjects.subject import Subject, named, owned, plain, some
from server.orders.model import Order
from server.parties.model import BillingType
from server.stock.model import StockTransfer, TransferLine
from shared.problems import Text

_DECIDED: Final = frozenset({ContestState.UPHELD, ContestState.DISMISSED})


def proof_of(session: Session, fact: Fact) -> Subject:
    """Return a sealed proof, for the seller and the buyer of its order and nobody else (R018, R026)."""
    proof = session.get_one(Proof, fact.subject_id)
    delivery = session.get_one(Delivery, proof.delivery_id)
    about = f"{said_by(session, delivery)}:{proof.order_id}"
    return proven(proof, session.get_one(Order, proof.order_id), about=about)


def proven(proof: Proof, order: Order, *, about: str = "") -> Subject:
    """Return a sealed proof of an order."""
    return Subject(
        id=proof.id,
        link=f"/preuves/{proof.id}",
        parts={Part.SELLER: some(proof.seller_id), Part.BUYER: some(order.buyer_id)},
        words={"number": plain(order.number)},
        members=_of_order(order)
        | {"proof_id": str(proof.id), "file_sha256": proof.file_sha256, "pdf_sha256": proof.pdf_sha256},
        about=about,
        once="",
        billed=order.billing_type,
    )


def delivery_of(session: Session, fact: Fact) -> Subject:
    """Return a delivery as it was recorded, or as it was corrected and why (R022, C14)."""
    delivery = session.get_one(Delivery, fact.subject_id)
    order = session.get_one(Order, delivery.order_id)
    once = said_by(session, delivery)
    if fact.name != DELIVERY_CORRECTED:
        return delivered(delivery, order, once=once, members={"outcome": delivery.outcome.value})
    correction = session.scalars(select(Correction).where(Correction.delivery_id == delivery.id)).one()
    return corrected(delivery, order, correction, once=once)


def corrected(delivery: Delivery, order: Order, correction: Correction, *, once: str = "") -> Subject:
    """Return a corrected delivery with the reason of its correction."""
    why = f" {correction.reason}" if correction.reason else ""
    return delivered(
        delivery,
        order,
        words={"revision": plain(str(delivery.revision)), "why": plain(why)},
        members={
            "replaces_id": str(correction.replaces_id),
            "revision": delivery.revision,
            "reason": correction.reason,
        },
        once=once,
    )


def delivered(
    delivery: Delivery,
    order: Order,
    *,
    members: dict[str, Any],
    words: Mapping[str, Text] | None = None,
    once: str = "",
) -> Subject:
    """Return a delivery of an order, with the page of the order."""
    return Subject(
        id=order.id,
        link=f"/commandes/{order.id}",
        parts={Part.SELLER: some(delivery.seller_id), Part.BUYER: some(delivery.buyer_id)},
        words={"number": plain(order.number)} | dict(words or {}),
        members=_of_order(order) | {"delivery_id": str(delivery.id)} | members,
        state=delivery.outcome.value,
        once=once,
        billed=order.billing_type,
    )


def contest_of(session: Session, fact: Fact) -> Subject:
    """Return a contest for the parties of its order, all but who just acted."""
    found = session.get_one(Contest, fact.subject_id)
    order = session.get(Order, found.order_id) if found.order_id else None
    return contested(found, billed=order.billing_type if order else None)


def contested(found: Contest, *, billed: BillingType | None = None) -> Subject:
    """Return a contest as it stands: opened, decided or withdrawn."""
    of_credit = found.subject is ContestSubject.CREDIT
    actor_id = found.owner_id if found.state in _DECIDED else found.opener_id
    what = Text(
        f"{'du crédit' if of_credit else 'de la preuve de la commande'} {found.number}",
        f"of {'credit' if of_credit else 'the proof of order'} {found.number}",
    )
    return Subject(
        id=found.subject_id,
        link=f"/{'credits' if of_credit else 'preuves'}/{found.subject_id}",
        parts={Part.READER: frozenset({found.owner_id, *found.party_ids}) - {actor_id}},
        words={"what": what, "words": plain(found.decision or found.reason)},
        members={
            "contest_id": str(found.id),
            "subject": found.subject.value,
            "subject_id": str(found.subject_id),
            "state": found.state.value,
        },
        state=found.state.value,
        once=str(found.id),
        billed=None if of_credit else billed,
    )


def transfer_of(session: Session, fact: Fact) -> Subject:
    """Return a stock transfer with its seller and both keepers (R057)."""
    one = session.get_one(StockTransfer, fact.subject_id)
    lines = session.scalars(select(TransferLine).where(TransferLine.transfer_id == one.id)).all()
    return Subject(
        id=one.id,
        link="/stock/transferts",
        parts=owned(one.owner_id, None, one.party_ids),
        words=named(
            session,
            seller=one.owner_id,
            source=one.source_keeper_id or one.owner_id,
            target=one.target_keeper_id or one.owner_id,
        )
        | {
            "units": _units(sum(line.quantity for line in lines)),
            "arrived": plain(str(sum(line.accepted or 0 for line in lines))),
        },
        members={"transfer_id": str(one.id), "seller_id": str(one.owner_id)},
    )


def _of_order(order: Order) -> dict[str, Any]:
    return {"order_id": str(order.id), "order_number": order.number}


def _units(count: int) -> Text:
    return Text("1 unité", "1 unit") if count == 1 else Text(f"{count} unités", f"{count} units")
