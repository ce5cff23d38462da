"""How a seller keeps its clients: groups that inherit from « Tous », and settings of one client."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.core.uniqueness import add_unique
from server.parties import events
from server.parties.model import BillingType, Client, CustomerGroup, DeliverWith, Emission, SettlementPolicy

MAX_NET_DAYS = 365
MAX_MINIMUM_CENTS = 10**9
MAX_MINIMUM_ITEMS = 100_000


class BadGroup(Problem):
    """A group's figure is out of bounds."""

    slug = "bad-group"
    title = Text("Réglage de groupe invalide", "Invalid group setting")


class GroupTaken(Problem):
    """The seller already has a group of this name."""

    slug = "group-name-taken"
    status: ClassVar[int] = 409
    title = Text("Groupe déjà présent", "Group already there")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTerms:
    """What a group or a client may set; None leaves the field to the next in line, field by field (R071)."""

    billing_type: BillingType | None = None
    emission: Emission | None = None
    deliver_with: DeliverWith | None = None
    settlement_policy: SettlementPolicy | None = None
    net_days: int | None = None
    min_items: int | None = None
    min_value_cents: int | None = None
    auto_accept: bool | None = None
    discount_bp: int | None = None
    note_fr: str | None = None
    note_en: str | None = None
    footer_fr: str | None = None
    footer_en: str | None = None
    balance_visible: bool | None = None


def create_group(session: Session, *, name: str, terms: GroupTerms, stamp: Stamp) -> CustomerGroup:
    """Return a new group of the acting seller."""
    group = CustomerGroup(owner_id=acting_org(session), name=name)
    add_unique(session, group, taken=_taken(name))
    return _set_terms(session, group, terms, stamp)


def change_group(session: Session, *, terms: GroupTerms, stamp: Stamp, group_id: UUID | None = None) -> CustomerGroup:
    """Return the acting seller's group with exactly these terms; without ``group_id`` the group « Tous ».

    Orders already made keep what they were made with.
    """
    mine = select(CustomerGroup).where(CustomerGroup.owner_id == acting_org(session))
    wanted = CustomerGroup.id == group_id if group_id else CustomerGroup.is_everyone
    group = session.scalars(mine.where(wanted).with_for_update()).one_or_none()
    if group is None:
        raise NotFound(Text("Ce groupe n’existe pas.", "There is no such group."), where="group_id")
    return _set_terms(session, group, terms, stamp)


def keep_client(
    session: Session,
    *,
    buyer_id: UUID,
    stamp: Stamp,
    group_id: UUID | None = None,
    billing_type: BillingType | None = None,
    emission: Emission | None = None,
    credit_limit_cents: int | None = None,
) -> Client:
    """Return the acting seller's client with exactly these settings; they win over its group's (R001)."""
    client = session.scalars(
        select(Client).where(Client.owner_id == acting_org(session), Client.buyer_id == buyer_id).with_for_update()
    ).one_or_none()
    if client is None:
        raise NotFound(Text("Ce client n’existe pas.", "There is no such client."), where="buyer_id")
    client.group_id = group_id
    client.billing_type = billing_type
    client.emission = emission
    client.credit_limit_cents = credit_limit_cents
    session.flush()
    facts.record(session, events.CLIENT_CHANGED, client.id, stamp)
    return client


def _taken(name: str) -> GroupTaken:
    return GroupTaken(
        Text(
            f"Le groupe «\u00a0{name}\u00a0» existe déjà. Choisir un autre nom.",
            f"The group “{name}” already exists. Choose another name.",
        ),
        where="name",
    )


def _set_terms(session: Session, group: CustomerGroup, terms: GroupTerms, stamp: Stamp) -> CustomerGroup:
    _require_bounds(terms)
    for one in fields(terms):
        setattr(group, one.name, getattr(terms, one.name))
    session.flush()
    facts.record(session, events.GROUP_CHANGED, group.id, stamp)
    return group


def _require_bounds(terms: GroupTerms) -> None:
    limits = {
        "net_days": MAX_NET_DAYS,
        "min_items": MAX_MINIMUM_ITEMS,
        "min_value_cents": MAX_MINIMUM_CENTS,
    }
    for name, most in limits.items():
        if not 0 <= (getattr(terms, name) or 0) <= most:
            raise BadGroup(Text(f"Il faut de 0 à {most}.", f"It must be from 0 to {most}."), where=name)
