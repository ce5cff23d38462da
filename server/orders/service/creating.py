"""An order comes to be: four parties, lines from formats, a number, its terms, then it is submitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.catalog.service import name_of
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.once import lock_key
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.orders import events
from server.orders.model import DistributionMethod, Order
from server.orders.pricing import reprice
from server.orders.service.between import OrderParties, contracted_carrier, require_parties
from server.orders.service.choosing import require_choices, require_days, require_plain_prices
from server.orders.service.holding import held, require_seen
from server.orders.service.lines import BadOrder, OrderItem, make_lines, tax_rules_for
from server.orders.service.numbering import next_number
from server.orders.service.offer import require_within_offer
from server.orders.service.rebates import Rebate, share_rebates
from server.orders.service.timeline import enter
from server.orders.snapshot import snapshot_of
from server.parties import queries as parties
from server.parties import service as deals
from server.parties.terms import ChosenTerms, EffectiveTerms, effective_terms
from shared.ids import new_id
from shared.states import BillingState, OrderState

MAX_NOTE: Final = 2000


class OrderMadeAlready(Problem):
    """The same key came with another content: an order that was made is not made over in silence."""

    slug = "order-made-already"
    status: ClassVar[int] = 409
    title = Text("Commande déjà faite", "Order made already")


def create_order(
    session: Session,
    *,
    parties_of: OrderParties,
    items: Sequence[OrderItem],
    stamp: Stamp,
    distribution: DistributionMethod = DistributionMethod.DISTRIBUTOR,
    chosen: ChosenTerms | None = None,
    planned_on: date | None = None,
    wanted_on: date | None = None,
    document_discount_cents: int = 0,
    taxed: bool = True,
    with_deposits: bool = True,
    rebates: Sequence[Rebate] = (),
    note: str = "",
    maker_name: str = "",
    key: UUID | None = None,
) -> Order:
    """Return a numbered draft order with its lines, priced; any of its parties may make it once related.

    Prices, taxes and deposits are frozen at the business day of the seller. The maker, with name and organisation,
    is recorded beside the retailer that the order is for (R036). ``key`` is the maker's: asked again with it, the order
    that was made is returned as it stands. ``wanted_on`` is a wish that its carrier reads and no date follows;
    ``planned_on`` is the day that dates follow, from the seller's side or the carrier (R074).

    Raises:
        NoRelation, NoAgreement, NotItsAgent: seller and buyer, carrier or agent have no such active deal.
        Forbidden: the acting organisation is none of the parties, or chooses what is not its own to choose: terms,
            agent, planned day, prices, discounts, taxes, deposits.
        NotFound: the place is not the buyer's.
        BadOrder: its content cannot be, or a day is out of bounds.
        OrderMadeAlready: the key made an order of other goods, or for somebody else.

    Source: R027, R034-R036, R038, R047, R048, R050-R052.
    """
    _require_content(note, document_discount_cents)
    require_parties(session, parties_of, distribution)
    require_choices(session, parties_of, distribution, chosen=chosen or ChosenTerms())
    require_days(session, parties_of, distribution, planned_on=planned_on, wanted_on=wanted_on, at=stamp.at)
    terms = effective_terms(
        session,
        seller_id=parties_of.seller_id,
        buyer_id=parties_of.buyer_id,
        carrier_id=contracted_carrier(parties_of, distribution),
        chosen=chosen,
    )
    readers = _readers(parties_of, terms)
    _let_them_read(session, parties_of, readers)
    maker_org_id, typed_by = acting_org(session), name_of(session, stamp)
    with acting_for(session, parties_of.seller_id):
        if key is not None and (known := _made_before(session, parties_of.seller_id, maker_org_id, key)) is not None:
            _require_same(known, parties_of, items)
            return known
        seller = parties.organisation(session, org_id=parties_of.seller_id)
        today = stamp.at.astimezone(parties.zone_of(session, org_id=seller.id)).date()
        order = Order(
            id=new_id(),
            number=next_number(session, seller_id=seller.id, code=seller.code, year=today.year),
            owner_id=seller.id,
            party_ids=readers,
            **_party_columns(parties_of),
            **_terms_columns(terms),
            distribution=distribution,
            state=OrderState.DRAFT,
            billing_state=BillingState.UNINVOICED,
            currency=seller.currency,
            taxed=taxed,
            with_deposits=with_deposits,
            document_discount_cents=document_discount_cents,
            note=note,
            key=key,
            created_by=stamp.by,
            created_by_name=maker_name,
            created_by_org_id=maker_org_id,
            created_for_id=parties_of.buyer_id,
            submitted_at=stamp.at,
            priced_on=today,
            planned_on=planned_on,
            wanted_on=wanted_on,
            submitted_snapshot={},
        )
        taxes = tax_rules_for(session, issuer_id=terms.issuer_id, on=today)
        order.lines = make_lines(session, order, items=items, on=today, typed_by=typed_by)
        if maker_org_id == order.buyer_id:
            require_within_offer(session, order, items=items, rebates=rebates, on=today)
        share_rebates(order, rebates, codes=[rule.code for rule in taxes])
        reprice(order, taxes=taxes, on=today)
        session.add(order)
        session.flush()
        _tell_created(session, order, stamp)
    require_plain_prices(session, order, items=items, rebates=rebates)
    return order


def _made_before(session: Session, seller_id: UUID, maker_org_id: UUID, key: UUID) -> Order | None:
    """Return what the same maker made of the seller's goods with this key; who asks at the same time waits."""
    lock_key(session, asker_id=maker_org_id, key=key)
    made = select(Order).filter_by(owner_id=seller_id, created_by_org_id=maker_org_id, key=key)
    return session.scalars(made.options(selectinload(Order.lines))).one_or_none()


def _require_same(known: Order, named: OrderParties, items: Sequence[OrderItem]) -> None:
    wanted, made = Counter[UUID | None](), Counter[UUID | None]()
    for item in items:
        wanted[item.format_id] += item.quantity
    for line in known.lines:
        made[line.format_id] += line.quantity
    is_untouched = known.revision == 1
    if (known.buyer_id, known.site_id) != (named.buyer_id, named.site_id) or (is_untouched and wanted != made):
        raise OrderMadeAlready(
            Text(
                f"Ce formulaire a déjà fait la commande {known.number}, autrement remplie. "
                "Modifiez-la, ou ouvrez un nouveau formulaire.",
                f"This form made order {known.number} already, filled in differently. Change it, or open a new form.",
            ),
            where="key",
            page=f"/commandes/{known.id}",
        )


def submit(session: Session, *, order: Order, stamp: Stamp, seen_revision: int | None = None) -> Order:
    """Send a draft to its seller; what was submitted is kept for ``restore``. ``order.lines`` must be loaded.

    With ``seen_revision`` the draft must still be as the caller read it.

    Raises:
        StaleOrder: it was changed since.
        IllegalMove: it is no draft any more.

    Source: section 4 (brouillon → en_attente), R066.
    """
    with held(session, order):
        require_seen(session, order, seen_revision)
        order.move_to(OrderState.PENDING)
        order.submitted_at = stamp.at
        order.submitted_snapshot = snapshot_of(order)
        enter(session, order, "submitted", Text("Commande soumise.", "Order submitted."), stamp)
        facts.record(session, events.ORDER_SUBMITTED, order.id, stamp, readers=tuple(order.party_ids))
    return order


def _require_content(note: str, document_discount_cents: int) -> None:
    if len(note) > MAX_NOTE:
        raise BadOrder(
            Text(f"La note a {MAX_NOTE} caractères au plus.", f"A note has {MAX_NOTE} characters at most."),
            where="note",
        )
    if document_discount_cents < 0:
        raise BadOrder(
            Text("Un rabais n’est pas négatif.", "A discount is not negative."), where="document_discount_cents"
        )


def _readers(named: OrderParties, terms: EffectiveTerms) -> list[UUID]:
    return sorted({*named.org_ids, terms.issuer_id} - {named.seller_id})


def _let_them_read(session: Session, named: OrderParties, readers: list[UUID]) -> None:
    shared = deals.share_site(
        session, site_id=named.site_id, buyer_id=named.buyer_id, reader_ids=(*readers, named.seller_id)
    )
    if shared is None:
        raise NotFound(
            Text("Ce lieu n’appartient pas à l’acheteur.", "This place does not belong to the buyer."), where="site_id"
        )
    deals.introduce(session, org_ids=(*readers, named.seller_id))


def _party_columns(named: OrderParties) -> dict[str, Any]:
    return {
        "buyer_id": named.buyer_id,
        "site_id": named.site_id,
        "carrier_id": named.carrier_id,
        "agent_id": named.agent_id,
    }


def _terms_columns(terms: EffectiveTerms) -> dict[str, Any]:
    return {
        "agreement_id": terms.agreement_id,
        "billing_type": terms.billing_type,
        "emission": terms.emission,
        "deliver_with": terms.deliver_with,
        "one_invoice_a_stop": terms.one_invoice_a_stop,
        "settlement_policy": terms.settlement_policy,
        "credit_threshold_cents": terms.credit_threshold_cents,
        "net_days": terms.net_days,
    }


def _tell_created(session: Session, order: Order, stamp: Stamp) -> None:
    by = (
        Text(f" par {order.created_by_name}", f" by {order.created_by_name}") if order.created_by_name else Text("", "")
    )
    created = Text(f"Bon de commande {order.number} émis{by.fr}.", f"Purchase order {order.number} issued{by.en}.")
    enter(session, order, "created", created, stamp)
    if not order.taxed:
        enter(session, order, "untaxed", Text("Taxes retirées.", "Taxes removed."), stamp)
    if not order.with_deposits:
        enter(session, order, "without_deposits", Text("Consignes retirées.", "Deposits removed."), stamp)
    facts.record(session, events.ORDER_CREATED, order.id, stamp, readers=tuple(order.party_ids))
