"""The pages on which a dispatcher decides: a parked event, a discrepancy, and what tablets may correct alone."""

from __future__ import annotations

from uuid import UUID

from flask import Response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from server.core.blobs import BlobMissing, blob_store
from server.core.problems import BadRequest, NotFound, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.files import send_file
from server.delivery import queries as delivered
from server.delivery.model import DiscrepancyState
from server.delivery.reasons import REASONS
from server.fulfilment.api.access import require_whole
from server.identity import queries as identity
from server.identity.permissions import Permission
from server.orders import queries as orders
from server.parties import queries as parties
from server.parties import service as deals
from server.parties.model import CorrectionPolicy
from server.sync.model import DecisionKind, EventOutcome
from server.sync.pages.queue import pages
from server.sync.queries import attachment_of
from server.sync.service.deciding import decide_event, foresee, parked_event
from server.sync.service.disputes import replace_by_second, second_event
from server.sync.service.explaining import explain_dispute, explain_parked
from server.sync.service.reading import ReadEvent, read_event
from shared.signature import BadSignature, SignatureDrawing, unpack_strokes

_CHOICES = {
    "appliquer": DecisionKind.APPLIED,
    "remplacer": DecisionKind.REPLACED,
    "ecarter": DecisionKind.SET_ASIDE,
}


@pages.get("/tableau/mis-de-cote/<uuid:event_id>")
@requires(Permission.STOP_CORRECT)
def parked(event_id: UUID) -> str:
    """Show a parked event whole: what was signed, why it waits, and what applying it would do."""
    with transaction(actor().org_id) as session:
        event = parked_event(session, event_id)
        require_whole(Permission.STOP_CORRECT)
        waits = event.outcome is EventOutcome.PARKED
        foreseen = foresee(session, event) if waits else None
        read = read_event(session, event)
        zone = parties.zone_of(session, org_id=actor().org_id)
        return render_template(
            "sync/parked.html",
            read=read,
            foreseen=foreseen,
            explained=explain_parked(read, foreseen),
            waits=waits,
            zone=zone,
            drawing=_drawing(read),
            decided_by=_name_of(session, read.decision.by) if read.decision else "",
            reasons={one.code: one for one in REASONS},
        )


@pages.post("/tableau/mis-de-cote/<uuid:event_id>/decider")
@requires(Permission.STOP_CORRECT)
def decide(event_id: UUID) -> BaseResponse:
    """Apply a parked event, let it replace what stands, or set it aside, with a reason."""
    with transaction(actor().org_id) as session:
        parked_event(session, event_id)
        require_whole(Permission.STOP_CORRECT)
        choice = _CHOICES.get(request.form.get("choix", ""))
        if choice is None:
            raise BadRequest(Text("Choisir une décision.", "Choose a decision."), where="choix")
        decide_event(session, event_id, choice=choice, reason=request.form.get("reason", ""), stamp=stamp())
    return redirect(f"/tableau/mis-de-cote/{event_id}", code=303)


@pages.get("/tableau/mis-de-cote/<uuid:event_id>/pieces/<string(length=64):sha256>")
@requires(Permission.STOP_CORRECT)
def attachment(event_id: UUID, sha256: str) -> Response:
    """Send a photo that a parked event names, to be saved: nothing of it was looked at yet."""
    with transaction(actor().org_id) as session:
        read = read_event(session, parked_event(session, event_id))
        require_whole(Permission.STOP_CORRECT)
        if sha256 not in read.received or sha256 not in read.photos:
            raise NotFound(Text("Cette photo n’est pas ici.", "This photo is not here."), where=sha256[:64])
        kept = attachment_of(session, sha256)
    if kept is None:
        raise NotFound(Text("Cette photo n’est pas ici.", "This photo is not here."), where=sha256)
    payload = blob_store().get(kept.owner_id, sha256)
    suffix = kept.media_type.rpartition("/")[2]
    return send_file(payload, media_type=kept.media_type, name=f"{sha256[:12]}.{suffix}", sha256=sha256)


@pages.get("/ecarts/<uuid:discrepancy_id>")
@requires(Permission.RUN_CLOSE)
def discrepancy(discrepancy_id: UUID) -> str:
    """Show a discrepancy with what it is about, to be closed with a reason."""
    with transaction(actor().org_id) as session:
        found = delivered.discrepancy(session, discrepancy_id)
        second = second_event(session, found)
        delivery = delivered.find_delivery(session, found.subject_id)
        about = orders.orders(session, order_ids=[delivery.order_id if delivery else found.subject_id])
        order = about[0] if about else None
        return render_template(
            "sync/discrepancy.html",
            found=found,
            is_open=found.state is DiscrepancyState.OPEN,
            delivery=delivery,
            order=order,
            items={line.id: line for line in order.lines} if order else {},
            second=read_event(session, second[1]) if second else None,
            explained=explain_dispute(session, found),
            decided_by=_name_of(session, found.decided_by),
            reasons={one.code: one for one in REASONS},
            zone=parties.zone_of(session, org_id=actor().org_id),
        )


@pages.post("/ecarts/<uuid:discrepancy_id>/remplacer")
@requires(Permission.STOP_CORRECT)
def replace_first(discrepancy_id: UUID) -> BaseResponse:
    """Let the other tablet's visit stand in place of the first, as a correction."""
    with transaction(actor().org_id) as session:
        found = delivered.discrepancy(session, discrepancy_id)
        require_whole(Permission.STOP_CORRECT)
        replace_by_second(session, found, reason=request.form.get("reason", ""), stamp=stamp())
    return redirect(f"/ecarts/{discrepancy_id}", code=303)


@pages.post("/tableau/corrections")
@requires(Permission.RUN_CLOSE)
def correction_policy() -> BaseResponse:
    """Say whether corrections of received visits are looked at first, or count by themselves."""
    chosen = request.form.get("regle", "")
    if chosen not in {one.value for one in CorrectionPolicy}:
        raise BadRequest(Text("Choisir une des deux règles.", "Choose one of the two rules."), where="regle")
    with transaction(actor().org_id) as session:
        deals.choose_correction_policy(session, policy=CorrectionPolicy(chosen), stamp=stamp())
    return redirect("/tableau/corrections", code=303)


@pages.get("/tableau/corrections")
@requires(Permission.RUN_CLOSE)
def show_correction_policy() -> str:
    """Show what happens to corrections that tablets seal after the office has the visit."""
    with transaction(actor().org_id) as session:
        company = parties.organisation(session, org_id=actor().org_id)
        return render_template("sync/corrections.html", policy=company.correction_policy, policies=CorrectionPolicy)


def _drawing(read: ReadEvent) -> SignatureDrawing | None:
    """The ink, when it is here and is ink: what a tablet sent is not trusted."""
    sha256 = read.finished.signature_sha256 if read.finished else ""
    if not sha256 or sha256 not in read.received:
        return None
    try:
        return unpack_strokes(blob_store().get(read.event.owner_id, sha256))
    except (BadSignature, BlobMissing):
        return None


def _name_of(session: Session, user_id: UUID | None) -> str:
    return identity.member_names(session, [user_id]).get(user_id, "") if user_id else ""
