"""Sealing the proofs of one visit: for each order its part of the signed event, and nothing of the others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text
from sqlalchemy.orm import Session, selectinload

from server.core.acting import acting_org
from server.delivery.model import Delivery, Proof, Terms, Visit
from server.delivery.proofs import (
    ProofContents,
    ProofCorrection,
    ProofOffice,
    ProofSubject,
    manifest_sha256,
)
from server.delivery.proofs.contents import ProofEvent, ProofLeaves
from server.delivery.proofs.verify import demanded_attachments
from server.delivery.reasons import CONSENT_EN, CONSENT_FR
from server.documents.drafting.evidence import ProofDrafting, draft_proof
from server.documents.drafting.goods import Cast
from server.documents.queries import cast_of, order_with_lines
from server.documents.rendering.papers import ProofOfDelivery
from server.identity.model import Device
from server.orders.model import Order
from server.parties.model import Organisation
from server.planning.model import Run
from server.sync.model import Attachment, DeviceEvent, SignedReceipt
from server.sync.service.clock import moment_of
from server.sync.service.revisions import correction_statements, correction_words
from server.sync.service.streams import unix_ms
from server.sync.service.vouching import vouched
from shared.disclosure import VisitTree
from shared.keyring import KeyLink
from shared.problems import Text
from shared.sealing import public_bytes
from shared.sealing_event import visit_of
from shared.visit import VisitFacts, containers_key, order_key, read_visit, tree_of
from shared.wire.event import Envelope, LeafGroup, VisitFinished

_LOCK_VISIT = text("SELECT pg_advisory_xact_lock(hashtextextended('seal:' || :visit, 0))")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedVisit:
    """Everything that the proofs of one visit are made of."""

    visit: Visit
    event: DeviceEvent
    envelope: Envelope
    finished: VisitFinished
    groups: tuple[LeafGroup, ...]
    tree: VisitTree
    deliveries: tuple[Delivery, ...]
    terms: Mapping[UUID, Terms]
    orders: Mapping[UUID, Order]
    cast: Cast
    run: Run
    device: Device
    carrier: Organisation
    receipt: SignedReceipt
    received: frozenset[str]
    purged: frozenset[str]
    corrections: Mapping[UUID, tuple[Text, ...]]
    statements: Mapping[UUID, tuple[int, tuple[ProofCorrection, ...]]]

    @property
    def held(self) -> frozenset[str]:
        """The files that the store has: what was received, but for what retention took out since."""
        return self.received - self.purged

    def groups_for(self, delivery: Delivery) -> tuple[LeafGroup, ...]:
        """Return the groups that this delivery's parties may see: the order, and the seller's own containers."""
        wanted = {order_key(str(delivery.order_id)), containers_key(str(delivery.seller_id))}
        return tuple(group for group in self.groups if group.key in wanted)

    def demanded(self, delivery: Delivery) -> tuple[str, ...]:
        """Return the sha256 of every attachment that this delivery's proof names."""
        return tuple(dict.fromkeys(demanded_attachments(self.finished, self.said(delivery))))

    def said(self, delivery: Delivery) -> VisitFacts:
        """Return what the delivery's own leaves say."""
        return read_visit(self.groups_for(delivery))


def read_sealed_visit(session: Session, visit_id: UUID) -> SealedVisit:
    """Return a recorded visit with its event, deliveries and the receipt that covers it."""
    visit = session.scalars(select(Visit).where(Visit.id == visit_id)).one()
    event = session.scalars(select(DeviceEvent).where(DeviceEvent.event_id == visit.event_id)).one()
    envelope = msgspec.json.decode(event.body, type=Envelope)
    groups = tuple(msgspec.convert(event.groups, type=list[LeafGroup]))
    deliveries = session.scalars(
        select(Delivery)
        .where(Delivery.visit_id == visit_id)
        .options(selectinload(Delivery.lines))
        .order_by(Delivery.id)
    ).all()
    run = session.scalars(select(Run).where(Run.id == visit.run_id)).one()
    terms = session.scalars(select(Terms).where(Terms.id.in_([one.terms_id for one in deliveries]))).all()
    orders = {one.order_id: order_with_lines(session, one.order_id) for one in deliveries}
    cast = cast_of(session, orders.values(), sites={visit.site_id}, organisations={visit.owner_id})
    finished = visit_of(envelope)
    received = _received(session, groups, finished)
    return SealedVisit(
        visit=visit,
        event=event,
        envelope=envelope,
        finished=finished,
        groups=groups,
        tree=tree_of(groups, event.group_padding),
        deliveries=tuple(deliveries),
        terms={one.id: one for one in terms},
        orders=orders,
        cast=cast,
        run=run,
        device=session.scalars(select(Device).where(Device.id == visit.device_id)).one(),
        carrier=cast.organisations[visit.owner_id],
        receipt=_receipt(session, visit),
        received=frozenset(received),
        purged=frozenset(sha256 for sha256, purged_at in received.items() if purged_at is not None),
        corrections={
            one.id: correction_words(session, delivery=one, visit=visit, order=orders[one.order_id])
            for one in deliveries
        },
        statements={
            one.id: correction_statements(session, delivery=one, visit=visit, driver_name=run.driver_name)
            for one in deliveries
        },
    )


def hold_visit(session: Session, visit_id: UUID) -> None:
    """Let no other transaction seal this visit's proofs until this one ends: its orders' jobs run side by side."""
    session.execute(_LOCK_VISIT, {"visit": str(visit_id)})


def unsealed(session: Session, sealed: SealedVisit) -> tuple[Delivery, ...]:
    """Return the visit's deliveries that have no proof yet."""
    known = set(
        session.scalars(select(Proof.delivery_id).where(Proof.delivery_id.in_([one.id for one in sealed.deliveries])))
    )
    return tuple(one for one in sealed.deliveries if one.id not in known)


def is_complete(sealed: SealedVisit, delivery: Delivery) -> bool:
    """Say whether every attachment that the proof names has arrived."""
    return sealed.received.issuperset(sealed.demanded(delivery))


def contents_of(
    sealed: SealedVisit,
    delivery: Delivery,
    *,
    attachments: Mapping[str, bytes],
    key: Ed25519PrivateKey,
    links: Sequence[KeyLink],
    sealed_at: datetime,
) -> ProofContents:
    """Return what the ``.proof`` file of one delivery holds; ``attachments`` are those that arrived.

    ``links`` are the server's keys, oldest first: one of them gave the receipt, and ``key`` is the last.
    """
    order, terms = sealed.orders[delivery.order_id], sealed.terms[delivery.terms_id]
    demanded = sealed.demanded(delivery)
    return ProofContents(
        subject=ProofSubject(
            order_id=str(order.id),
            order_number=order.number,
            seller_id=str(order.owner_id),
            seller_name=sealed.cast.organisations[order.owner_id].name,
            buyer_id=str(order.buyer_id),
            buyer_name=sealed.cast.organisations[order.buyer_id].name,
            event_seq=sealed.envelope.seq,
        ),
        event=ProofEvent(body=sealed.event.body.decode(), hash=sealed.event.hash, signature=sealed.event.signature),
        leaves=tuple(ProofLeaves.of(sealed.tree.disclose(group.key)) for group in sealed.groups_for(delivery)),
        goods=terms.goods,
        prices=terms.prices,
        attachments={sha256: attachments[sha256] for sha256 in demanded if sha256 in attachments},
        missing=tuple(sorted(sha256 for sha256 in demanded if sha256 not in attachments)),
        keys=vouched(sealed.carrier, sealed.device, sealed.receipt, key=key, links=links),
        office=_office(sealed, delivery),
        sealed_ms=unix_ms(sealed_at),
    )


def proof_paper(
    sealed: SealedVisit,
    delivery: Delivery,
    *,
    strokes: bytes | None,
    file: bytes,
    key: Ed25519PrivateKey,
    purged: Text | None = None,
) -> ProofOfDelivery:
    """Return the printed proof of one delivery; its code leads to the ``file`` that ``key`` sealed.

    ``purged`` says when its pictures were purged, and by which rule.
    """
    return draft_proof(
        ProofDrafting(
            delivery=delivery,
            order=sealed.orders[delivery.order_id],
            cast=sealed.cast,
            visit=sealed.visit,
            run=sealed.run,
            carrier=sealed.carrier,
            device_name=sealed.device.name,
            device_key=sealed.device.public_key,
            envelope=sealed.envelope,
            event_hash=sealed.event.hash,
            finished=sealed.finished,
            terms_hash=sealed.terms[delivery.terms_id].hash,
            strokes=strokes,
            missing=tuple(sha for sha in sealed.demanded(delivery) if sha not in sealed.received),
            manifest_sha256=manifest_sha256(file),
            sealing_key=public_bytes(key),
            skewed=moment_of(sealed.envelope, received_at=sealed.visit.received_at).skewed,
            corrections=sealed.corrections[delivery.id],
            purged=purged,
        )
    )


def readers_of(delivery: Delivery, order: Order) -> tuple[UUID, ...]:
    """Return who may read the proof besides the carrier: seller, buyer, agent and issuer of that order alone (R018)."""
    named = {delivery.seller_id, delivery.buyer_id, delivery.issuer_id, order.agent_id}
    return tuple(sorted(one for one in named if one and one != delivery.owner_id))


def _office(sealed: SealedVisit, delivery: Delivery) -> ProofOffice:
    revision, corrections = sealed.statements[delivery.id]
    place, visit = sealed.cast.place(sealed.visit.site_id), sealed.visit
    consents = {hashlib.sha256(text.encode()).hexdigest(): text for text in (CONSENT_FR, CONSENT_EN)}
    return ProofOffice(
        driver_name=sealed.run.driver_name,
        run_name=sealed.run.name,
        place_name=place.name,
        place_lines=tuple(line for line in (place.street, f"{place.city} {place.postal_code}".strip()) if line),
        timezone=sealed.carrier.timezone,
        delivered_ms=unix_ms(visit.delivered_at),
        uncertainty_s=visit.uncertainty_s,
        skewed=moment_of(sealed.envelope, received_at=visit.received_at).skewed,
        received_ms=unix_ms(visit.received_at),
        consent=consents.get(sealed.finished.consent_sha256, ""),
        revision=revision,
        corrections=corrections,
    )


def _receipt(session: Session, visit: Visit) -> SignedReceipt:
    return session.scalars(
        select(SignedReceipt)
        .where(SignedReceipt.device_id == visit.device_id, SignedReceipt.last_seq >= visit.event_seq)
        .order_by(SignedReceipt.last_seq, SignedReceipt.given_at)
        .limit(1)
    ).one()


def _received(
    session: Session, groups: tuple[LeafGroup, ...], finished: VisitFinished
) -> Mapping[str, datetime | None]:
    """Return when retention took each file out that came whole, None where the store has it."""
    named = set(_named(groups, finished))
    rows = session.execute(
        select(Attachment.sha256, Attachment.purged_at).where(
            Attachment.owner_id == acting_org(session),
            Attachment.sha256.in_(named),
            Attachment.complete_at.is_not(None),
        )
    )
    return {row.sha256: row.purged_at for row in rows}


def _named(groups: tuple[LeafGroup, ...], finished: VisitFinished) -> Iterator[str]:
    yield from demanded_attachments(finished, read_visit(groups))
