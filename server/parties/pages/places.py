"""Places: one's own docks and depots, and those of clients without an account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.csv_cells import calendar_day, exact, whole, words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.tiles import tiles_path
from server.identity.permissions import Permission
from server.parties import queries, service
from server.parties.forms import read_field, required
from server.parties.model import Equipment, Site
from server.parties.pages.blueprint import pages
from server.parties.service.cards import is_kept
from server.parties.service.client_rows import EQUIPMENT, read_postal_code, read_windows
from server.parties.service.places import MAX_SERVICE_S

PERMIT_WARNING_DAYS = 30


@pages.get("/lieux")
@requires(Permission.PARTY_EDIT)
def places() -> str:
    """Show one's own places."""
    return _list(actor().org_id)


@pages.get("/clients/<uuid:org_id>/lieux")
@requires(Permission.PARTY_EDIT)
def client_places(org_id: UUID) -> str:
    """Show a client's places; its seller keeps them while it has no account."""
    return _list(org_id)


@pages.get("/lieux/<uuid:site_id>")
@requires(Permission.PARTY_EDIT)
def place(site_id: UUID) -> str:
    """Show one place with its form and map."""
    with transaction(actor().org_id) as session:
        site = queries.site(session, site_id=site_id)
        return _form(site=site, owner=queries.organisation(session, org_id=site.owner_id))


@pages.get("/lieux/nouveau/<uuid:org_id>")
@requires(Permission.PARTY_EDIT)
def new_place(org_id: UUID) -> str:
    """Show the form of a new place."""
    with transaction(actor().org_id) as session:
        return _form(site=None, owner=service.require_kept(session, org_id=org_id))


@pages.post("/lieux/nouveau/<uuid:org_id>")
@requires(Permission.PARTY_EDIT)
def add_place(org_id: UUID) -> Response:
    """Add a place of one's own, or of a client without an account."""
    told = _read(request.form)
    with transaction(actor().org_id) as session:
        service.add_place(session, org_id=org_id, told=told, stamp=stamp())
    return _back(org_id)


@pages.post("/lieux/<uuid:site_id>")
@requires(Permission.PARTY_EDIT)
def change_place(site_id: UUID) -> Response:
    """Change a place."""
    told = _read(request.form)
    with transaction(actor().org_id) as session:
        site = queries.site(session, site_id=site_id)
        service.change_place(session, site=site, told=told, stamp=stamp())
    return _back(site.owner_id)


def permit_standing(site: Site, today: date) -> str:
    """Return how a place's permit stands: empty, ``soon`` within ``PERMIT_WARNING_DAYS``, or ``over``."""
    if site.permit_expires_on is None or (left := (site.permit_expires_on - today).days) > PERMIT_WARNING_DAYS:
        return ""
    return "over" if left < 0 else "soon"


def _list(org_id: UUID) -> str:
    with transaction(actor().org_id) as session:
        owner = queries.organisation(session, org_id=org_id)
        today = clock.now().astimezone(queries.zone_or_ours(session, org_id=actor().org_id)).date()
        sites = queries.sites_of(session, org_id=org_id)
        return render_template(
            "parties/places.html",
            owner=owner,
            rows=[(site, permit_standing(site, today)) for site in sites],
            keeps=is_kept(session, owner),
            equipment=EQUIPMENT,
            Equipment=Equipment,
        )


def _form(**shown: Any) -> str:
    return render_template("parties/place.html", equipment=EQUIPMENT, tiles=tiles_path() is not None, **shown)


def _read(form: Mapping[str, str]) -> dict[str, Any]:
    needed = {
        "name": read_field(form, "name", words(120)),
        "street": read_field(form, "street", words(160)),
        "city": read_field(form, "city", words(80)),
        "postal_code": read_field(form, "postal_code", read_postal_code),
        "lat_e7": read_field(form, "lat", _degrees(90)),
        "lon_e7": read_field(form, "lon", _degrees(180)),
    }
    return {name: required(value, name) for name, value in needed.items()} | {
        "phone": read_field(form, "phone", words(40)) or "",
        "windows": read_field(form, "windows", read_windows) or [],
        "access_note": read_field(form, "access_note", words(500)) or "",
        "service_s": 60 * (read_field(form, "service_min", whole(0, MAX_SERVICE_S // 60)) or 0),
        "equipment": sorted(one.value for one in Equipment if form.get(f"needs_{one.value}")),
        "permit_number": read_field(form, "permit_number", words(60)) or "",
        "permit_expires_on": read_field(form, "permit_expires_on", calendar_day),
    }


def _degrees(most: int) -> Any:
    read = exact(7, Decimal(-most), Decimal(most))
    return lambda cell: int(read(cell) * 10_000_000)


def _back(org_id: UUID) -> Response:
    if org_id == actor().org_id:
        return redirect(url_for(".places"), code=303)
    return redirect(url_for(".client_places", org_id=org_id), code=303)
