"""Clients: the list, a new one, and what a seller sets for one (R030)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core.csv_cells import cents, email, words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import inheritance, queries, service, wording
from server.parties.forms import read_field, read_terms, required, terms_of
from server.parties.inviting import invite_client as invite
from server.parties.limits import require_within_role
from server.parties.pages.blueprint import asked_page, asked_words, form_id, pages
from server.parties.pages.company import read_card
from server.parties.service.clients import MAX_MINIMUM_CENTS


@pages.get("/clients")
@requires(Permission.PARTY_READ)
def clients() -> str:
    """List the clients by name."""
    page = asked_page()
    with transaction(actor().org_id) as session:
        rows, more = queries.client_rows(session, words=asked_words(), offset=(page - 1) * queries.PAGE_ROWS)
        return render_template(
            "parties/clients.html", rows=rows, more=more, page=page, words=asked_words(), wording=wording
        )


@pages.post("/clients")
@requires(Permission.PARTY_EDIT)
def create_client() -> Response:
    """Add a client without an account; its seller keeps its card (C26)."""
    form = request.form
    with transaction(actor().org_id) as session:
        made = service.add_client(
            session,
            name=required(read_field(form, "name", words(120)), "name"),
            email=read_field(form, "email", email) or "",
            external_id=read_field(form, "external_id", words(60)),
            stamp=stamp(),
        )
    return redirect(url_for(".client_settings", buyer_id=made.buyer_id), code=303)


@pages.get("/clients/<uuid:buyer_id>/reglages")
@requires(Permission.PARTY_READ)
def client_settings(buyer_id: UUID) -> str:
    """Show each setting of a client with its source, its group, and what was changed when."""
    with transaction(actor().org_id) as session:
        row = queries.client_row(session, buyer_id=buyer_id)
        return render_template(
            "parties/client_settings.html",
            row=row,
            groups=[one.group for one in inheritance.group_rows(session)],
            settings=inheritance.settings_of(session, row.client),
            past=queries.history(session, subject_id=row.client.id),
            zone=queries.zone_or_ours(session, org_id=actor().org_id),
            wording=wording,
        )


@pages.post("/clients/<uuid:buyer_id>/reglages")
@requires(Permission.TERMS_SET)
def change_client(buyer_id: UUID) -> Response:
    """Set the group, the credit limit, the number, and what the form holds; what it leaves empty is inherited."""
    terms = read_terms(request.form)
    own: dict[str, Any] = {
        "group_id": form_id("group_id", required=False),
        "credit_limit_cents": read_field(request.form, "credit_limit_cents", cents(MAX_MINIMUM_CENTS)),
    }
    with transaction(actor().org_id) as session:
        known = inheritance.client(session, buyer_id=buyer_id)
        before = asdict(terms_of(known)) | {name: getattr(known, name) for name in own}
        require_within_role(before=before, after=asdict(terms) | own)
        number = read_field(request.form, "external_id", words(60))
        service.name_client(session, buyer_id=buyer_id, external_id=number, stamp=stamp())
        service.keep_client(session, buyer_id=buyer_id, terms=terms, stamp=stamp(), **own)
    return redirect(url_for(".client_settings", buyer_id=buyer_id), code=303)


@pages.post("/clients/<uuid:buyer_id>/fiche")
@requires(Permission.PARTY_EDIT)
def change_card(buyer_id: UUID) -> Response:
    """Keep the card of a client without an account (C26)."""
    told = read_card()
    with transaction(actor().org_id) as session:
        queries.client_row(session, buyer_id=buyer_id)
        service.revise_card(session, org_id=buyer_id, changes=told, stamp=stamp())
    return redirect(url_for(".client_settings", buyer_id=buyer_id), code=303)


@pages.post("/clients/<uuid:buyer_id>/inviter")
@requires(Permission.PARTY_EDIT)
def invite_client(buyer_id: UUID) -> Response:
    """Invite a client without an account to open one; it then keeps its own card (C26)."""
    address = required(read_field(request.form, "email", email), "email")
    with transaction(actor().org_id) as session:
        invite(session, buyer_id=buyer_id, email=address)
    return redirect(url_for(".client_settings", buyer_id=buyer_id), code=303)
