"""The frozen agreement of an order: what its bundle carried, and what its delivery is settled by."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.database import among
from server.core.memory import remembered
from server.core.stamp import Stamp
from server.delivery.model import Terms
from shared.canonical import canonical_bytes
from shared.problems import Problem, Text
from shared.wire.terms import Goods, Prices, half_hash, terms_hash

_TERMS: Final = "terms"  # rows that are written once
_TERMS_OF = select(Terms)


class UnknownTerms(Problem):
    """A delivery cites terms that this server never gave out, or lost when it was restored from before."""

    slug = "unknown-terms"
    title = Text("Conditions inconnues", "Unknown terms")


def freeze_terms(
    session: Session, *, goods: Goods, prices: Prices, invoice_id: UUID | None, readers: list[UUID], stamp: Stamp
) -> Terms:
    """Return the order's terms under their hash; the same halves are kept once. The carrier owns them."""
    digest = terms_hash(half_hash(goods), half_hash(prices))
    known = session.scalars(
        select(Terms).where(Terms.order_id == UUID(goods.order_id), Terms.hash == digest)
    ).one_or_none()
    if known is not None:
        return known
    terms = Terms(
        owner_id=acting_org(session),
        party_ids=readers,
        order_id=UUID(goods.order_id),
        hash=digest,
        goods=canonical_bytes(msgspec.to_builtins(goods)),
        prices=canonical_bytes(msgspec.to_builtins(prices)),
        invoice_id=invoice_id,
        made_at=stamp.at,
    )
    session.add(terms)
    session.flush()
    return terms


def terms_cited(session: Session, *, order_id: UUID, digest: str) -> Terms:
    """Return the terms that a delivery cites.

    Raises:
        UnknownTerms: no bundle ever carried them for this order.
    """
    known: Terms | None = remembered(session, _TERMS).get((order_id, digest))
    terms = known or session.scalars(_TERMS_OF.where(Terms.order_id == order_id, Terms.hash == digest)).one_or_none()
    if terms is None:
        raise UnknownTerms(
            Text(
                "La livraison cite des conditions que ce serveur n’a pas remises pour cette commande. S’il a été"
                " restauré depuis, refaites la modification de la commande, renvoyez la tournée et appliquez;"
                " sinon, mettez de côté et saisissez la livraison.",
                "The delivery cites terms that this server did not give out for this order. If it was restored since,"
                " change the order again, send the run again and apply; else set it aside and enter the delivery by"
                " hand.",
            ),
            where=str(order_id),
        )
    return terms


def remember_terms(session: Session, *, order_ids: Iterable[UUID]) -> None:
    """Read all terms of these orders at once, for ``terms_cited`` later in the transaction."""
    found = remembered(session, _TERMS)
    for terms in session.scalars(_TERMS_OF.where(among(Terms.order_id, order_ids))):
        found[terms.order_id, terms.hash] = terms


def read_terms(terms: Terms) -> tuple[Goods, Prices]:
    """Return both halves of frozen terms."""
    return _read(terms.goods, terms.prices)


@lru_cache(maxsize=512)
def _read(goods: bytes, prices: bytes) -> tuple[Goods, Prices]:
    return msgspec.json.decode(goods, type=Goods), msgspec.json.decode(prices, type=Prices)
