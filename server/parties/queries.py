"""Reads over organisations, places and deals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, case, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.core.acting import acting_for, acting_org
from server.core.days import HOME_ZONE
from server.core.facts import Fact
from server.core.problems import NotFound, Text
from server.parties.model import (
    Agreement,
    Client,
    CustomerGroup,
    Organisation,
    OrganisationKind,
    Relation,
    RelationState,
    Site,
    TaxRegistration,
)

_CARDS: Final = text("SELECT * FROM own_cards(CAST(:owners AS uuid[]))")
_REGISTRATIONS: Final = text("SELECT * FROM own_registrations(CAST(:owners AS uuid[]), CAST(:day AS date))")

PAGE_ROWS: Final = 50


def organisation(session: Session, *, org_id: UUID) -> Organisation:
    """Return an organisation that the acting one may read.

    Raises:
        NotFound: there is none, or it is a stranger.
    """
    found = session.get(Organisation, org_id)
    if found is None:
        raise NotFound(Text("Cette organisation n’existe pas.", "There is no such organisation."), where="org_id")
    return found


def names(session: Session, *, org_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Return the names of those organisations that the acting one may read."""
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(set(org_ids))))
    return {row.id: row.name for row in rows}


def zone_of(session: Session, *, org_id: UUID) -> ZoneInfo:
    """Return the time zone in which an organisation counts its days."""
    with acting_for(session, org_id):
        return ZoneInfo(organisation(session, org_id=org_id).timezone)


def zone_or_ours(session: Session, *, org_id: UUID) -> ZoneInfo:
    """Return an organisation's time zone, or the product's home zone for one that has no card here yet."""
    card = session.get(Organisation, org_id)
    return ZoneInfo(card.timezone) if card else HOME_ZONE


def sites(session: Session, *, site_ids: Iterable[UUID]) -> Mapping[UUID, Site]:
    """Return the places among ``site_ids`` that the acting organisation may read."""
    return {site.id: site for site in session.scalars(select(Site).where(Site.id.in_(set(site_ids))))}


def sites_of(session: Session, *, org_id: UUID) -> list[Site]:
    """Return the places of an organisation that the acting one may read, the oldest first."""
    return list(session.scalars(select(Site).where(Site.owner_id == org_id).order_by(Site.id)))


def site(session: Session, *, site_id: UUID) -> Site:
    """Return a place that the acting organisation may read.

    Raises:
        NotFound: there is none, or it is a stranger's.
    """
    found = session.get(Site, site_id)
    if found is None:
        raise NotFound(Text("Ce lieu n’existe pas.", "There is no such place."), where="site_id")
    return found


def registrations(session: Session, *, org_id: UUID, on: date) -> list[TaxRegistration]:
    """Return the tax registrations that an organisation prints on a day, by tax code."""
    return registrations_of(session, org_ids=[org_id], on=on)[org_id]


def registrations_of(session: Session, *, org_ids: Iterable[UUID], on: date) -> dict[UUID, list[TaxRegistration]]:
    """Return the tax registrations that each of these organisations prints on a day, by tax code."""
    found: dict[UUID, list[TaxRegistration]] = {org_id: [] for org_id in org_ids}
    session.flush()
    asked = {"owners": list(found), "day": on}
    for one in session.scalars(select(TaxRegistration).from_statement(_REGISTRATIONS), asked):
        found[one.owner_id].append(one)
    return found


def cards(session: Session, *, org_ids: Iterable[UUID]) -> Mapping[UUID, Organisation]:
    """Return these organisations, each read for itself: whoever acts need not know them."""
    session.flush()
    found = session.scalars(select(Organisation).from_statement(_CARDS), {"owners": list(org_ids)})
    return {one.id: one for one in found}


def partner_ids(session: Session) -> list[UUID]:
    """Return who shares an active agreement with the acting organisation, on either side of it."""
    me = acting_org(session)
    rows = session.execute(
        select(Agreement.owner_id, Agreement.carrier_id).where(Agreement.state == RelationState.ACTIVE)
    )
    return sorted({org_id for row in rows for org_id in row if me in row} - {me})


def clients(session: Session) -> list[tuple[Client, Organisation]]:
    """Return the acting seller's clients with their cards, by name."""
    rows = session.execute(
        select(Client, Organisation)
        .join(Organisation, Organisation.id == Client.buyer_id)
        .where(Client.owner_id == acting_org(session))
        .order_by(Organisation.name, Organisation.id)
    )
    return [(row[0], row[1]) for row in rows]


def group_of(session: Session, *, seller_id: UUID, buyer_id: UUID) -> UUID | None:
    """Return the group in which a seller, for whom the session acts, keeps a client; None is « Tous » alone."""
    return session.scalar(select(Client.group_id).where(Client.owner_id == seller_id, Client.buyer_id == buyer_id))


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client as a list shows it."""

    client: Client
    card: Organisation
    group_name: str | None
    state: RelationState


def client_rows(
    session: Session, *, words: str = "", group_id: UUID | None = None, offset: int = 0, limit: int = PAGE_ROWS
) -> tuple[list[ClientRow], bool]:
    """Return some of the acting seller's clients by name, and whether others follow."""
    query = _my_clients(session)
    if words:
        like = f"%{words.replace('%', '').replace('_', '')}%"
        query = query.where(
            or_(Organisation.name.ilike(like), Organisation.city.ilike(like), Client.external_id.ilike(like))
        )
    if group_id is not None:
        query = query.where(Client.group_id == group_id)
    ordered = query.order_by(Organisation.name, Organisation.id).limit(limit + 1).offset(offset)
    rows = [ClientRow(row[0], row[1], row[2], row[3]) for row in session.execute(ordered)]
    return rows[:limit], len(rows) > limit


def client_row(session: Session, *, buyer_id: UUID) -> ClientRow:
    """Return one client of the acting seller.

    Raises:
        NotFound: there is none, or it is another's.
    """
    row = session.execute(_my_clients(session).where(Client.buyer_id == buyer_id)).one_or_none()
    if row is None:
        raise NotFound(Text("Ce client n’existe pas.", "There is no such client."), where="buyer_id")
    return ClientRow(row[0], row[1], row[2], row[3])


def _my_clients(session: Session) -> Select[Client, Organisation, str, RelationState]:
    return (
        select(Client, Organisation, CustomerGroup.name, Relation.state)
        .join(Organisation, Organisation.id == Client.buyer_id)
        .join(Relation, and_(Relation.owner_id == Client.owner_id, Relation.buyer_id == Client.buyer_id))
        .outerjoin(CustomerGroup, CustomerGroup.id == Client.group_id)
        .where(Client.owner_id == acting_org(session))
    )


@dataclass(frozen=True, slots=True)
class Past:
    """Something that happened to a subject: the fact's name, when, and who (a user, a device or the system)."""

    name: str
    at: datetime
    by: UUID | None


def history(session: Session, *, subject_id: UUID, limit: int = 30) -> list[Past]:
    """Return what happened to a subject of the acting organisation, the newest first."""
    rows = session.execute(
        select(Fact.name, Fact.at, Fact.by)
        .where(Fact.owner_id == acting_org(session), Fact.subject_id == subject_id)
        .order_by(Fact.position.desc())
        .limit(limit)
    )
    return [Past(row.name, row.at, row.by) for row in rows]


def is_related(session: Session, *, seller_id: UUID, other_id: UUID) -> bool:
    """Say whether an active relation or agreement binds the seller with another organisation."""
    with acting_for(session, seller_id):
        relation = select(Relation.id).where(
            Relation.owner_id == seller_id, Relation.buyer_id == other_id, Relation.state == RelationState.ACTIVE
        )
        agreement = select(Agreement.id).where(
            Agreement.owner_id == seller_id,
            or_(Agreement.carrier_id == other_id, Agreement.billing_agent_id == other_id),
            Agreement.state == RelationState.ACTIVE,
        )
        return session.scalar(select(relation.exists() | agreement.exists())) or False


def is_agent(session: Session, *, org_id: UUID) -> bool:
    """Say whether an organisation is an agent, whoever acts."""
    known = cards(session, org_ids=[org_id]).get(org_id)
    return known is not None and known.kind is OrganisationKind.AGENT


def bills_for(session: Session, *, seller_id: UUID, carrier_id: UUID | None, agent_id: UUID) -> bool:
    """Say whether the seller's active agreement with a carrier names this organisation as its billing agent (C28)."""
    if carrier_id is None:
        return False
    with acting_for(session, seller_id):
        agreement = select(Agreement.id).where(
            Agreement.owner_id == seller_id,
            Agreement.carrier_id == carrier_id,
            Agreement.billing_agent_id == agent_id,
            Agreement.state == RelationState.ACTIVE,
        )
        return session.scalar(agreement) is not None


def seller_named(session: Session, name: str) -> UUID:
    """Return the organisation that sells and has this code, name or id; the only one there is for an empty name.

    For commands, in a transaction as the schema's owner.

    Raises:
        NotFound: none, or several, fit.
    """
    sellers = session.execute(
        select(Organisation.id, Organisation.code, Organisation.name)
        .where(Organisation.kind != OrganisationKind.RETAILER)
        .order_by(Organisation.code)
    ).all()
    wanted = name.casefold()
    fitting = [
        row.id for row in sellers if not name or wanted in {row.code.casefold(), row.name.casefold(), str(row.id)}
    ]
    if len(fitting) == 1:
        return UUID(str(fitting[0]))
    listed = ", ".join(f"{row.code} ({row.name})" for row in sellers[:20])
    raise NotFound(
        Text(
            f"Nommer un vendeur parmi\u00a0: {listed or 'aucun'}.",
            f"Name one seller of: {listed or 'none'}.",
        ),
        where="--seller",
    )


@dataclass(frozen=True, slots=True)
class BondRow:
    """A relation or agreement with the other side's card, as the acting organisation may read it."""

    bond: Relation | Agreement
    other: Organisation

    @property
    def is_agreement(self) -> bool:
        """Say whether it is with a carrier rather than with a buyer."""
        return isinstance(self.bond, Agreement)


def bonds(session: Session) -> list[BondRow]:
    """Return the relations and agreements in which the acting organisation is a side, agreements first, by name."""
    me = acting_org(session)
    agreements = session.execute(
        _with_other(select(Agreement, Organisation), me, Agreement.owner_id, Agreement.carrier_id)
    )
    relations = session.execute(_with_other(select(Relation, Organisation), me, Relation.owner_id, Relation.buyer_id))
    return [*(BondRow(row[0], row[1]) for row in agreements), *(BondRow(row[0], row[1]) for row in relations)]


def _with_other[*Ts](
    query: Select[*Ts], me: UUID, owner: InstrumentedAttribute[UUID], partner: InstrumentedAttribute[UUID]
) -> Select[*Ts]:
    other = case((owner == me, partner), else_=owner)
    return (
        query.join(Organisation, Organisation.id == other)
        .where(or_(owner == me, partner == me))
        .order_by(Organisation.name, Organisation.id)
    )
