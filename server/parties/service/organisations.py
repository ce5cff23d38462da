"""Organisations join, register for taxes and name their places."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.core.uniqueness import add_unique
from server.parties import events
from server.parties.model import (
    CorrectionPolicy,
    CustomerGroup,
    Organisation,
    OrganisationKind,
    TaxRegistration,
)
from shared.ids import new_id

EVERYONE: Final = "Tous"


class AlreadyRegistered(Problem):
    """The organisation already has a registration for this tax from this day."""

    slug = "already-registered"
    status: ClassVar[int] = 409
    title = Text("Déjà inscrit", "Already registered")


def create_organisation(
    session: Session,
    *,
    kind: OrganisationKind,
    name: str,
    legal_name: str,
    code: str,
    stamp: Stamp,
    org_id: UUID | None = None,
    language: str = "fr",
    timezone: str = "America/Toronto",
    email: str = "",
    phone: str = "",
    street: str = "",
    city: str = "",
    postal_code: str = "",
    footer_fr: str = "",
    footer_en: str = "",
    kept_by_id: UUID | None = None,
    reader_ids: Iterable[UUID] = (),
) -> Organisation:
    """Return a new organisation, owner of its own row; one that sells gets its group « Tous » (R071).

    ``kept_by_id`` is the seller that keeps the card of a client without an account (C26); ``reader_ids`` read the card
    from the beginning.
    """
    owner_id = org_id or new_id()
    with acting_for(session, owner_id):
        organisation = Organisation(
            id=owner_id,
            owner_id=owner_id,
            party_ids=sorted(set(reader_ids)),
            kind=kind,
            name=name,
            legal_name=legal_name,
            code=code,
            language=language,
            timezone=timezone,
            email=email,
            phone=phone,
            street=street,
            city=city,
            postal_code=postal_code,
            footer_fr=footer_fr,
            footer_en=footer_en,
            kept_by_id=kept_by_id,
        )
        session.add(organisation)
        if kind is not OrganisationKind.RETAILER:
            session.add(CustomerGroup(owner_id=owner_id, name=EVERYONE, is_everyone=True))
        facts.record(session, events.ORGANISATION_JOINED, owner_id, stamp)
    return organisation


def register_tax(
    session: Session, *, tax_code: str, number: str, valid_from: date, stamp: Stamp, valid_until: date | None = None
) -> TaxRegistration:
    """Return the acting organisation's registration for a tax, printed on its documents from ``valid_from`` on."""
    registration = TaxRegistration(
        owner_id=acting_org(session), tax_code=tax_code, number=number, valid_from=valid_from, valid_until=valid_until
    )
    add_unique(session, registration, taken=_registered(tax_code, valid_from))
    facts.record(session, events.TAX_REGISTERED, registration.id, stamp)
    return registration


def _registered(tax_code: str, valid_from: date) -> AlreadyRegistered:
    return AlreadyRegistered(
        Text(
            f"Une inscription à «\u00a0{tax_code}\u00a0» commence déjà le {valid_from}. Choisir un autre jour.",
            f"A registration for “{tax_code}” already starts on {valid_from}. Choose another day.",
        ),
        where="valid_from",
    )


def choose_correction_policy(session: Session, *, policy: CorrectionPolicy, stamp: Stamp) -> Organisation:
    """Return the acting carrier with its rule for corrections that tablets seal after the office has the visit.

    Source: section 4 (Stop: by the dispatcher after the sync); C23.
    """
    carrier = session.get_one(Organisation, acting_org(session), with_for_update=True)
    if carrier.correction_policy is not policy:
        carrier.correction_policy = policy
        facts.record(session, events.CORRECTION_POLICY_CHOSEN, carrier.id, stamp)
    return carrier
