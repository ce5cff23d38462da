"""Places that are visited: a retailer's dock, a carrier's depot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.parties import events
from server.parties.model import Equipment, Site

E7: Final = 10_000_000
MINUTES_A_DAY: Final = 24 * 60
MAX_WINDOWS: Final = 8
MAX_SERVICE_S: Final = 6 * 3600


class BadPlace(Problem):
    """A site's position, windows or service time cannot be."""

    slug = "bad-place"
    title = Text("Lieu invalide", "Invalid place")


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
    equipment: Sequence[Equipment] = (),
    reader_ids: Iterable[UUID] = (),
) -> Site:
    """Return a new place of the acting organisation: a dock or a depot; ``reader_ids`` read it from the beginning.

    Positions are 1e-7 degrees (WGS 84), ``windows`` local minutes after midnight, the same on every delivery day.

    Raises:
        BadPlace: not on Earth, windows that close before they open, or a service time out of bounds.
    """
    _require_place(lat_e7=lat_e7, lon_e7=lon_e7, windows=windows, service_s=service_s)
    site = Site(
        owner_id=acting_org(session),
        party_ids=sorted(set(reader_ids)),
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
        equipment=sorted({one.value for one in equipment}),
    )
    session.add(site)
    session.flush()
    facts.record(session, events.SITE_ADDED, site.id, stamp)
    return site


def revise_site(session: Session, *, site_id: UUID, changes: Mapping[str, Any], stamp: Stamp) -> Site:
    """Return a place of the acting organisation, its columns changed as named; the same again changes nothing.

    Raises:
        NotFound: the acting organisation has no such place.
        BadPlace: as ``create_site``.
    """
    mine = select(Site).where(Site.id == site_id, Site.owner_id == acting_org(session))
    site = session.scalars(mine.with_for_update()).one_or_none()
    if site is None:
        raise NotFound(Text("Ce lieu n’existe pas.", "There is no such place."), where="site_id")
    after = {name: changes.get(name, getattr(site, name)) for name in ("lat_e7", "lon_e7", "windows", "service_s")}
    _require_place(**after)
    moved = {name: value for name, value in changes.items() if getattr(site, name) != value}
    for name, value in moved.items():
        setattr(site, name, value)
    session.flush()
    if moved:
        facts.record(session, events.SITE_CHANGED, site.id, stamp, readers=tuple(site.party_ids))
    return site


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
            f"Une plage horaire doit ouvrir avant de fermer, entre 0 et 1440 minutes; {MAX_WINDOWS} au plus.",
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
