"""The printed proof of one order's delivery."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from server.core.settings import settings
from server.delivery.model import Delivery, Visit
from server.delivery.reasons import CONSENT_EN, CONSENT_FR
from server.documents.drafting.goods import Cast, delivered_rows
from server.documents.drafting.words import OUTCOMES, failure
from server.documents.rendering.papers import ProofOfDelivery, Seal, SeenAmounts
from server.documents.rendering.parts import Drawing, Fix, Moment, paper_currency
from server.orders.model import Order
from server.parties.model import Organisation
from server.parties.wording import badge_of
from server.planning.model import Run
from shared.codes import ProofCode, proof_code
from shared.problems import Text
from shared.sealing import key_id
from shared.signature import unpack_strokes
from shared.wire.event import Envelope, VisitFinished


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofDrafting:
    """What a printed proof is drafted from; ``strokes`` is the packed signature, if it arrived."""

    delivery: Delivery
    order: Order
    cast: Cast
    visit: Visit
    run: Run
    carrier: Organisation
    device_name: str
    device_key: bytes
    envelope: Envelope
    event_hash: str
    finished: VisitFinished
    terms_hash: str
    strokes: bytes | None
    missing: tuple[str, ...]
    manifest_sha256: str
    sealing_key: bytes
    skewed: bool
    corrections: tuple[Text, ...] = ()
    purged: Text | None = None


def draft_proof(of: ProofDrafting) -> ProofOfDelivery:
    """Return the paper: this order's lines alone, who signed, when, where, with what, and under which seal."""
    delivery, order, visit, finished = of.delivery, of.order, of.visit, of.finished
    return ProofOfDelivery(
        qr=_code(of),
        order_number=order.number,
        seller=of.cast.party(order.owner_id),
        buyer=of.cast.place(order.site_id),
        carrier=of.cast.party(delivery.owner_id),
        outcome=OUTCOMES[delivery.outcome.value],
        billed=badge_of(order.billing_type),
        rows=delivered_rows(delivery, order),
        delivered_at=Moment(at=delivery.delivered_at, uncertainty_s=visit.uncertainty_s),
        timezone=of.carrier.timezone,
        driver_name=of.run.driver_name,
        device_name=of.device_name,
        app_version=finished.app_version,
        seal=_seal(of),
        run_name=of.run.name,
        arrived_at=_arrival(of),
        received_at=delivery.received_at,
        failure=failure(finished.failure),
        signer_name=finished.signer_name,
        signer_role=finished.signer_role,
        signer_language=finished.language,
        signature=_drawing(of.strokes),
        consent=_consent(finished),
        place=_place(finished),
        seen=_seen(delivery, order),
        photos=tuple(sha for line in delivery.lines for sha in line.photos),
        missing_photos=of.missing,
        clock_skewed=of.skewed,
        corrections=(*_corrections(finished), *of.corrections),
        purged=of.purged,
    )


def _code(of: ProofDrafting) -> str:
    code = ProofCode(of.manifest_sha256, key_id(of.sealing_key), of.order.number)
    return proof_code(settings().public_url, code)


def _consent(finished: VisitFinished) -> Text | None:
    """The sentence under which somebody signed; one that the event's hash does not name is not printed."""
    known = {hashlib.sha256(text.encode()).hexdigest() for text in (CONSENT_FR, CONSENT_EN)}
    return Text(CONSENT_FR, CONSENT_EN) if finished.signature_sha256 and finished.consent_sha256 in known else None


def _corrections(finished: VisitFinished) -> tuple[Text, ...]:
    if not finished.corrects:
        return ()
    return (
        Text(
            f"Cette visite corrige celle de l’événement {finished.corrects}, dont la preuve reste telle quelle.",
            f"This visit corrects the one of event {finished.corrects}, whose proof stays as it is.",
        ),
    )


def _seal(of: ProofDrafting) -> Seal:
    return Seal(
        manifest_sha256=of.manifest_sha256,
        sealing_key=key_id(of.sealing_key),
        consent_sha256=of.finished.consent_sha256,
        event_id=of.envelope.event_id,
        event_hash=of.event_hash,
        root=of.finished.root,
        prev_hash=of.envelope.prev_hash,
        sequence=of.envelope.seq,
        terms_hash=of.terms_hash,
        screen_sha256=of.finished.screen_sha256,
        device_key=key_id(of.device_key),
    )


def _seen(delivery: Delivery, order: Order) -> SeenAmounts:
    return SeenAmounts(
        shown=delivery.shown,  # type: ignore[arg-type]  # the leaf's word, checked when it was read
        total_cents=delivery.shown_total_cents,
        credit_cents=delivery.shown_credit_cents,
        supplement_cents=delivery.shown_supplement_cents,
        currency=paper_currency(order.currency),
    )


def _arrival(of: ProofDrafting) -> Moment | None:
    if not 0 < of.finished.arrived_ms <= of.envelope.wall_ms:
        return None
    before_ms = of.envelope.wall_ms - of.finished.arrived_ms
    at = datetime.fromtimestamp(of.delivery.delivered_at.timestamp() - before_ms / 1000, UTC)
    return Moment(at=at, uncertainty_s=of.visit.uncertainty_s)


def _drawing(strokes: bytes | None) -> Drawing | None:
    if strokes is None:
        return None
    drawing = unpack_strokes(strokes)
    return Drawing(width=drawing.width, height=drawing.height, strokes=drawing.strokes)


def _place(finished: VisitFinished) -> Fix | None:
    place = finished.place
    if place is None:
        return None
    return Fix(lat_e7=place.lat_e7, lon_e7=place.lon_e7, accuracy_m=place.accuracy_m)
