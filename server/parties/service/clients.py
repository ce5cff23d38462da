"""How a seller keeps its clients: groups that inherit from « Tous », and settings of one client."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import Conflict, NotFound, Problem, Text
from server.core.stamp import Stamp
from server.core.uniqueness import add_unique
from server.parties import events
from server.parties.model import BillingType, Client, CustomerGroup, DeliverWith, Emission, SettlementPolicy

MAX_NET_DAYS = 365
MAX_MINIMUM_CENTS = 10**9
MAX_MINIMUM_ITEMS = 100_000
MAX_DISCOUNT_BP = 10_000
MAX_WORDS = 1_000
MAX_GROUP_NAME = 80


class BadGroup(Problem):
    """A group's figure is out of bounds."""

    slug = "bad-group"
    title = Text("Réglage de groupe invalide", "Invalid group setting")


class GroupTaken(Problem):
    """The seller already has a group of this name."""

    slug = "group-name-taken"
    status: ClassVar[int] = 409
    title = Text("Groupe déjà présent", "Group already there")


class NumberTaken(Problem):
    """Another client of the seller has this number."""

    slug = "client-number-taken"
    status: ClassVar[int] = 409
    title = Text("Numéro déjà pris", "Number already taken")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTerms:
    """What a group or a client may set; None leaves the field to the next in line, field by field (R071)."""

    billing_type: BillingType | None = None
    emission: Emission | None = None
    deliver_with: DeliverWith | None = None
    one_invoice_a_stop: bool | None = None
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
    return _set_terms(session, _my_group(session, group_id), terms, stamp)


def rename_group(session: Session, *, group_id: UUID, name: str, stamp: Stamp) -> CustomerGroup:
    """Return a group under another name; « Tous » keeps its own.

    Raises:
        NotFound: there is no such group.
        GroupTaken: another group has this name.
        Conflict: it is « Tous ».
    """
    group = _my_group(session, group_id)
    _require_own_group(group)
    others = select(CustomerGroup.id).where(
        CustomerGroup.owner_id == group.owner_id, CustomerGroup.name == name, CustomerGroup.id != group.id
    )
    if session.scalars(others).first() is not None:
        raise _taken(name)
    group.name = name
    session.flush()
    facts.record(session, events.GROUP_CHANGED, group.id, stamp)
    return group


def drop_group(session: Session, *, group_id: UUID, stamp: Stamp) -> None:
    """Remove a group; its clients are in « Tous » alone from then on, orders already made keep their terms.

    Raises:
        NotFound: there is no such group.
        Conflict: it is « Tous ».
    """
    group = _my_group(session, group_id)
    _require_own_group(group)
    session.execute(
        update(Client).where(Client.owner_id == group.owner_id, Client.group_id == group.id).values(group_id=None)
    )
    session.delete(group)
    session.flush()
    facts.record(session, events.GROUP_CHANGED, group_id, stamp)


def _require_own_group(group: CustomerGroup) -> None:
    if group.is_everyone:
        raise Conflict(
            Text(
                "«\u00a0Tous\u00a0» vaut pour chaque client\u00a0: ni retrait, ni autre nom.",
                "“Tous” holds for every client: it cannot be removed nor renamed.",
            ),
            where="group_id",
        )


def keep_client(
    session: Session,
    *,
    buyer_id: UUID,
    stamp: Stamp,
    group_id: UUID | None = None,
    billing_type: BillingType | None = None,
    emission: Emission | None = None,
    credit_limit_cents: int | None = None,
    terms: GroupTerms | None = None,
) -> Client:
    """Return the acting seller's client with exactly these settings; they win over its group's (R001).

    ``terms`` sets them all at once; without it ``billing_type`` and ``emission`` are the client's only ones.

    Raises:
        NotFound: there is no such client, or no such group.
    """
    client = _my_client(session, buyer_id)
    if group_id is not None:
        _my_group(session, group_id)
    client.group_id = group_id
    client.credit_limit_cents = credit_limit_cents
    _write_terms(client, terms or GroupTerms(billing_type=billing_type, emission=emission))
    session.flush()
    facts.record(session, events.CLIENT_CHANGED, client.id, stamp)
    return client


def name_client(session: Session, *, buyer_id: UUID, external_id: str | None, stamp: Stamp) -> Client:
    """Return the acting seller's client under the seller's own number for it.

    Raises:
        NumberTaken: another client has this number.
    """
    client = _my_client(session, buyer_id)
    other = session.scalars(
        select(Client.id).where(
            Client.owner_id == client.owner_id, Client.external_id == external_id, Client.id != client.id
        )
    ).first()
    if external_id is not None and other is not None:
        raise NumberTaken(
            Text(
                f"Un autre client a déjà le numéro «\u00a0{external_id}\u00a0». En choisir un autre.",
                f"Another client has the number “{external_id}” already. Choose another.",
            ),
            where="external_id",
        )
    if client.external_id != external_id:
        client.external_id = external_id
        facts.record(session, events.CLIENT_CHANGED, client.id, stamp)
    return client


def _my_client(session: Session, buyer_id: UUID) -> Client:
    client = session.scalars(
        select(Client).where(Client.owner_id == acting_org(session), Client.buyer_id == buyer_id).with_for_update()
    ).one_or_none()
    if client is None:
        raise NotFound(Text("Ce client n’existe pas.", "There is no such client."), where="buyer_id")
    return client


def _my_group(session: Session, group_id: UUID | None) -> CustomerGroup:
    """Return the acting seller's group, « Tous » without an id, locked."""
    mine = select(CustomerGroup).where(CustomerGroup.owner_id == acting_org(session))
    wanted = CustomerGroup.id == group_id if group_id else CustomerGroup.is_everyone
    group = session.scalars(mine.where(wanted).with_for_update()).one_or_none()
    if group is None:
        raise NotFound(Text("Ce groupe n’existe pas.", "There is no such group."), where="group_id")
    return group


def _taken(name: str) -> GroupTaken:
    return GroupTaken(
        Text(
            f"Le groupe «\u00a0{name}\u00a0» existe déjà. Choisir un autre nom.",
            f"The group “{name}” already exists. Choose another name.",
        ),
        where="name",
    )


def _set_terms(session: Session, group: CustomerGroup, terms: GroupTerms, stamp: Stamp) -> CustomerGroup:
    _write_terms(group, terms)
    session.flush()
    facts.record(session, events.GROUP_CHANGED, group.id, stamp)
    return group


def _write_terms(kept: CustomerGroup | Client, terms: GroupTerms) -> None:
    _require_bounds(terms)
    for one in fields(terms):
        setattr(kept, one.name, getattr(terms, one.name))


def _require_bounds(terms: GroupTerms) -> None:
    limits = {
        "net_days": MAX_NET_DAYS,
        "min_items": MAX_MINIMUM_ITEMS,
        "min_value_cents": MAX_MINIMUM_CENTS,
        "discount_bp": MAX_DISCOUNT_BP,
    }
    for name, most in limits.items():
        if not 0 <= (getattr(terms, name) or 0) <= most:
            raise BadGroup(Text(f"Il faut de 0 à {most}.", f"It must be from 0 to {most}."), where=name)
    for name in ("note_fr", "note_en", "footer_fr", "footer_en"):
        if len(getattr(terms, name) or "") > MAX_WORDS:
            raise BadGroup(
                Text(f"{MAX_WORDS} caractères au plus.", f"At most {MAX_WORDS} characters."),
                where=name,
            )
