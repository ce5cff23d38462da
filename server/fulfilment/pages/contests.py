"""Contesting on pages: the forms stand on the proof's and the credit's own pages."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Redirect

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.delivery.contests import queries
from server.delivery.contests.model import Contest, ContestSubject
from server.fulfilment.api.contests import author, bring_picture, picture_response
from server.fulfilment.service import contesting
from server.identity.permissions import Permission

pages = Blueprint("contests", __name__)
MAX_FILES: Final = 5


@pages.post("/preuves/<uuid:subject_id>/contester")
@requires(Permission.DISPUTE)
def contest_proof(subject_id: UUID) -> Redirect:
    """Contest a proof, with pictures if any."""
    return _open(ContestSubject.PROOF, subject_id)


@pages.post("/credits/<uuid:subject_id>/contester")
@requires(Permission.DISPUTE)
def contest_credit(subject_id: UUID) -> Redirect:
    """Contest a credit note, with pictures if any."""
    return _open(ContestSubject.CREDIT, subject_id)


@pages.post("/contestations/<uuid:contest_id>/pieces")
@requires(Permission.DISPUTE)
def add_evidence(contest_id: UUID) -> Redirect:
    """Bring more pictures to an open contest."""
    with transaction(actor().org_id) as session:
        found = queries.contest(session, contest_id)
    _bring_all(found)
    return _to(found)


@pages.post("/contestations/<uuid:contest_id>/decider")
@requires(Permission.DISPUTE)
def decide(contest_id: UUID) -> Redirect:
    """Decide a contest."""
    upheld = request.form.get("decision") == "accueillir"
    reason = request.form.get("reason", "").replace("\x00", "")
    with transaction(actor().org_id) as session:
        found = contesting.decide_contest(
            session, contest_id=contest_id, upheld=upheld, reason=reason, author=author(), stamp=stamp()
        )
    return _to(found)


@pages.post("/contestations/<uuid:contest_id>/retirer")
@requires(Permission.DISPUTE)
def withdraw(contest_id: UUID) -> Redirect:
    """Take one's own contest back."""
    with transaction(actor().org_id) as session:
        found = contesting.withdraw_contest(session, contest_id=contest_id, author=author(), stamp=stamp())
    return _to(found)


@pages.get("/contestations/pieces/<uuid:evidence_id>")
@requires(Permission.DISPUTE)
def evidence_file(evidence_id: UUID) -> Response:
    """Send a picture that was brought."""
    return picture_response(evidence_id)


def _open(subject: ContestSubject, subject_id: UUID) -> Redirect:
    reason = request.form.get("reason", "").replace("\x00", "")
    with transaction(actor().org_id) as session:
        made = contesting.open_contest(
            session, subject=subject, subject_id=subject_id, reason=reason, author=author(), stamp=stamp()
        )
    _bring_all(made)
    return _to(made)


def _bring_all(found: Contest) -> None:
    for file in request.files.getlist("pieces")[:MAX_FILES]:
        if file.filename:
            bring_picture(found.id, name=file.filename, payload=file.read())


def _to(found: Contest) -> Redirect:
    where = "preuves" if found.subject is ContestSubject.PROOF else "credits"
    return redirect(f"/{where}/{found.subject_id}#contestation", code=303)
