"""The tablets' streams as the server holds them. The carrier owns every row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, Reference, json_list, json_object


class StreamState(StrEnum):
    """A forked stream is parked whole until a person decides; a retired one is kept as evidence from then on."""

    OPEN = "open"
    FORKED = "forked"
    RETIRED = "retired"


class DeviceStream(Owned):
    """How far the server has one tablet's log; the row is locked while a batch is applied.

    ``announced_seq`` is the furthest head that the tablet said it cannot take back, ``heard_at`` when it last spoke.
    It spoke under ``heard_epoch``. ``told_all_at`` is when it last said that nothing stands behind that head, and
    ``owed_seq`` how far, by its word, the office once signed for its log. ``pulled_epoch`` is that under which it last
    pulled, empty while it never did: what it was given under another one, a restored office may have forgotten.
    ``laid_aside_at`` is since when it says that its log is over: no runs, no events, nothing held back.
    ``strays_refused`` counts batches of another branch that found their quarantine full. ``damaged`` holds pairs of the
    sha256 of an event that did not open when it came, and how often these very bytes came; the newest last.
    """

    __tablename__ = "device_stream"
    __table_args__ = (UniqueConstraint("device_id"),)

    device_id: Mapped[UUID]
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    head: Mapped[str]
    safe_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[StreamState] = mapped_column(default=StreamState.OPEN)
    server_offset_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    announced_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    heard_at: Mapped[datetime | None]
    told_all_at: Mapped[datetime | None]
    heard_epoch: Mapped[str] = mapped_column(default="", server_default="")
    pulled_epoch: Mapped[str] = mapped_column(default="", server_default="")
    laid_aside_at: Mapped[datetime | None]
    owed_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    strays_refused: Mapped[int] = mapped_column(BigInteger, default=0)
    damaged: Mapped[json_list] = mapped_column(default=list, server_default="[]")
    pace_minute: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # since 1970
    pace_count: Mapped[int] = mapped_column(default=0, server_default="0")  # greetings and pushes in that minute
    calls_minute: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # since 1970
    calls_leased: Mapped[int] = mapped_column(default=0, server_default="0")  # calls about files in that minute
    files_day: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # since 1970, UTC
    files_bytes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")  # of files kept on that day
    retired_at: Mapped[datetime | None]
    retired_by: Mapped[UUID | None]
    retired_note: Mapped[str] = mapped_column(default="")


class EventOutcome(StrEnum):
    """What became of an event. Nothing is refused: at worst it is parked."""

    APPLIED = "applied"
    PARKED = "parked"
    DECIDED = "decided"


class DeviceEvent(Owned):
    """A sealed event, verbatim. Its bytes never change; only a parked one's outcome may be decided.

    One that was kept with a damaged signature or damaged leaves gets the whole ones when they come. ``files`` holds the
    sha256 of every attachment that it names, whatever became of it.
    """

    __tablename__ = "device_event"
    __table_args__ = (
        UniqueConstraint("device_id", "seq"),
        UniqueConstraint("event_id"),
        Index(None, "owner_id", "run_id"),
        Index(None, "owner_id", "outcome"),
    )

    device_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[UUID]
    type: Mapped[str]
    run_id: Mapped[UUID | None]
    stop_id: Mapped[UUID | None]
    body: Mapped[bytes]
    hash: Mapped[str]
    signature: Mapped[str]
    groups: Mapped[json_list]
    group_padding: Mapped[json_list]
    files: Mapped[list[str]] = mapped_column(default=list)
    outcome: Mapped[EventOutcome]
    refusal: Mapped[json_object] = mapped_column(default=dict)
    documents: Mapped[json_list] = mapped_column(default=list)
    received_at: Mapped[datetime]


class DecisionKind(StrEnum):
    """What a person decided about a parked event."""

    APPLIED = "applied"
    REPLACED = "replaced"
    SET_ASIDE = "set_aside"


class EventDecision(Owned):
    """What became of a parked event, by whom and why. The event's bytes stay as they were sealed. One an event."""

    __tablename__ = "event_decision"
    __table_args__ = (UniqueConstraint("event_id"),)
    append_only: ClassVar[bool] = True

    event_id: Mapped[UUID]
    kind: Mapped[DecisionKind]
    reason: Mapped[str] = mapped_column(default="")
    refusal: Mapped[json_object]  # why it had been parked
    by: Mapped[UUID | None]
    decided_at: Mapped[datetime]


class Attachment(Owned):
    """A file that a tablet sends in chunks, named by its sha256; it counts only when the hash matches."""

    __tablename__ = "attachment"
    __table_args__ = (UniqueConstraint("owner_id", "sha256"),)

    sha256: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    received_bytes: Mapped[int] = mapped_column(default=0)
    complete_at: Mapped[datetime | None]
    served_sha256: Mapped[str] = mapped_column(default="")  # the re-encoded copy of a picture
    purged_at: Mapped[datetime | None]  # retention took the bytes out of the store; the hash stays


class RunBundle(Owned):
    """One immutable version of a run as its tablet pulls it; ``position`` is its place in the carrier's feed."""

    __tablename__ = "run_bundle"
    __table_args__ = (UniqueConstraint("run_id", "version"), Index(None, "owner_id", "driver_id", "position"))
    append_only: ClassVar[bool] = True

    run_id: Mapped[UUID]
    driver_id: Mapped[UUID]
    version: Mapped[int]
    position: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[bytes]
    gone: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]


class RunGiven(Owned):
    """A tablet that pulled a run: it may hold events of it, so the run waits for it before it closes (M4)."""

    __tablename__ = "run_given"
    __table_args__ = (UniqueConstraint("run_id", "device_id"),)

    run_id: Mapped[UUID]
    device_id: Mapped[UUID] = mapped_column(index=True)
    version: Mapped[int]
    given_at: Mapped[datetime]


class RunWaiver(Owned):
    """An administrator's written word that a run is not to wait for what a lost tablet may hold (M4)."""

    __tablename__ = "run_waiver"
    __table_args__ = (UniqueConstraint("run_id"),)
    append_only: ClassVar[bool] = True

    run_id: Mapped[UUID]
    reason: Mapped[str]
    missing: Mapped[json_list]  # what was known to be missing, in both languages
    waived_by: Mapped[UUID]
    waived_at: Mapped[datetime]


class StrayPush(Owned):
    """A batch of a forked tablet, verbatim as it came: evidence of the branch that the office does not follow (G6).

    ``files`` holds the sha256 of every attachment that its events name, ``hashes`` the chain's hash at each event.
    """

    __tablename__ = "stray_push"
    __table_args__ = (UniqueConstraint("device_id", "sha256"),)
    append_only: ClassVar[bool] = True

    device_id: Mapped[UUID]
    from_seq: Mapped[int] = mapped_column(BigInteger)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    body: Mapped[bytes]
    hashes: Mapped[list[str]]
    files: Mapped[list[str]] = mapped_column(default=list)
    received_at: Mapped[datetime]


class SignedReceipt(Owned):
    """What the server acknowledged to a tablet, with its signature. Kept on both sides."""

    __tablename__ = "signed_receipt"
    __table_args__ = (Index(None, "owner_id", "device_id", "last_seq"),)
    append_only: ClassVar[bool] = True

    device_id: Mapped[UUID]
    last_seq: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str]
    signature: Mapped[str]
    given_at: Mapped[datetime]


class ServerEpoch(Reference):
    """One row with a nonce; the epoch adds PostgreSQL's system identifier and timeline, which a restore changes.

    ``started_at`` is when the database was last restored, or 1970.
    """

    __tablename__ = "server_epoch"

    nonce: Mapped[str]
    started_at: Mapped[datetime]


class VerifiedBackup(Reference):
    """A backup that was stood up and compared with the server; only the schema's owner notes one."""

    __tablename__ = "verified_backup"

    name: Mapped[str]
    made_at: Mapped[datetime]
    verified_at: Mapped[datetime]
