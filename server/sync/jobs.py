"""After the commit: bundles for tablets and proofs for everyone concerned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import any_, literal, or_, select
from sqlalchemy.orm import Session

from server.core import clock, facts
from server.core.blobs import BlobMissing, blob_store
from server.core.jobs import AGAIN, enqueue, queue
from server.core.keys import server_key, server_keys
from server.core.logs import log
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.events import PROOF_SEALED
from server.delivery.jobs import plan_day
from server.delivery.model import Delivery, DeliveryLine, Proof, Visit
from server.delivery.proofs import write_proof
from server.delivery.sharing.editions import files_of
from server.delivery.sharing.fingerprint import seal_fingerprint
from server.delivery.sharing.service import earlier_proofs, share_proofs
from server.documents import service as documents
from server.documents.model import DocumentKind
from server.documents.rendering.papers import ProofOfDelivery
from server.documents.rendering.render import render
from server.documents.service import Rendered
from server.documents.service.keeping import PDF, put
from server.notifications.service.telling import News, tell
from server.orders.model import Order
from server.parties.wording import with_badge
from server.sync.model import Attachment, DeviceEvent, EventDecision
from server.sync.service import proofs, purging
from server.sync.service.attachments import UPLOADS_KEPT, sweep_uploads
from server.sync.service.bundles import build_bundle
from server.sync.service.proofs import SealedVisit
from server.sync.service.streams import unix_ms
from shared.ids import new_id
from shared.keyring import KeyLink
from shared.problems import Language, Text
from shared.sealing import public_bytes

PROOF_TYPE = "application/vnd.tournee.proof+zip"


@queue.task(name="sync.sweep_uploads", queueing_lock="sync.sweep_uploads", retry=AGAIN)
def sweep_half_sent(timestamp: int) -> None:
    """Delete half-sent files that no tablet came back for; ``timestamp``, the hour that asked, decides nothing."""
    gone = sweep_uploads(before=clock.now() - UPLOADS_KEPT)
    log(__name__).info("swept", asked_at=timestamp, uploads=gone)


@queue.task(name="sync.build_run_bundle", retry=AGAIN)
def build_run_bundle(*, owner_id: str, subject_id: str) -> None:
    """Put the run's present version on the carrier's feed."""
    with transaction(UUID(owner_id)) as session:
        build_bundle(session, UUID(subject_id), stamp=_now())


@queue.task(name="sync.seal_delivery", retry=AGAIN)
def seal_delivery(*, owner_id: str, subject_id: str) -> None:
    """Seal the proofs of a delivery's visit; those that still miss an attachment wait for it.

    What was recorded by hand has no signed event: nothing of it is sealed.
    """
    with transaction(UUID(owner_id)) as session:
        visit_id = session.scalars(select(Delivery.visit_id).where(Delivery.id == UUID(subject_id))).one()
    if visit_id is not None:
        _seal_visit(UUID(owner_id), visit_id, only_complete=True)


@queue.task(name="sync.seal_with_attachment", retry=AGAIN)
def seal_with_attachment(*, owner_id: str, subject_id: str) -> None:
    """Seal what waited for an attachment that has just arrived."""
    with transaction(UUID(owner_id)) as session:
        sha256 = session.scalars(select(Attachment.sha256).where(Attachment.id == UUID(subject_id))).one()
        for visit_id in _waiting_for(session, sha256):
            enqueue(
                session,
                seal_visit,
                key=f"seal:{visit_id}",
                owner_id=owner_id,
                subject_id=str(visit_id),
                only_complete=1,
            )


@queue.task(name="sync.seal_visit", retry=AGAIN)
def seal_visit(*, owner_id: str, subject_id: str, only_complete: int = 1) -> None:
    """Seal the proofs of a visit; with ``only_complete`` 0, say in them what is missing."""
    _seal_visit(UUID(owner_id), UUID(subject_id), only_complete=bool(only_complete))


@queue.task(name="sync.tell_set_aside", retry=AGAIN)
def tell_set_aside(*, owner_id: str, subject_id: str) -> None:
    """Tell the sellers that hold a proof of the stop that a later event of it was set aside, and why."""
    with transaction(UUID(owner_id)) as session:
        decision = session.scalars(select(EventDecision).where(EventDecision.event_id == UUID(subject_id))).one()
        proven = session.execute(
            select(Delivery.seller_id, Delivery.order_id)
            .join(Proof, Proof.delivery_id == Delivery.id)
            .join(Visit, Visit.id == Delivery.visit_id)
            .join(DeviceEvent, DeviceEvent.stop_id == Visit.stop_id)
            .where(DeviceEvent.event_id == decision.event_id)
            .distinct()
        ).all()
        for seller_id, order_id in proven:
            news = news_of_set_aside(decision, session.get_one(Order, order_id))
            tell(session, recipient_id=seller_id, news=news, stamp=_now())


def news_of_set_aside(decision: EventDecision, order: Order) -> News:
    """Return what a seller is told of an event that was set aside after its proof."""
    return News(
        key=f"set-aside:{decision.id}:{order.id}",
        kind="delivery.event_set_aside",
        subject_id=order.id,
        title=with_badge(Text("Événement de livraison écarté", "Delivery event set aside"), order.billing_type),
        text=Text(
            f"Le transporteur a écarté un événement reçu après votre preuve, qui reste telle quelle. {decision.reason}",
            f"The carrier set aside an event received after your proof, which stays as it is. {decision.reason}",
        ),
        link=f"/commandes/{order.id}",
        members={"order_id": str(order.id), "event_id": str(decision.event_id), "reason": decision.reason},
    )


def _seal_visit(owner_id: UUID, visit_id: UUID, *, only_complete: bool) -> None:
    with transaction(owner_id) as session:
        sealed = proofs.read_sealed_visit(session, visit_id)
        waiting = proofs.unsealed(session, sealed)
    ready = [one for one in waiting if not only_complete or proofs.is_complete(sealed, one)]
    rendered = [_render(sealed, delivery) for delivery in ready]
    with transaction(owner_id) as session:
        proofs.hold_visit(session, visit_id)
        done = {one.id for one in proofs.unsealed(session, sealed)}
        kept = {
            _keep(session, sealed, delivery, file, paper): seal_fingerprint(file.payload)
            for delivery, file, paper in rendered
            if delivery.id in done
        }
        shown = {proof.id: proof for proof in (*earlier_proofs(session, kept), *kept)}
        share_proofs(session, shown.values(), seals={proof.id: seal for proof, seal in kept.items()}, stamp=_now())


def _render(sealed: SealedVisit, delivery: Delivery) -> tuple[Delivery, Rendered, Rendered]:
    key, attachments = server_key(), _attachments(sealed, delivery)
    contents = proofs.contents_of(
        sealed, delivery, attachments=attachments, key=key, links=_links(), sealed_at=_now().at
    )
    file = write_proof(contents, key=key)
    strokes = attachments.get(sealed.finished.signature_sha256)
    paper = proofs.proof_paper(sealed, delivery, strokes=strokes, file=file, key=key)
    return delivery, *_put_both(sealed, delivery, file, paper)


def _render_bare(
    sealed: SealedVisit, delivery: Delivery, before: bytes | None, *, kept_years: int
) -> tuple[Delivery, Rendered, Rendered]:
    """Make a proof's files again without pictures, from the file that stands for it."""
    key, at = server_key(), _now().at
    fresh = proofs.contents_of(
        sealed, delivery, attachments=_kept_attachments(sealed, delivery), key=key, links=_links(), sealed_at=at
    )
    file = purging.without_pictures(before, fresh, key=key, purged_ms=unix_ms(at), kept_years=kept_years)
    words = purging.purge_words(at, kept_years=kept_years)
    paper = proofs.proof_paper(sealed, delivery, strokes=None, file=file, key=key, purged=words)
    return delivery, *_put_both(sealed, delivery, file, paper)


def _put_both(
    sealed: SealedVisit, delivery: Delivery, file: bytes, paper: ProofOfDelivery
) -> tuple[Rendered, Rendered]:
    language: Language = "en" if sealed.cast.organisations[delivery.seller_id].language == "en" else "fr"
    pdf = render(paper, language=language, issued_at=delivery.received_at)
    number, part = sealed.orders[delivery.order_id].number, _Part(sealed, delivery, language)
    both = (
        part.rendered(DocumentKind.PROOF_FILE, f"{number}.proof", file, PROOF_TYPE),
        part.rendered(DocumentKind.PROOF_PDF, f"{number}-preuve.pdf", pdf, PDF),
    )
    for one in both:
        put(one)
    return both


def _links() -> tuple[KeyLink, ...]:
    return tuple(one.link for one in server_keys())


@dataclass(frozen=True, slots=True)
class _Part:
    """One delivery of a sealed visit, and the language of its papers."""

    sealed: SealedVisit
    delivery: Delivery
    language: Language

    def rendered(self, kind: DocumentKind, name: str, payload: bytes, media_type: str) -> Rendered:
        """Return one of the delivery's two files, with who may read it."""
        return Rendered(
            kind=kind,
            owner_id=self.delivery.owner_id,
            readers=proofs.readers_of(self.delivery, self.sealed.orders[self.delivery.order_id]),
            subject_id=self.delivery.id,
            name=name,
            language=self.language,
            payload=payload,
            order_id=self.delivery.order_id,
            run_id=self.sealed.run.id,
            media_type=media_type,
        )


def purge_visit(owner_id: UUID, visit_id: UUID, *, kept_years: int) -> int:
    """Make a visit's proofs again without their pictures, then forget these; return the bytes that were freed.

    ``kept_years`` is the rule that they went by: each purged picture is named with it.

    Files are written before the rows that name them, and forgotten after by a job of the same transaction.
    """
    with transaction(owner_id) as session:
        sealed = proofs.read_sealed_visit(session, visit_id)
        kept = [
            (delivery, proof, files_of(session, proof).file_sha256)
            for delivery, proof in purging.proofs_with_pictures(session, sealed)
        ]
    made = [
        (proof, *_render_bare(sealed, delivery, _stored(owner_id, sha256), kept_years=kept_years))
        for delivery, proof, sha256 in kept
    ]
    with transaction(owner_id) as session:
        proofs.hold_visit(session, visit_id)
        key = public_bytes(server_key()).hex()
        freed = purging.replace_files(session, sealed, made, server_key=key, kept_years=kept_years, stamp=_now())
        enqueue(session, forget_pictures, key=f"forget:{visit_id}", owner_id=str(owner_id), subject_id=str(visit_id))
    forget_pictures(owner_id=str(owner_id), subject_id=str(visit_id))
    return freed


@queue.task(name="sync.forget_pictures", retry=AGAIN)
def forget_pictures(*, owner_id: str, subject_id: str) -> None:
    """Delete from the store what the purged proofs of a visit no longer need; doing it again changes nothing."""
    with transaction(UUID(owner_id)) as session:
        sealed = proofs.read_sealed_visit(session, UUID(subject_id))
        loose = purging.loose_files(session, sealed)
        purging.note_purged(session, loose, stamp=_now())
    for sha256 in loose:
        blob_store().forget(UUID(owner_id), sha256)


def _attachments(sealed: SealedVisit, delivery: Delivery) -> dict[str, bytes]:
    store = blob_store()
    wanted: Iterable[str] = (sha256 for sha256 in sealed.demanded(delivery) if sha256 in sealed.held)
    return {sha256: store.get(delivery.owner_id, sha256) for sha256 in wanted}


def _kept_attachments(sealed: SealedVisit, delivery: Delivery) -> dict[str, bytes]:
    """What was received, by its name alone: its bytes are about to go, and may be gone already."""
    return {sha256: b"" for sha256 in sealed.demanded(delivery) if sha256 in sealed.received}


def _stored(owner_id: UUID, sha256: str) -> bytes | None:
    try:
        return blob_store().get(owner_id, sha256)
    except BlobMissing:
        return None


def _keep(session: Session, sealed: SealedVisit, delivery: Delivery, file: Rendered, pdf: Rendered) -> Proof:
    stamp = _now()
    for one in (file, pdf):
        documents.keep(session, one, stamp=stamp)
    readers = proofs.readers_of(delivery, sealed.orders[delivery.order_id])
    proof = Proof(
        id=new_id(),
        owner_id=delivery.owner_id,
        party_ids=list(readers),
        delivery_id=delivery.id,
        order_id=delivery.order_id,
        seller_id=delivery.seller_id,
        file_sha256=file.sha256,
        file_size_bytes=len(file.payload),
        pdf_sha256=pdf.sha256,
        pdf_size_bytes=len(pdf.payload),
        missing_attachments=[sha for sha in sealed.demanded(delivery) if sha not in sealed.held],
        server_key=public_bytes(server_key()).hex(),
        made_at=stamp.at,
    )
    session.add(proof)
    session.flush()
    facts.record(session, PROOF_SEALED, proof.id, stamp, readers=readers)
    plan_day(session, owner_id=delivery.owner_id, made_at=stamp.at)
    return proof


def _waiting_for(session: Session, sha256: str) -> list[UUID]:
    rows = session.scalars(
        select(Visit.id)
        .join(Delivery, Delivery.visit_id == Visit.id)
        .join(DeliveryLine, DeliveryLine.delivery_id == Delivery.id)
        .outerjoin(Proof, Proof.delivery_id == Delivery.id)
        .where(
            Proof.id.is_(None),
            or_(
                Visit.signature_sha256 == sha256,
                Visit.picture_sha256 == sha256,
                literal(sha256) == any_(DeliveryLine.photos),
            ),
        )
        .distinct()
    )
    return list(rows)


def _now() -> Stamp:
    return Stamp(None, clock.now())
