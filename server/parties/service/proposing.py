"""Organisations find each other by a code that one gives the other; then one proposes and the other answers (R027)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.database import IDENTITY_ORG
from server.core.problems import Conflict, NotFound, Problem, Text
from server.core.stamp import Stamp
from server.core.uniqueness import add_unique
from server.parties import events
from server.parties.model import (
    Agreement,
    DeliverWith,
    Organisation,
    OrganisationKind,
    PartnerCode,
    Relation,
    RelationState,
    SettlementPolicy,
)
from server.parties.queries import organisation, zone_of
from server.parties.service.deals import introduce
from server.parties.service.moving import Bond, accept_bond, propose_bond

LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is read as another
LENGTH: Final = 10
_SELLERS: Final = frozenset({OrganisationKind.SUPPLIER, OrganisationKind.DISTRIBUTOR})
_CARRIERS: Final = frozenset({OrganisationKind.DISTRIBUTOR, OrganisationKind.AGENT})


class NoPartner(Problem):
    """Between organisations of these kinds there is neither relation nor agreement."""

    slug = "no-such-partnership"
    status: ClassVar[int] = 409
    title = Text("Aucun lien possible", "No bond possible")


class PartnersAlready(Conflict):
    """The two have an active relation or agreement."""

    slug = "partners-already"
    title = Text("Déjà partenaires", "Partners already")


@dataclass(frozen=True, slots=True)
class _Pair:
    """Who would sell, who would buy or carry, and what would bind them."""

    seller_id: UUID
    partner_id: UUID
    is_agreement: bool


def own_code(session: Session) -> str | None:
    """Return the acting organisation's code, or None until it made one."""
    return session.scalar(select(PartnerCode.code).where(PartnerCode.owner_id == acting_org(session)))


def renew_code(session: Session, *, stamp: Stamp) -> str:
    """Give the acting organisation a new code, 49 random bits, and return it; the former one leads nowhere."""
    me = acting_org(session)
    kept = session.scalars(select(PartnerCode).where(PartnerCode.owner_id == me).with_for_update()).one_or_none()
    kept = kept or PartnerCode(owner_id=me, party_ids=[IDENTITY_ORG])
    kept.code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    kept.made_at = stamp.at
    add_unique(session, kept, taken=_overtaken())
    facts.record(session, events.PARTNER_CODE_MADE, kept.id, stamp)
    return kept.code


def propose_to(session: Session, *, code: str, stamp: Stamp) -> Bond:
    """Propose a relation or agreement to the organisation of a code, and return it; the other side answers.

    A retailer and a seller get a relation, a supplier and a distributor or agent an agreement, whoever proposes. One
    that was ended is proposed anew, and what the other side proposed is accepted.

    Raises:
        NotFound: the code leads nowhere, or to oneself.
        NoPartner: nothing binds organisations of these kinds.
        PartnersAlready: they are bound already.

    Source: R027, R048; section 4 (relation: proposée, active, inactive); ADR 0032.
    """
    me, other = organisation(session, org_id=acting_org(session)), _owner_of(session, code)
    pair = _paired(me, other)
    introduce(session, org_ids=(me.id, other.id))
    with acting_for(session, pair.seller_id):
        known = _between(session, pair)
        if known is None:
            return _made(session, pair, said_by_id=me.id, stamp=stamp)
    if known.state is RelationState.ACTIVE:
        raise PartnersAlready(
            Text(f"Vous êtes déjà partenaires de {other.name}.", f"You are partners of {other.name} already."),
            where="code",
        )
    if known.state is RelationState.PROPOSED and known.said_by_id != me.id:
        return accept_bond(session, bond_id=known.id, stamp=stamp)
    return propose_bond(session, bond_id=known.id, stamp=stamp)


def _owner_of(session: Session, code: str) -> Organisation:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    with acting_for(session, IDENTITY_ORG):
        owner_id = session.scalar(select(PartnerCode.owner_id).where(PartnerCode.code == plain))
    if owner_id is None or owner_id == acting_org(session):
        raise NotFound(
            Text(
                "Ce code ne mène à aucun partenaire. Le redemander à qui vous l’a donné.",
                "This code leads to no partner. Ask whoever gave it to you for it again.",
            ),
            where="code",
        )
    with acting_for(session, owner_id):
        return session.get_one(Organisation, owner_id)


def _paired(me: Organisation, other: Organisation) -> _Pair:
    for seller, partner in ((me, other), (other, me)):
        if seller.kind in _SELLERS and partner.kind is OrganisationKind.RETAILER:
            return _Pair(seller.id, partner.id, is_agreement=False)
        if seller.kind is OrganisationKind.SUPPLIER and partner.kind in _CARRIERS:
            return _Pair(seller.id, partner.id, is_agreement=True)
    raise NoPartner(
        Text(
            "Une relation lie un vendeur et un détaillant, une entente un fournisseur et un distributeur ou un agent.",
            "A relation binds a seller and a retailer, an agreement a supplier and a distributor or agent.",
        ),
        where="code",
    )


def _overtaken() -> Conflict:
    return Conflict(
        Text(
            "Quelqu’un vient de faire la même chose. Recharger la page.", "Somebody just did the same. Reload the page."
        ),
        where="code",
    )


def _between(session: Session, pair: _Pair) -> Bond | None:
    if pair.is_agreement:
        agreed = select(Agreement).where(Agreement.owner_id == pair.seller_id, Agreement.carrier_id == pair.partner_id)
        return session.scalars(agreed).one_or_none()
    related = select(Relation).where(Relation.owner_id == pair.seller_id, Relation.buyer_id == pair.partner_id)
    return session.scalars(related).one_or_none()


def _made(session: Session, pair: _Pair, *, said_by_id: UUID, stamp: Stamp) -> Bond:
    said = {
        "owner_id": pair.seller_id,
        "party_ids": [pair.partner_id],
        "state": RelationState.PROPOSED,
        "said_by_id": said_by_id,
        "said_at": stamp.at,
    }
    bond: Bond = Relation(**said, buyer_id=pair.partner_id)
    if pair.is_agreement:
        bond = Agreement(
            **said,
            carrier_id=pair.partner_id,
            starts_on=stamp.at.astimezone(zone_of(session, org_id=pair.seller_id)).date(),
            deliver_with=DeliverWith.PO,
            settlement_policy=SettlementPolicy.ADJUST,
        )
    add_unique(session, bond, taken=_overtaken())
    name = events.AGREEMENT_MOVED if pair.is_agreement else events.RELATION_MOVED
    facts.record(session, name, bond.id, stamp, readers=(pair.partner_id,))
    return bond
