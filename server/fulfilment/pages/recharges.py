"""Deposits of a credit billed again: the form says what it will do, and then does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.billing.explaining import Explanation, explain_draft
from server.billing.model import CreditNote
from server.billing.queries import credit_note
from server.billing.service import Planned, plan_recharge, publish_pending, recharge_deposits, require_issuer
from server.billing.service.recharging import MAX_REASON
from server.billing.taken_back import given_back, siblings
from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import MAX_CHOICES, UnreadableField, form_id, read_id
from server.fulfilment.api.corrections import MOST_UNITS
from server.identity.permissions import Permission
from server.parties import queries as parties
from shared.ids import new_id

recharge_pages = Blueprint("recharges", __name__, template_folder="../templates")
_UNITS: Final = "u-"
_MENDED: Final = (409, 422)


@recharge_pages.get("/credits/<uuid:credit_id>/consignes")
@requires(Permission.INVOICE_PUBLISH)
def form(credit_id: UUID) -> str:
    """Show what a credit still gives back and, of what is chosen, the invoice as it would be."""
    with transaction(actor().org_id) as session:
        return _form(session, credit_note(session, credit_id=credit_id), request.args)


@recharge_pages.post("/credits/<uuid:credit_id>/consignes")
@requires(Permission.INVOICE_PUBLISH)
def recharge(credit_id: UUID) -> Response | tuple[str, int]:
    """Bill the deposits again and show the invoice; what is refused is shown with everything that was typed."""
    done = _attempt(credit_id)
    if isinstance(done, Problem):
        with transaction(actor().org_id) as session:
            note = credit_note(session, credit_id=credit_id)
            return _form(session, note, request.form, problem=done), done.status
    return redirect(url_for("dashboard.invoice", invoice_id=done), code=303)


def _attempt(credit_id: UUID) -> UUID | Problem:
    now = stamp()
    try:
        with transaction(actor().org_id) as session:
            invoice = recharge_deposits(
                session,
                note=credit_note(session, credit_id=credit_id),
                units=_units(request.form),
                reason=request.form.get("motif", ""),
                key=form_id("key") or new_id(),
                stamp=now,
            )
            publish_pending(session, stamp=now)
            return invoice.id
    except Problem as problem:
        if problem.status in _MENDED:
            return problem
        raise


def _form(session: Session, note: CreditNote, typed: Mapping[str, str], *, problem: Problem | None = None) -> str:
    require_issuer(note, session)
    given = given_back(session, note)
    chosen = _units(typed) or {one.line.id: min(one.left_units, one.back_units) for one in given}
    planned, refused = _planned(session, note, chosen) if problem is None and any(chosen.values()) else (None, None)
    return render_template(
        "fulfilment/recharge.html",
        note=note,
        given=given,
        chosen=chosen,
        planned=planned,
        explained=_explained(planned),
        others=siblings(session, note),
        buyer_name=parties.names(session, org_ids=[note.buyer_id]).get(note.buyer_id, ""),
        reason=typed.get("motif", ""),
        most_words=MAX_REASON,
        most_units=MOST_UNITS,
        problem=problem or refused,
        key=typed.get("key") or new_id(),
    )


def _planned(session: Session, note: CreditNote, chosen: Mapping[UUID, int]) -> tuple[Planned | None, Problem | None]:
    """Return what would be done, or why it cannot be."""
    try:
        return plan_recharge(session, note=note, units=chosen, stamp=stamp()), None
    except Problem as problem:
        return None, problem


def _explained(planned: Planned | None) -> Explanation | None:
    return explain_draft(planned.invoice) if planned else None


def _units(typed: Mapping[str, str]) -> dict[UUID, int]:
    """Return how many containers are chosen of each credit line; an empty field is none.

    Raises:
        UnreadableField: a field holds no count, or its name no line.
    """
    names = [name for name in typed if name.startswith(_UNITS)][:MAX_CHOICES]
    return {read_id(name, name.removeprefix(_UNITS)): _count(name, typed[name].strip()) for name in names}


def _count(name: str, raw: str) -> int:
    if not raw:
        return 0
    if not (raw.isascii() and raw.isdigit() and len(raw) <= len(str(MOST_UNITS)) and int(raw) <= MOST_UNITS):
        raise UnreadableField(
            Text(f"Écrire un nombre entier de 0 à {MOST_UNITS}.", f"Write a whole number from 0 to {MOST_UNITS}."),
            where=name,
        )
    return int(raw)
