"""Holding an order: acting for its seller, with its row locked and read again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar
from uuid import UUID

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from server.core.acting import acting_for, acting_org
from server.core.database import among
from server.core.each_owner import as_array
from server.core.memory import remembered
from server.core.problems import Forbidden, Problem, Text
from server.orders.model import Order, OrderEntry
from server.orders.queries import load_lines
from server.parties.model import Agreement
from shared.lifecycle import IllegalMove
from shared.money import format_money
from shared.states import LABELS, OrderState


class StaleOrder(Problem):
    """Somebody else changed the order after the caller read it."""

    slug = "order-changed-meanwhile"
    status: ClassVar[int] = 409
    title = Text("Commande modifiée entre-temps", "Order changed meanwhile")


_LOCKED = "orders"
_LOCK = text("SELECT lock_orders(CAST(:owners AS uuid[]), CAST(:mine AS text[]))")
_COLUMNS = [column.key for column in inspect(Order).column_attrs]
_CHANGED = ("revised", "restored")
_MOST_TOLD = 3
"""Of an order that was changed again and again meanwhile, the latest changes are told."""


@contextmanager
def held(session: Session, order: Order) -> Iterator[Order]:
    """Lock the order for its seller inside the block; what was read of it before the lock is read again, once.

    Its lines too, when they were read: whoever waited for the lock may find others, or none of those that it knew. What
    was worked out from the order before the block is worked out from what it said then: do it inside. Nobody else can
    see an order that this transaction makes and has not written yet.
    """
    locked = remembered(session, _LOCKED)
    with acting_for(session, order.owner_id):
        if locked.get(order.id) is not order and not inspect(order).pending:
            session.refresh(order, attribute_names=_COLUMNS, with_for_update=True)
            if "lines" not in inspect(order).unloaded:
                load_lines(session, [order])
            locked[order.id] = order
        yield order


def hold_all(session: Session, *, order_ids: Iterable[UUID], carrier_id: UUID | None = None) -> list[Order]:
    """Lock orders until the transaction ends and return them with their lines, as ``held`` would one by one.

    In ascending (seller, order), so that two transactions cannot deadlock. Orders of another carrier than the one
    named, and those that the acting organisation may not read, are left out.
    """
    wanted: dict[UUID, list[UUID]] = defaultdict(list)
    query = select(Order.owner_id, Order.id).where(among(Order.id, order_ids))
    if carrier_id is not None:
        query = query.where(Order.carrier_id == carrier_id)
    for owner_id, order_id in session.execute(query):
        wanted[owner_id].append(order_id)
    session.flush()
    owners = sorted(wanted)
    session.execute(_LOCK, {"owners": owners, "mine": [as_array(wanted[owner_id]) for owner_id in owners]})
    locked = remembered(session, _LOCKED)
    locked.update(_with_lines(session, [order_id for mine in wanted.values() for order_id in mine]))
    return [locked[order_id] for owner_id in sorted(wanted) for order_id in sorted(wanted[owner_id])]


def hold_rest(session: Session, *, order_ids: Iterable[UUID], carrier_id: UUID) -> list[Order]:
    """Return what ``hold_all`` would; orders that the transaction holds already are not read again."""
    wanted = set(order_ids)
    known = [order for order_id in wanted if (order := held_already(session, order_id)) is not None]
    missing = wanted - {order.id for order in known}
    found = hold_all(session, order_ids=missing, carrier_id=carrier_id) if missing else []
    mine = [order for order in known if order.carrier_id == carrier_id]
    return sorted([*mine, *found], key=lambda order: (order.owner_id, order.id))


def held_already(session: Session, order_id: UUID) -> Order | None:
    """Return an order that this transaction locked before, with its lines if ``hold_all`` did."""
    order: Order | None = remembered(session, _LOCKED).get(order_id)
    return order if order is not None and "lines" not in inspect(order).unloaded else None


def _with_lines(session: Session, order_ids: list[UUID]) -> dict[UUID, Order]:
    """Read locked orders as they are now, whoever of their parties acts."""
    query = select(Order).where(among(Order.id, order_ids)).execution_options(populate_existing=True)
    return {order.id: order for order in load_lines(session, session.scalars(query))}


def require_revision(order: Order, seen_revision: int | None) -> None:
    """Refuse to act on an order that is no longer what the caller read; None asks nothing. No price is told (C29).

    Raises:
        StaleOrder: its content was changed since.
    """
    if seen_revision is not None and seen_revision != order.revision:
        said = Text("Son historique dit ce qui a changé.", "Its history says what changed.")
        raise _stale(order, seen_revision, [said])


def require_seen(session: Session, order: Order, seen_revision: int | None) -> None:
    """Refuse as ``require_revision`` does, and tell what changed since and what the order comes to now.

    For those who read its prices; the session acts for the seller.

    Raises:
        StaleOrder: its content was changed since.

    Source: R043, R064, R077: what was seen is what is answered.
    """
    if seen_revision is None or seen_revision == order.revision:
        return
    changed = select(OrderEntry).where(OrderEntry.order_id == order.id, OrderEntry.kind.in_(_CHANGED))
    latest = changed.order_by(OrderEntry.at.desc(), OrderEntry.id.desc())
    since = session.scalars(latest.limit(min(_MOST_TOLD, max(order.revision - seen_revision, 0)))).all()
    total, total_en = (format_money(order.total_cents, order.currency, language) for language in ("fr", "en"))
    now = Text(f"Total\u00a0: {total}.", f"Total: {total_en}.")
    raise _stale(order, seen_revision, [*(Text(one.text_fr, one.text_en) for one in reversed(since)), now])


def _stale(order: Order, seen_revision: int, said: Sequence[Text]) -> StaleOrder:
    return StaleOrder(
        Text(
            f"La commande {order.number} a été modifiée entre-temps\u00a0: révision {order.revision}, "
            f"vous aviez la {seen_revision}. {' '.join(one.fr for one in said)} Rechargez-la, puis recommencez.",
            f"Order {order.number} was changed meanwhile: revision {order.revision}, you had {seen_revision}. "
            f"{' '.join(one.en for one in said)} Load it again, then start over.",
        ),
        where="revision",
        revision=order.revision,
    )


def require_seller_side(session: Session, order: Order) -> None:
    """Let the seller, its agent or its billing agent decide, and nobody else.

    Raises:
        Forbidden: the buyer acts (R045), or a carrier that does not bill for the seller.

    Source: section 3 (accept, reject, restore, cancel: the distributor only if agreed).
    """
    refuse_buyer(session, order)
    if not is_seller_side(session, order):
        raise Forbidden(
            Text(
                "Seuls le vendeur et ses agents répondent à cette commande.",
                "Only the seller and its agents answer this order.",
            ),
            where=order.number,
        )


def is_seller_side(session: Session, order: Order) -> bool:
    """Say whether the acting organisation is the seller, its agent, who issues, or who bills by the agreement."""
    me = acting_org(session)
    if me == order.buyer_id:
        return False
    if me in {order.owner_id, order.agent_id, order.issuer_id}:
        return True
    with acting_for(session, order.owner_id):
        agreement = session.get(Agreement, order.agreement_id) if order.agreement_id else None
    return agreement is not None and agreement.billing_agent_id == me


def require_state(order: Order, state: OrderState) -> None:
    """Refuse a verb that begins in one state alone, where the table has another move to the same end.

    Raises:
        IllegalMove: the order is not in ``state``.
    """
    if order.state is not state:
        now, wanted = LABELS[order.state], LABELS[state]
        raise IllegalMove(
            Text(
                f"La commande {order.number} est «\u00a0{now.fr}\u00a0»; "
                f"cette étape part de «\u00a0{wanted.fr}\u00a0».",
                f"Order {order.number} is “{now.en}”; this step begins at “{wanted.en}”.",
            ),
            where=order.number,
            now=order.state.value,
        )


def refuse_buyer(session: Session, order: Order) -> None:
    """Refuse changes by the retailer in every state after creation.

    Raises:
        Forbidden: the buyer acts.

    Source: R045; the buyer asks through the order's chat (C13).
    """
    if acting_org(session) == order.buyer_id:
        raise Forbidden(
            Text(
                "Le détaillant ne modifie ni n’annule une commande. Le demander au vendeur dans le clavardage.",
                "A retailer neither changes nor cancels an order. Ask the seller in the order’s chat.",
            ),
            where=order.number,
        )
