"""A sealed visit may touch the books of its stop's own parties alone, at the deposits that the office gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.catalog.model import ContainerClass, ContainerPrice
from server.core.acting import acting_for
from server.core.database import among
from server.core.memory import remembered
from server.delivery.model import Terms
from server.delivery.service import read_terms
from server.orders.model import Order
from server.planning.model import Run, Stop
from shared.money import format_money
from shared.problems import Problem, Text
from shared.visit import VisitFacts
from shared.wire.event import ContainersLeaf

type Deposit = tuple[str, str, int]
"""Whose container it is, its class and its deposit in cents."""


@dataclass(frozen=True, slots=True)
class OnceNamed:
    """What the versions of a run that a tablet had said of one stop: the ids of its parties, and the deposits."""

    org_ids: frozenset[str] = frozenset()
    deposits: frozenset[Deposit] = frozenset()


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
    once_named: Callable[[], OnceNamed],
) -> None:
    """Refuse a visit whose leaves name others than the carrier and the sellers and issuers of the stop's orders.

    What a tablet sends is evidence, never an authority: for whom the office acts, and at which deposits, follows from
    rows it wrote itself. Money and empties that were taken before the office struck an order off are on the truck, and
    a deposit was signed as it was shown, whatever its table says since: ``once_named`` is what the versions of this run
    that the tablet had said of this stop, asked only where something is missing (ADR 0050).

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
    unpriced = [leaf for leaf in said.containers if leaf.unit_cents != _price(session, leaf, run)]
    once = OnceNamed() if claimed <= known and not unpriced else once_named()
    _require(claimed <= known | once.org_ids, "organisation")
    for leaf in unpriced:
        if (leaf.owner_id, leaf.container_class, leaf.unit_cents) not in once.deposits:
            raise _other_deposit(session, leaf)


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
                "La visite nomme une organisation ou un client qui n’est pas de cet arrêt.",
                "The visit names an organisation or a customer that is not of this stop.",
            ),
            where=where,
        )


def _other_deposit(session: Session, leaf: ContainersLeaf) -> ForeignParty:
    with acting_for(session, UUID(leaf.creditor_id)):
        currency = letterhead(session, org_id=UUID(leaf.creditor_id)).currency
    fr, en = (format_money(leaf.unit_cents, currency, language) for language in ("fr", "en"))
    return ForeignParty(
        Text(
            f"Contenant «\u00a0{leaf.container_class}\u00a0» à {fr}\u00a0: ni la table des consignes du jour ni une "
            "version de la tournée que la tablette a eue ne dit cette consigne. La faire inscrire par qui possède le "
            "contenant, puis appliquer la visite; sinon l’écarter.",
            f"Container “{leaf.container_class}” at {en}: neither the day’s table of deposits nor a version of the run "
            "that the tablet had says this deposit. Have the container’s owner enter it, then apply the visit; else "
            "set it aside.",
        ),
        where="unit_cents",
    )
