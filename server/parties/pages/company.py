"""One's own organisation: its card, what stands at the bottom of its invoices, its tax numbers (R006)."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.csv_cells import calendar_day, email, one_of, words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_words
from server.identity.permissions import Permission
from server.parties import queries, service
from server.parties.forms import read_field, required
from server.parties.pages.blueprint import pages
from server.parties.schemas import MAX_NAME
from server.parties.service.client_rows import read_postal_code
from server.parties.service.clients import MAX_WORDS
from server.parties.service.company import NUMBERS


@pages.get("/entreprise")
@requires(Permission.PARTY_EDIT)
def company() -> str:
    """Show one's own organisation with its forms."""
    with transaction(actor().org_id) as session:
        zone = queries.zone_or_ours(session, org_id=actor().org_id)
        return render_template(
            "parties/company.html",
            card=queries.organisation(session, org_id=actor().org_id),
            registrations=service.registrations_of(session),
            taxes=NUMBERS,
            today=clock.now().astimezone(zone).date(),
            most=MAX_WORDS,
        )


@pages.post("/entreprise")
@requires(Permission.PARTY_EDIT)
def keep_card() -> Response:
    """Keep one's card and footers; what was issued keeps the former ones."""
    told = read_card() | {
        "footer_fr": form_words("footer_fr", longest=MAX_WORDS),
        "footer_en": form_words("footer_en", longest=MAX_WORDS),
    }
    with transaction(actor().org_id) as session:
        service.revise_company(session, changes=told, stamp=stamp())
    return redirect(url_for(".company"), code=303)


def read_card() -> dict[str, str]:
    """Return what a form says of an organisation: name, address, language, how to reach it."""
    form = request.form
    told = {
        "name": required(read_field(form, "name", words(MAX_NAME)), "name"),
        "legal_name": read_field(form, "legal_name", words(160)),
        "email": read_field(form, "email", email),
        "phone": read_field(form, "phone", words(40)),
        "language": required(read_field(form, "language", one_of({"fr": "fr", "en": "en"})), "language"),
        "street": read_field(form, "street", words(160)),
        "city": read_field(form, "city", words(80)),
        "postal_code": read_field(form, "postal_code", read_postal_code),
    }
    return {name: value or "" for name, value in told.items()}


@pages.post("/entreprise/inscriptions")
@requires(Permission.PARTY_EDIT)
def register() -> Response:
    """Enter a tax number from a day on."""
    form = request.form
    with transaction(actor().org_id) as session:
        service.enter_registration(
            session,
            tax_code=form.get("tax_code", ""),
            number=required(read_field(form, "number", words(40)), "number"),
            valid_from=required(read_field(form, "valid_from", calendar_day), "valid_from"),
            stamp=stamp(),
        )
    return redirect(url_for(".company"), code=303)
