"""Trucks and recurring delivery days, on a page (R074)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.core import clock
from server.core.csv_cells import calendar_day, words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_ids, form_thousandths, form_whole, form_words
from server.core.web.forms import required as needed
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.parties.forms import read_field, required
from server.planning import queries, service
from server.planning.calendar import next_delivery
from server.planning.pages.days import pages
from server.planning.service.fleet import MAX_CAPACITY, MAX_WEEKS, MINUTES_A_DAY

_HOUR = 60


@pages.get("/flotte")
@requires(Permission.RUN_PLAN)
def fleet() -> str:
    """Show the carrier's trucks with their depots, and its delivery days with the next one of each."""
    with transaction(actor().org_id) as session:
        zone = parties.zone_or_ours(session, org_id=actor().org_id)
        today = clock.now().astimezone(zone).date()
        depots = parties.sites_of(session, org_id=actor().org_id)
        cycles = queries.cycles(session)
        return render_template(
            "planning/fleet.html",
            vehicles=queries.vehicles(session),
            depots={one.id: one for one in depots},
            cycles=[(one, next_delivery(one, after=today)) for one in cycles],
            sellers=_sellers(session),
            today=today,
            most_weeks=MAX_WEEKS,
        )


@pages.post("/flotte/vehicules")
@requires(Permission.RUN_PLAN)
def add_vehicle() -> Response:
    """Add a truck at one of the carrier's depots."""
    form = request.form
    told: dict[str, Any] = {
        "name": required(read_field(form, "name", words(60)), "name"),
        "plate": read_field(form, "plate", words(20)) or "",
        "capacity_g": needed("capacity_kg", form_thousandths("capacity_kg", most=MAX_CAPACITY)),
        "capacity_units": needed("capacity_units", form_whole("capacity_units", least=1, most=MAX_CAPACITY)),
        "starts_min": _minutes("starts_at"),
        "ends_min": _minutes("ends_at"),
    }
    (depot_id,) = form_ids("depot_site_id") or (UUID(int=0),)
    with transaction(actor().org_id) as session:
        service.create_vehicle(session, depot_site_id=depot_id, stamp=stamp(), **told)
    return redirect(url_for(".fleet"), code=303)


@pages.post("/flotte/cycles")
@requires(Permission.RUN_PLAN)
def add_cycle() -> Response:
    """Add a recurring delivery day, for every seller or for those that are ticked."""
    form = request.form
    with transaction(actor().org_id) as session:
        service.set_cycle(
            session,
            name=required(read_field(form, "name", words(60)), "name"),
            first_on=required(read_field(form, "first_on", calendar_day), "first_on"),
            every_weeks=needed("every_weeks", form_whole("every_weeks", least=1, most=MAX_WEEKS)),
            seller_ids=form_ids("seller_ids"),
            stamp=stamp(),
        )
    return redirect(url_for(".fleet"), code=303)


@pages.post("/flotte/cycles/<uuid:cycle_id>/retirer")
@requires(Permission.RUN_PLAN)
def drop_cycle(cycle_id: UUID) -> Response:
    """End a recurring delivery day; orders that have their day keep it."""
    with transaction(actor().org_id) as session:
        service.drop_cycle(session, cycle_id=cycle_id, stamp=stamp())
    return redirect(url_for(".fleet"), code=303)


def _sellers(session: Session) -> dict[UUID, str]:
    """Return whose goods the carrier brings, by name."""
    found = parties.names(session, org_ids=parties.partner_ids(session))
    return dict(sorted(found.items(), key=lambda one: (one[1], one[0])))


def _minutes(name: str) -> int:
    hour, _, minute = form_words(name, longest=5).partition(":")
    read = int(hour) * _HOUR + int(minute) if (hour + minute).isdecimal() and hour and minute else -1
    return needed(name, read if 0 <= read <= MINUTES_A_DAY else None)
