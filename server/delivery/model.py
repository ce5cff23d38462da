"""What happened at the door: one act of signing, one delivery for each order, and the evidence."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.database import Owned, cents, json_object


class VisitOutcome(StrEnum):
    """How a visit ended; failures and refusals are proofs of the same family."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    REFUSED = "refused"
    FAILED = "failed"


class Terms(Owned):
    """The immutable agreement of one order that a bundle carried: both halves' canonical bytes and their hash."""

    __tablename__ = "terms"
    __table_args__ = (UniqueConstraint("order_id", "hash"),)
    append_only: ClassVar[bool] = True

    order_id: Mapped[UUID]
    hash: Mapped[str]
    goods: Mapped[bytes]
    prices: Mapped[bytes]
    invoice_id: Mapped[UUID | None]
    made_at: Mapped[datetime]


class Visit(Owned):
    """One act of signing at one stop. Only the carrier reads it whole; the others read their deliveries."""

    __tablename__ = "visit"
    __table_args__ = (Index(None, "owner_id", "stop_id"),)
    append_only: ClassVar[bool] = True

    stop_id: Mapped[UUID]
    run_id: Mapped[UUID] = mapped_column(index=True)
    site_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    device_id: Mapped[UUID]
    event_id: Mapped[UUID] = mapped_column(unique=True)
    event_seq: Mapped[int]
    position: Mapped[int] = mapped_column(BigInteger, Identity())  # order of reception, under the run's lock
    driver_id: Mapped[UUID]
    outcome: Mapped[VisitOutcome]
    failure: Mapped[str] = mapped_column(default="")
    signer_name: Mapped[str] = mapped_column(default="")
    signer_role: Mapped[str] = mapped_column(default="")
    signature_sha256: Mapped[str] = mapped_column(default="")
    picture_sha256: Mapped[str] = mapped_column(default="")
    photos: Mapped[list[str]] = mapped_column(default=list)  # of no line: only the carrier sees them
    root: Mapped[str]
    delivered_at: Mapped[datetime]  # the tablet's clock, corrected by its offset
    uncertainty_s: Mapped[int]
    received_at: Mapped[datetime]  # ours
    corrects_id: Mapped[UUID | None]


class HandRecord(Owned):
    """What somebody at the office says of a delivery that no tablet saw: no signature, no seal, only who says so.

    The parties of its delivery read it; of what was taken along, each reads what is its own. ``key`` is the command's:
    the same one is recorded once.
    """

    __tablename__ = "hand_record"
    __table_args__ = (UniqueConstraint("order_id", "key"),)
    append_only: ClassVar[bool] = True

    order_id: Mapped[UUID]
    key: Mapped[UUID]
    by: Mapped[UUID | None]
    by_name: Mapped[str]  # the person and its organisation, as the parties read it
    delivered_on: Mapped[date]  # all that is known of the hour of an earlier day
    words: Mapped[str] = mapped_column(default="")
    recorded_at: Mapped[datetime]
    containers: Mapped[list[ContainerReturn]] = relationship(
        lazy="selectin", viewonly=True, order_by="ContainerReturn.class_code"
    )
    collections: Mapped[list[Collection]] = relationship(lazy="selectin", viewonly=True, order_by="Collection.method")


class Delivery(Owned):
    """What one customer accepted of one order, during one visit or by a record at hand. Written once, never changed."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("visit_id", "order_id", "revision"),
        UniqueConstraint("hand_record_id", "revision"),
        CheckConstraint("num_nonnulls(visit_id, hand_record_id) = 1", name="one_source"),
        Index(None, "order_id"),
    )
    append_only: ClassVar[bool] = True

    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit.id"))
    hand_record_id: Mapped[UUID | None] = mapped_column(ForeignKey("hand_record.id"))
    order_id: Mapped[UUID]
    seller_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    issuer_id: Mapped[UUID]
    terms_id: Mapped[UUID]
    revision: Mapped[int]  # a correction is a new revision
    outcome: Mapped[VisitOutcome]
    delivered_at: Mapped[datetime]
    received_at: Mapped[datetime]
    signer_name: Mapped[str] = mapped_column(default="")
    shown: Mapped[str]
    shown_total_cents: Mapped[cents]
    shown_credit_cents: Mapped[cents]
    shown_supplement_cents: Mapped[cents]
    lines: Mapped[list[DeliveryLine]] = relationship(
        lazy="raise_on_sql", order_by="DeliveryLine.position", cascade="save-update"
    )
    by_hand: Mapped[HandRecord | None] = relationship(lazy="raise_on_sql", viewonly=True)

    @property
    def source_id(self) -> UUID:
        """Return the visit, or the record at hand, that it rests on: one of both, as the database holds."""
        source = self.visit_id or self.hand_record_id
        if source is None:
            raise ValueError("a delivery rests on a visit or on a record at hand")
        return source


class DeliveryLine(Owned):
    """One line: ordered = delivered + not shipped + lost + returned; extra stands on top."""

    __tablename__ = "delivery_line"
    __table_args__ = (UniqueConstraint("delivery_id", "order_line_id"),)
    append_only: ClassVar[bool] = True

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"), index=True)
    position: Mapped[int]
    order_line_id: Mapped[UUID]
    ordered: Mapped[int]
    delivered: Mapped[int]
    not_shipped: Mapped[int]
    lost: Mapped[int]
    returned: Mapped[int]
    extra: Mapped[int]
    reason: Mapped[str] = mapped_column(default="")
    photos: Mapped[list[str]]


class CorrectionSource(StrEnum):
    """Where a correction comes from: a tablet's sealed event, a person at the office, or another tablet's visit."""

    TABLET = "tablet"
    OFFICE = "office"
    DISPUTE = "dispute"


class Correction(Owned):
    """Why a delivery has a further revision: who says so, from what evidence, in which words. One for each key."""

    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("owner_id", "key", "order_id"), UniqueConstraint("delivery_id"))
    append_only: ClassVar[bool] = True

    key: Mapped[UUID]  # the command's, or the event that says it
    order_id: Mapped[UUID] = mapped_column(index=True)
    delivery_id: Mapped[UUID]
    replaces_id: Mapped[UUID]
    source: Mapped[CorrectionSource]
    event_id: Mapped[UUID | None]
    reason: Mapped[str]
    by: Mapped[UUID | None]
    made_at: Mapped[datetime]


class _HandedOver:
    """What changed hands at a visit, or as a record at hand tells: one of both, as the database holds."""

    visit_id: Mapped[UUID | None] = mapped_column(index=True)
    hand_record_id: Mapped[UUID | None] = mapped_column(ForeignKey("hand_record.id"))
    position: Mapped[int] = mapped_column(BigInteger, Identity())  # in which it counted, under the run's lock

    @property
    def source_id(self) -> UUID:
        """Return the visit, or the record at hand."""
        source = self.visit_id or self.hand_record_id
        if source is None:
            raise ValueError("what changed hands rests on a visit or on a record at hand")
        return source


class ContainerReturn(_HandedOver, Owned):
    """Empties of one owner and class taken back at a visit, at the price that the signer saw, or told by hand (C30)."""

    __tablename__ = "container_return"
    __table_args__ = (
        UniqueConstraint("visit_id", "container_owner_id", "class_code"),
        UniqueConstraint("hand_record_id", "container_owner_id", "class_code"),
        CheckConstraint("num_nonnulls(visit_id, hand_record_id) = 1", name="one_source"),
    )
    append_only: ClassVar[bool] = True

    container_owner_id: Mapped[UUID]
    creditor_id: Mapped[UUID]
    holder_id: Mapped[UUID]
    class_code: Mapped[str]
    quantity: Mapped[int]
    unit_cents: Mapped[int]


class Collection(_HandedOver, Owned):
    """Money taken at the door for one issuer, or told by hand; pending until its accounting confirms it (C29)."""

    __tablename__ = "collection"
    __table_args__ = (
        UniqueConstraint("visit_id", "issuer_id", "method"),
        UniqueConstraint("hand_record_id", "issuer_id", "method"),
        CheckConstraint("num_nonnulls(visit_id, hand_record_id) = 1", name="one_source"),
    )
    append_only: ClassVar[bool] = True

    issuer_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    method: Mapped[str]
    amount_cents: Mapped[cents]
    rounding_cents: Mapped[cents]
    reference: Mapped[str] = mapped_column(default="")


class DiscrepancyState(StrEnum):
    """A discrepancy waits for a person."""

    OPEN = "open"
    DECIDED = "decided"


class Discrepancy(Owned):
    """Something about a delivery that a dispatcher must look at; the delivery itself stands.

    ``against_id`` is what says otherwise than the subject, where something does: each other visit is asked about.
    """

    __tablename__ = "discrepancy"
    __table_args__ = (
        UniqueConstraint("owner_id", "kind", "subject_id", "against_id", postgresql_nulls_not_distinct=True),
        Index(None, "owner_id", "state"),
    )

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    against_id: Mapped[UUID | None]
    run_id: Mapped[UUID | None]
    stop_id: Mapped[UUID | None]
    text_fr: Mapped[str]
    text_en: Mapped[str]
    facts: Mapped[json_object] = mapped_column(default=dict)
    state: Mapped[DiscrepancyState] = mapped_column(default=DiscrepancyState.OPEN)
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    decision: Mapped[str] = mapped_column(default="")


class VarianceNotice(Owned):
    """Tells the seller of an external order what is missing; no invoice is touched (C14)."""

    __tablename__ = "variance_notice"
    __table_args__ = (UniqueConstraint("delivery_id"),)
    append_only: ClassVar[bool] = True

    delivery_id: Mapped[UUID]
    order_id: Mapped[UUID] = mapped_column(index=True)
    seller_id: Mapped[UUID]
    short_units: Mapped[int]
    extra_units: Mapped[int]
    made_at: Mapped[datetime]


class Proof(Owned):
    """The sealed proof of one order's delivery: a ``.proof`` file and its PDF, shared with its parties (R018)."""

    __tablename__ = "proof"
    __table_args__ = (UniqueConstraint("delivery_id"), Index(None, "order_id"))
    append_only: ClassVar[bool] = True

    delivery_id: Mapped[UUID]
    order_id: Mapped[UUID]
    seller_id: Mapped[UUID]
    file_sha256: Mapped[str]
    file_size_bytes: Mapped[int]
    pdf_sha256: Mapped[str]
    pdf_size_bytes: Mapped[int]
    missing_attachments: Mapped[list[str]]
    server_key: Mapped[str]  # which of the server's keys sealed, 64 hex digits
    made_at: Mapped[datetime]


class ProofDay(Owned):
    """One signed root over a carrier's proofs (M1); ``nodes`` are the tree's leaves, 32 bytes each, in their order.

    ``token`` is a time-stamping authority's answer over sha256 of ``body`` (RFC 3161), empty where none is configured.
    """

    __tablename__ = "proof_day"
    __table_args__ = (Index(None, "owner_id", "day"),)
    append_only: ClassVar[bool] = True

    day: Mapped[date]
    body: Mapped[str]
    key: Mapped[str]
    signature: Mapped[str]
    nodes: Mapped[bytes]
    token: Mapped[bytes]
    made_at: Mapped[datetime]


class ProofInclusion(Owned):
    """The file beside a proof that ties it to its day's root, for the same readers."""

    __tablename__ = "proof_inclusion"
    __table_args__ = (UniqueConstraint("proof_id"),)
    append_only: ClassVar[bool] = True

    proof_id: Mapped[UUID] = mapped_column(ForeignKey("proof.id"))
    proof_day_id: Mapped[UUID] = mapped_column(ForeignKey("proof_day.id"), index=True)
    payload: Mapped[bytes]
