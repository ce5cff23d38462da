"""The way in: where each role begins, a client's page, and the addresses that papers carry as QR codes."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from server.core.problems import NotFound, Text
from server.core.transaction import transaction
from server.core.web import actor, caller, public, requires
from server.dashboard.pages.blueprint import day_in, driver_only, pages, zone_here
from server.dashboard.queries import people as queries
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Permission
from server.notifications.choosing import out_of_reach
from server.notifications.service.choices import hidden_events
from shared.codes import PaperKind

_PAPERS = {
    PaperKind.PURCHASE_ORDER: "/commandes/{}",
    PaperKind.DELIVERY_SLIP: "/commandes/{}",
    PaperKind.INVOICE: "/factures/{}",
    PaperKind.CREDIT_NOTE: "/credits/{}",
    PaperKind.RUN_SHEET: "/tournees/{}",
    PaperKind.LOAD_LIST: "/tournees/{}",
}


@pages.get("/")
@public("greets strangers, and leads everyone else to their first page")
def start() -> Response | str:
    """Greet a stranger; lead a member to the first page of their role."""
    who = caller()
    if who is None:
        return render_template("dashboard/welcome.html")
    if who.only(Role.DRIVER):
        return redirect(url_for("dashboard.runs"), code=303)
    plans = Role.DISPATCHER in who.roles or who.org_kind is OrganisationKind.DISTRIBUTOR
    return redirect(url_for("dashboard.board" if plans and who.may(Permission.RUN_CLOSE) else "dashboard.home"), 303)


@pages.get("/accueil")
@requires(Permission.ORDER_READ)
def home() -> str:
    """Show what waits and what arrived."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        hidden = hidden_events(session, reader_id=actor().user_id) | out_of_reach(actor().may)
        seen = queries.greeting(session, today=day_in(zone), hidden=hidden)
        return render_template("dashboard/home.html", seen=seen, zone=zone)


@pages.get("/clients/<uuid:client_id>")
@requires(Permission.ORDER_READ)
def client(client_id: UUID) -> str:
    """Show a client's card, places and orders."""
    with transaction(actor().org_id) as session:
        today = day_in(zone_here(session))
        whole = queries.client_whole(session, client_id=client_id, today=today, driver_id=driver_only())
        return render_template("dashboard/client.html", whole=whole)


@pages.get("/q/<what>/<uuid:subject_id>")
@public("leads to the page of a printed paper, which asks who comes")
def scanned(what: str, subject_id: UUID) -> Response:
    """Lead from a paper's QR code to the page of what it is about.

    Raises:
        NotFound: no paper carries such a code.
    """
    if what not in _PAPERS:
        raise NotFound(Text("Ce code ne mène à rien.", "This code leads nowhere."), where=what)
    return redirect(_PAPERS[PaperKind(what)].format(subject_id), code=303)
