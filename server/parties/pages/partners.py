"""Partners: relations with buyers, agreements with carriers, each side's word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core.csv_cells import cents, one_of, whole, words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import queries, service, wording
from server.parties.api.codes import count_codes
from server.parties.forms import read_field, required
from server.parties.model import DeliverWith, SettlementPolicy
from server.parties.pages.blueprint import asked_words, form_id, pages
from server.parties.service.deals import MAX_CONTEST_DAYS, MAX_FEE_BP, MAX_THRESHOLD_CENTS
from server.parties.service.moving import Bond

SAYINGS: Mapping[str, Callable[..., Bond]] = {
    "proposer": service.propose_bond,
    "accepter": service.accept_bond,
    "terminer": service.end_bond,
}


@pages.get("/partenaires")
@requires(Permission.PARTY_READ)
def partners() -> str:
    """Show relations and agreements with their states, and what one's side may say."""
    with transaction(actor().org_id) as session:
        return render_template(
            "parties/partners.html",
            rows=queries.bonds(session),
            wording=wording,
            code=service.own_code(session),
            given=asked_words("code")[:40],
        )


@pages.post("/partenaires")
@requires(Permission.PARTY_EDIT)
def propose_bond() -> Response:
    """Propose a relation or agreement to whoever gave its code; the other side answers."""
    code = required(read_field(request.form, "code", words(40)), "code")
    count_codes()
    with transaction(actor().org_id) as session:
        service.propose_to(session, code=code, stamp=stamp())
    return redirect(url_for(".partners"), code=303)


@pages.post("/partenaires/code")
@requires(Permission.PARTY_EDIT)
def new_code() -> Response:
    """Make a new code for one's organisation; the former one leads nowhere any more."""
    with transaction(actor().org_id) as session:
        service.renew_code(session, stamp=stamp())
    return redirect(url_for(".partners"), code=303)


@pages.post("/partenaires/<uuid:bond_id>")
@requires(Permission.PARTY_EDIT)
def move_bond(bond_id: UUID) -> Response:
    """Propose, accept or end a relation or agreement."""
    say = required(read_field(request.form, "say", one_of(SAYINGS)), "say")
    read = {"agent_fee_bp": read_field(request.form, "agent_fee_bp", whole(0, MAX_FEE_BP))}
    with transaction(actor().org_id) as session:
        say(session, bond_id=bond_id, stamp=stamp(), **(read if say is service.accept_bond else {}))
    return redirect(url_for(".partners"), code=303)


@pages.post("/partenaires/<uuid:bond_id>/entente")
@requires(Permission.PARTY_EDIT)
def set_agreement(bond_id: UUID) -> Response:
    """Change the terms of an agreement with a carrier."""
    form = request.form
    carrier_id = form_id("carrier_id") if form.get("bills") == "yes" else None
    changes = {
        "deliver_with": required(
            read_field(form, "deliver_with", one_of({one.value: one for one in DeliverWith})), "deliver_with"
        ),
        "settlement_policy": required(
            read_field(form, "settlement_policy", one_of({one.value: one for one in SettlementPolicy})),
            "settlement_policy",
        ),
        "credit_threshold_cents": read_field(form, "credit_threshold_cents", cents(MAX_THRESHOLD_CENTS)),
        "contest_days": required(read_field(form, "contest_days", whole(0, MAX_CONTEST_DAYS)), "contest_days"),
        "billing_agent_id": carrier_id,
        "agent_fee_bp": read_field(form, "agent_fee", cents(MAX_FEE_BP)) or 0,
    }
    with transaction(actor().org_id) as session:
        service.revise_agreement(session, agreement_id=bond_id, changes=changes, stamp=stamp())
    return redirect(url_for(".partners"), code=303)
