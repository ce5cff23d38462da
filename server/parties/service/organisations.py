"""Organisations join, register for taxes and name their places."""

from __future__ import annotations

from collections.abc import Sequence
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
    Site,
    TaxRegistration,
)
from shared.ids import new_id

E7: Final = 10_000_000
MINUTES_A_DAY: Final = 24 * 60
MAX_WINDOWS: Final = 8
MAX_SERVICE_S: Final = 6 * 3600
EVERYONE: Final = "Tous"


class BadPlace(Problem):
    """A site's position, windows or service time cannot be."""

    slug = "bad-place"
    title = Text("Lieu invalide", "Invalid place")


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
) -> Organisation:
    """Return a new organisation, owner of its own row; one that sells gets its group « Tous » (R071)."""
    owner_id = org_id or new_id()
    with acting_for(session, owner_id):
        organisation = Organisation(
            id=owner_id,
            owner_id=owner_id,
            party_ids=[],
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


def create_site(
    session: Session,
    *,
    name: str,
    street: str,
    city: str,
    postal_code: str,
    lat_e7: int,
    lon_e7: int,
    stamp: Stamp,
    windows: Sequence[tuple[int, int]] = (),
    service_s: int = 300,
    phone: str = "",
    access_note: str = "",
    recipients: Sequence[str] = (),
    permit_number: str = "",
    permit_expires_on: date | None = None,
) -> Site:
    """Return a new place of the acting organisation: a dock or a depot.

    Positions are 1e-7 degrees (WGS 84), ``windows`` local minutes after midnight, the same on every delivery day.

    Raises:
        BadPlace: not on Earth, windows that close before they open, or a service time out of bounds.
    """
    _require_place(lat_e7=lat_e7, lon_e7=lon_e7, windows=windows, service_s=service_s)
    site = Site(
        owner_id=acting_org(session),
        party_ids=[],
        name=name,
        street=street,
        city=city,
        postal_code=postal_code,
        lat_e7=lat_e7,
        lon_e7=lon_e7,
        windows=[list(window) for window in windows],
        service_s=service_s,
        phone=phone,
        access_note=access_note,
        recipients=list(recipients),
        permit_number=permit_number,
        permit_expires_on=permit_expires_on,
    )
    session.add(site)
    session.flush()
    facts.record(session, events.SITE_ADDED, site.id, stamp)
    return site


def _registered(tax_code: str, valid_from: date) -> AlreadyRegistered:
    return AlreadyRegistered(
        Text(
            f"Une inscription à «\u00a0{tax_code}\u00a0» commence déjà le {valid_from}. Choisir un autre jour.",
            f"A registration for “{tax_code}” already starts on {valid_from}. Choose another day.",
        ),
        where="valid_from",
    )


def _require_place(*, lat_e7: int, lon_e7: int, windows: Sequence[tuple[int, int]], service_s: int) -> None:
    if abs(lat_e7) > 90 * E7 or abs(lon_e7) > 180 * E7:
        raise _bad_place(
            "position",
            "La position n’est pas sur Terre. Donner latitude et longitude en 1e-7 degrés.",
            "The position is not on Earth. Give latitude and longitude in 1e-7 degrees.",
        )
    if len(windows) > MAX_WINDOWS or any(not 0 <= opens < closes <= MINUTES_A_DAY for opens, closes in windows):
        raise _bad_place(
            "windows",
            f"Une plage horaire doit ouvrir avant de fermer, entre 0 et 1440 minutes\u00a0; {MAX_WINDOWS} au plus.",
            f"A time window opens before it closes, within 0 and 1440 minutes; {MAX_WINDOWS} at most.",
        )
    if not 0 <= service_s <= MAX_SERVICE_S:
        raise _bad_place(
            "service_s",
            f"Le temps de service va de 0 à {MAX_SERVICE_S}\u00a0s.",
            f"The service time runs from 0 to {MAX_SERVICE_S} s.",
        )


def _bad_place(where: str, fr: str, en: str) -> BadPlace:
    return BadPlace(Text(fr, en), where=where)


def choose_correction_policy(session: Session, *, policy: CorrectionPolicy, stamp: Stamp) -> Organisation:
    """Return the acting carrier with its rule for corrections that tablets seal after the office has the visit.

    Source: section 4 (Stop: by the dispatcher after the sync); C23.
    """
    carrier = session.get_one(Organisation, acting_org(session), with_for_update=True)
    if carrier.correction_policy is not policy:
        carrier.correction_policy = policy
        facts.record(session, events.CORRECTION_POLICY_CHOSEN, carrier.id, stamp)
    return carrier
