"""Which settings hold between a seller, a buyer and a carrier, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.acting import acting_for
from server.core.problems import Problem, Text
from server.parties.model import (
    Agreement,
    BillingType,
    Client,
    CustomerGroup,
    DeliverWith,
    Emission,
    Organisation,
    RelationState,
    SettlementPolicy,
)


class NoBillingAgent(Problem):
    """Agent billing was asked for, but the agreement names no billing agent (C28)."""

    slug = "no-billing-agent"
    status = 409
    title = Text("Aucun agent facturant", "No billing agent")


class OneInvoiceNeedsAgent(Problem):
    """One invoice a stop was asked for an order that no billing agent invoices (C15)."""

    slug = "one-invoice-needs-agent"
    status = 409
    title = Text("Facture unique sans agent", "One invoice without agent")


class Source(StrEnum):
    """Where a setting comes from; the first that sets it wins (R001, C2)."""

    ORDER = "order"
    CLIENT = "client"
    GROUP = "group"
    EVERYONE = "everyone"
    AGREEMENT = "agreement"
    SELLER = "seller"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTerms:
    """What was chosen for one order alone; None leaves it to the client, its group, « Tous » or the agreement."""

    billing_type: BillingType | None = None
    emission: Emission | None = None
    deliver_with: DeliverWith | None = None
    one_invoice_a_stop: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveTerms:
    """The settings that hold, with ``sources`` by field name. ``issuer_id`` is who would invoice (C28).

    ``agent_fee_bp`` is what a billing agent would keep of the net, in hundredths of a percent; 0 where none bills.

    ``discount_bp`` (hundredths of a percent) and the note are what an order of this buyer begins with.
    """

    billing_type: BillingType
    emission: Emission
    deliver_with: DeliverWith
    one_invoice_a_stop: bool
    settlement_policy: SettlementPolicy
    net_days: int
    credit_threshold_cents: int | None
    min_items: int
    min_value_cents: int
    auto_accept: bool
    discount_bp: int
    note_fr: str
    note_en: str
    footer_fr: str
    footer_en: str
    balance_visible: bool
    issuer_id: UUID
    agent_fee_bp: int
    agreement_id: UUID | None
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds when nobody said anything. Invoices are made at delivery (R041)."""

    billing_type: BillingType = BillingType.PLATFORM
    emission: Emission = Emission.ON_DELIVERED
    deliver_with: DeliverWith = DeliverWith.PO
    one_invoice_a_stop: bool = False
    settlement_policy: SettlementPolicy = SettlementPolicy.ADJUST
    net_days: int = 30
    min_items: int = 0
    min_value_cents: int = 0
    auto_accept: bool = False
    discount_bp: int = 0
    note_fr: str = ""
    note_en: str = ""
    footer_fr: str = ""
    footer_en: str = ""
    balance_visible: bool = False


FIELDS: Final = tuple(one.name for one in fields(Defaults))
"""What a seller may set for an order's terms, by name, in the order in which pages show it."""
_ANYONES_CHOICE: Final = {Source.ORDER, Source.CLIENT, Source.GROUP, Source.EVERYONE}

type _Layers = Sequence[tuple[Source, object | None]]


def effective_terms(
    session: Session,
    *,
    seller_id: UUID,
    buyer_id: UUID,
    carrier_id: UUID | None,
    chosen: ChosenTerms | None = None,
) -> EffectiveTerms:
    """Return what holds between the three, field by field, and where each value comes from.

    Order over client over group over « Tous » over the agreement (deliver_with, policy, threshold) over defaults.
    External billing always delivers with the purchase order; emission by run documents presets the invoice; one
    invoice a stop holds where the agent bills alone.

    Raises:
        NoBillingAgent: agent billing without an agent in the agreement.
        OneInvoiceNeedsAgent: one invoice a stop chosen for an order that no agent bills.

    Source: R001, R002, R009, R012, R013, R071, C2, C15, C28.
    """
    with acting_for(session, seller_id):
        client, group, everyone = _client_and_groups(session, seller_id, buyer_id)
        agreement = _agreement(session, seller_id, carrier_id)
        seller = session.get_one(Organisation, seller_id)
    layers: _Layers = (
        (Source.ORDER, chosen),
        (Source.CLIENT, client),
        (Source.GROUP, group),
        (Source.EVERYONE, everyone),
        (Source.AGREEMENT, agreement),
        (Source.SELLER, seller),
        (Source.DEFAULT, Defaults()),
    )
    picked = {name: _first_set(layers, name) for name in FIELDS}
    picked["deliver_with"] = _delivered_with(picked)
    picked["one_invoice_a_stop"] = _one_invoice(picked)
    return EffectiveTerms(
        **{name: value for name, (value, _) in picked.items()},
        credit_threshold_cents=agreement.credit_threshold_cents if agreement else None,
        issuer_id=_issuer_id(seller_id, picked["billing_type"][0], agreement),
        agent_fee_bp=agreement.agent_fee_bp if agreement and picked["billing_type"][0] is BillingType.AGENT else 0,
        agreement_id=agreement.id if agreement else None,
        sources={name: source for name, (_, source) in picked.items()},
    )


def standing_discount(session: Session, *, seller_id: UUID, buyer_id: UUID) -> tuple[int, str]:
    """Return the discount that the client, its group or « Tous » has, in hundredths of a percent, and whose it is.

    The session acts for the seller; the name is the group's, empty for the client's own.

    Source: R049, R071.
    """
    client, group, everyone = _client_and_groups(session, seller_id, buyer_id)
    for layer in (client, group, everyone):
        if layer is not None and layer.discount_bp is not None:
            return layer.discount_bp, "" if isinstance(layer, Client) else layer.name
    return 0, ""


def balance_is_shared(session: Session, *, issuer_id: UUID, buyer_id: UUID) -> bool:
    """Say whether an issuer lets a buyer see what it owes: the client's setting, its group's, or that of « Tous ».

    Source: R079; hidden while nobody chose.
    """
    with acting_for(session, issuer_id):
        client, group, everyone = _client_and_groups(session, issuer_id, buyer_id)
    layers = ((Source.CLIENT, client), (Source.GROUP, group), (Source.EVERYONE, everyone))
    shared: bool = _first_set((*layers, (Source.DEFAULT, Defaults())), "balance_visible")[0]
    return shared


def _first_set(layers: _Layers, name: str) -> tuple[Any, Source]:
    for source, layer in layers:
        if (value := getattr(layer, name, None)) is not None:
            return value, source
    raise LookupError(name)


def _delivered_with(picked: Mapping[str, tuple[Any, Source]]) -> tuple[DeliverWith, Source]:
    deliver_with, source = picked["deliver_with"]
    if picked["billing_type"][0] is BillingType.EXTERNAL:
        return DeliverWith.PO, picked["billing_type"][1]
    if picked["emission"][0] is Emission.ON_RUN_DOCUMENTS and source not in _ANYONES_CHOICE:
        return DeliverWith.INVOICE, picked["emission"][1]
    return deliver_with, source


def _one_invoice(picked: Mapping[str, tuple[Any, Source]]) -> tuple[bool, Source]:
    wanted, source = picked["one_invoice_a_stop"]
    billing_type, of_billing = picked["billing_type"]
    if billing_type is BillingType.AGENT or not wanted:
        return wanted, source
    if source is Source.ORDER:
        raise OneInvoiceNeedsAgent(
            Text(
                "Une seule facture par arrêt demande la facturation par l’agent. Choisir l’agent, ou y renoncer.",
                "One invoice a stop needs billing by the agent. Choose the agent, or do without.",
            ),
            where="one_invoice_a_stop",
        )
    return False, of_billing


def _issuer_id(seller_id: UUID, billing_type: BillingType, agreement: Agreement | None) -> UUID:
    if billing_type is not BillingType.AGENT:
        return seller_id
    if agreement is None or agreement.billing_agent_id is None:
        raise NoBillingAgent(
            Text(
                "L’accord avec le distributeur ne nomme aucun agent facturant. Le nommer, ou changer de facturation.",
                "The agreement with the distributor names no billing agent. Name one, or change the billing type.",
            ),
            where="billing_type",
        )
    return agreement.billing_agent_id


def _client_and_groups(
    session: Session, seller_id: UUID, buyer_id: UUID
) -> tuple[Client | None, CustomerGroup | None, CustomerGroup | None]:
    client = session.scalars(
        select(Client).where(Client.owner_id == seller_id, Client.buyer_id == buyer_id)
    ).one_or_none()
    group_id = client.group_id if client else None
    groups = session.scalars(
        select(CustomerGroup).where(
            CustomerGroup.owner_id == seller_id, CustomerGroup.is_everyone | (CustomerGroup.id == group_id)
        )
    ).all()
    everyone = next((group for group in groups if group.is_everyone), None)
    own = next((group for group in groups if group.id == group_id and not group.is_everyone), None)
    return client, own, everyone


def _agreement(session: Session, seller_id: UUID, carrier_id: UUID | None) -> Agreement | None:
    if carrier_id is None:
        return None
    return session.scalars(
        select(Agreement).where(
            Agreement.owner_id == seller_id,
            Agreement.carrier_id == carrier_id,
            Agreement.state == RelationState.ACTIVE,
        )
    ).one_or_none()
