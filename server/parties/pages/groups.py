"""Groups of clients: what each sets, what it inherits and from where (R067-R072)."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core.csv_cells import words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import inheritance, service, wording
from server.parties.forms import read_field, read_terms, required, terms_of
from server.parties.limits import require_within_role
from server.parties.pages.blueprint import pages
from server.parties.service.clients import MAX_GROUP_NAME, GroupTerms


@pages.get("/groupes")
@requires(Permission.PARTY_READ)
def groups() -> str:
    """Show « Tous » and its groups."""
    with transaction(actor().org_id) as session:
        return render_template(
            "parties/groups.html", rows=inheritance.group_rows(session), wording=wording, own=_own_count
        )


@pages.post("/groupes")
@requires(Permission.TERMS_SET)
def create_group() -> Response:
    """Make a group that inherits everything."""
    name = required(read_field(request.form, "name", words(MAX_GROUP_NAME)), "name")
    with transaction(actor().org_id) as session:
        made = service.create_group(session, name=name, terms=GroupTerms(), stamp=stamp())
    return redirect(url_for(".group", group_id=made.id), code=303)


@pages.get("/groupes/<uuid:group_id>")
@requires(Permission.PARTY_READ)
def group(group_id: UUID) -> str:
    """Show each setting of a group with its source."""
    with transaction(actor().org_id) as session:
        one = inheritance.group(session, group_id=group_id)
        return render_template(
            "parties/group.html", group=one, settings=inheritance.settings_of(session, one), wording=wording
        )


@pages.post("/groupes/<uuid:group_id>")
@requires(Permission.TERMS_SET)
def change_group(group_id: UUID) -> Response:
    """Set what the form holds; what it leaves empty is inherited."""
    terms = read_terms(request.form)
    with transaction(actor().org_id) as session:
        before = terms_of(inheritance.group(session, group_id=group_id))
        require_within_role(before=asdict(before), after=asdict(terms))
        service.change_group(session, group_id=group_id, terms=terms, stamp=stamp())
    return redirect(url_for(".group", group_id=group_id), code=303)


@pages.post("/groupes/<uuid:group_id>/nom")
@requires(Permission.TERMS_SET)
def rename_group(group_id: UUID) -> Response:
    """Give a group another name."""
    name = required(read_field(request.form, "name", words(MAX_GROUP_NAME)), "name")
    with transaction(actor().org_id) as session:
        service.rename_group(session, group_id=group_id, name=name, stamp=stamp())
    return redirect(url_for(".group", group_id=group_id), code=303)


@pages.post("/groupes/<uuid:group_id>/retirer")
@requires(Permission.TERMS_SET)
def drop_group(group_id: UUID) -> Response:
    """Remove a group; its clients are in « Tous » alone."""
    with transaction(actor().org_id) as session:
        inheritance.group(session, group_id=group_id)
        require_within_role(before={}, after={"group": group_id})
        service.drop_group(session, group_id=group_id, stamp=stamp())
    return redirect(url_for(".groups"), code=303)


def _own_count(kept: object) -> int:
    return sum(value is not None for value in asdict(terms_of(kept)).values())
