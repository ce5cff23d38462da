"""A sealed visit may touch the books of its stop's own parties alone, at the prices of their own tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.model import ContainerClass, ContainerPrice
from server.core.database import among
from server.core.memory import remembered
from server.delivery.model import Terms
from server.delivery.service import read_terms
from server.orders.model import Order
from server.planning.model import Run, Stop
from shared.problems import Problem, Text
from shared.visit import VisitFacts
from shared.wire.event import ContainersLeaf


class ForeignParty(Problem):
    """The visit names an organisation, a customer or a deposit that is not of this stop; nobody's books are touched."""

    slug = "party-not-of-this-stop"
    title = Text("Étranger à cet arrêt", "Foreign to this stop")


def require_parties(
    session: Session,
    said: VisitFacts,
    *,
    run: Run,
    stop: Stop,
    cited: Sequence[Terms],
    once_named: Callable[[], frozenset[str]],
) -> None:
    """Refuse a visit whose leaves name others than the carrier and the sellers and issuers of the stop's orders.

    What a tablet sends is evidence, never an authority: for whom the office acts follows from rows it wrote itself.
    Money and empties that were taken before the office struck an order off are on the truck: ``once_named`` are those
    whom the versions of this run that the tablet had named at this stop, asked only where somebody is missing (ADR
    0050).

    Raises:
        ForeignParty: the visit is to be parked for a person.
    """
    goods = [read_terms(terms)[0] for terms in cited]
    _require(all(one.buyer_id == str(stop.buyer_id) for one in goods), "buyer_id")
    known = {str(run.owner_id)} | {org for one in goods for org in (one.seller_id, one.issuer_id)}
    riding = _riding(session, run)
    for ridden in stop.orders:
        known |= riding.get(ridden.order_id, set())
    claimed = {org for leaf in said.containers for org in (leaf.owner_id, leaf.creditor_id)}
    claimed |= {leaf.issuer_id for leaf in said.collections}
    if not claimed <= known:
        known |= once_named()
    _require(claimed <= known, "organisation")
    for leaf in said.containers:
        _require(leaf.unit_cents == _price(session, leaf, run), "unit_cents")


def _riding(session: Session, run: Run) -> dict[UUID, set[str]]:
    """Return seller and issuer of each order of the run, whose row is locked; read once in a transaction."""
    runs = remembered(session, "riding")
    if run.id not in runs:
        order_ids = [ridden.order_id for stop in run.stops for ridden in stop.orders]
        rows = session.execute(select(Order.id, Order.owner_id, Order.issuer_id).where(among(Order.id, order_ids)))
        runs[run.id] = {row.id: {str(row.owner_id), str(row.issuer_id or row.owner_id)} for row in rows}
    riding: dict[UUID, set[str]] = runs[run.id]
    return riding


def _price(session: Session, leaf: ContainersLeaf, run: Run) -> int | None:
    return session.scalar(
        select(ContainerPrice.unit_cents)
        .join(ContainerClass, ContainerClass.id == ContainerPrice.class_id)
        .where(
            ContainerClass.owner_id == UUID(leaf.owner_id),
            ContainerClass.code == leaf.container_class,
            ContainerPrice.valid_from <= run.runs_on,
        )
        .order_by(ContainerPrice.valid_from.desc())
        .limit(1)
    )


def _require(holds: bool, where: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not holds:
        raise ForeignParty(
            Text(
                "La visite nomme une organisation, un client ou une consigne qui n’est pas de cet arrêt.",
                "The visit names an organisation, a customer or a deposit that is not of this stop.",
            ),
            where=where,
        )
