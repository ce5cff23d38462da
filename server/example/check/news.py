"""A proof is delivered once its supplier and its customer are told of it, not when it is sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Proof
from server.example.check.books import Books
from server.example.check.finding import Finding, finding
from server.notifications.model import InboxMessage
from shared.problems import Text

_KIND: Final = "proof.sealed"


@dataclass(frozen=True)
class News:
    """The messages about proofs that stand in each party's inbox, as that party reads them."""

    books: Books

    @cached_property
    def told(self) -> Mapping[UUID, frozenset[UUID]]:
        """The proofs that each party was told of, by party."""
        return {party_id: self._read(party_id) for party_id in sorted({one for _, one in self.wanted})}

    @cached_property
    def wanted(self) -> tuple[tuple[Proof, UUID], ...]:
        """Each proof with each of the two that must be told of it."""
        buyers = {order.id: order.buyer_id for order in self.books.orders.values()}
        return tuple(
            (proof, party) for proof in self.books.proofs for party in (proof.seller_id, buyers[proof.order_id])
        )

    @property
    def told_suppliers(self) -> int:
        """How many proofs have their message in their supplier's inbox."""
        return sum(1 for proof in self.books.proofs if proof.id in self.told[proof.seller_id])

    def _read(self, party_id: UUID) -> frozenset[UUID]:
        with transaction(acting=party_id) as session:
            messages = select(InboxMessage.subject_id).where(
                InboxMessage.owner_id == party_id, InboxMessage.kind == _KIND
            )
            return frozenset(session.scalars(messages))


def check_news(books: Books) -> Finding:
    """Each proof has its message in the inbox of its supplier and of its customer (R018, R026)."""
    news = News(books)
    told = sum(1 for proof, party_id in news.wanted if proof.id in news.told[party_id])
    return finding(
        "news",
        Text("Preuves annoncées à leurs fournisseurs et clients", "Proofs announced to their suppliers and customers"),
        Text(f"{told} messages pour {len(books.proofs)} preuves", f"{told} messages for {len(books.proofs)} proofs"),
        _untold(news),
    )


def _untold(news: News) -> Iterator[str]:
    for proof, party_id in news.wanted:
        if proof.id not in news.told[party_id]:
            who = "fournisseur · supplier" if party_id == proof.seller_id else "client · customer"
            yield f"{news.books.orders[proof.order_id].number}: aucun message · no message: {who}"
