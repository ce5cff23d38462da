"""The organisations of the trade and what they agreed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, json_list
from server.identity.model import OrganisationKind as OrganisationKind  # noqa: PLC0414  # part of this vocabulary too


class RelationState(StrEnum):
    """Only an active relation or agreement allows orders (R027)."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    INACTIVE = "inactive"


class BillingType(StrEnum):
    """Who invoices, and where (R001)."""

    PLATFORM = "platform"
    EXTERNAL = "external"
    AGENT = "agent"


class Emission(StrEnum):
    """What makes a platform invoice appear (R002, C2)."""

    MANUAL = "manual"
    ON_ACCEPT = "on_accept"
    ON_DELIVERED = "on_delivered"
    ON_RUN_DOCUMENTS = "on_run_documents"


class DeliverWith(StrEnum):
    """Which paper goes along (R013)."""

    PO = "po"
    INVOICE = "invoice"


class SettlementPolicy(StrEnum):
    """How the invoice meets what was delivered (R016, R017)."""

    ADJUST = "adjust"
    CREDIT = "credit"


class CorrectionPolicy(StrEnum):
    """What a carrier does with a correction that a tablet seals after its visit was received."""

    REVIEW = "review"
    AUTOMATIC = "automatic"


class Equipment(StrEnum):
    """What a delivery to a place needs on the truck."""

    TAIL_LIFT = "tail_lift"
    HAND_TRUCK = "hand_truck"
    PALLET_JACK = "pallet_jack"
    SMALL_TRUCK = "small_truck"
    STAIR_CLIMBER = "stair_climber"


class Organisation(Owned):
    """A company. It owns its own row; its relations read it."""

    __tablename__ = "organisation"
    counted_by_owner: ClassVar[bool] = True

    kind: Mapped[OrganisationKind]
    name: Mapped[str]
    legal_name: Mapped[str]
    language: Mapped[str] = mapped_column(default="fr")
    timezone: Mapped[str] = mapped_column(default="America/Toronto")
    currency: Mapped[str] = mapped_column(default="CAD")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    street: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    footer_fr: Mapped[str] = mapped_column(default="")
    footer_en: Mapped[str] = mapped_column(default="")
    code: Mapped[str] = mapped_column(default="")  # prefix of its document series
    correction_policy: Mapped[CorrectionPolicy] = mapped_column(default=CorrectionPolicy.REVIEW)
    kept_by_id: Mapped[UUID | None]  # the seller that keeps its card while it has no account of its own (C26)


class TaxRegistration(Owned):
    """A dated registration number printed on the organisation's documents; a seller may have none."""

    __tablename__ = "tax_registration"
    __table_args__ = (UniqueConstraint("owner_id", "tax_code", "valid_from"),)

    tax_code: Mapped[str]
    number: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class Site(Owned):
    """A place that is visited: a retailer's dock or a carrier's depot. Positions are 1e-7 degrees."""

    __tablename__ = "site"

    name: Mapped[str]
    street: Mapped[str]
    city: Mapped[str]
    postal_code: Mapped[str]
    lat_e7: Mapped[int]
    lon_e7: Mapped[int]
    phone: Mapped[str] = mapped_column(default="")
    access_note: Mapped[str] = mapped_column(default="")
    recipients: Mapped[json_list] = mapped_column(default=list)
    windows: Mapped[json_list] = mapped_column(default=list)  # [[opens_min, closes_min], …] of every delivery day
    service_s: Mapped[int] = mapped_column(default=300)
    equipment: Mapped[list[str]] = mapped_column(default=list)  # values of ``Equipment`` that a delivery here needs
    permit_number: Mapped[str] = mapped_column(default="")
    permit_expires_on: Mapped[date | None]


class Relation(Owned):
    """Seller and buyer know each other; owned by the seller."""

    __tablename__ = "relation"
    __table_args__ = (UniqueConstraint("owner_id", "buyer_id"),)

    buyer_id: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[RelationState]
    said_by_id: Mapped[UUID | None]  # the side that had the last word; a proposal is the other's to answer
    said_at: Mapped[datetime | None]


class Agreement(Owned):
    """Seller and carrier: who delivers, how papers and differences are handled, who bills as agent (C28)."""

    __tablename__ = "agreement"
    __table_args__ = (UniqueConstraint("owner_id", "carrier_id"),)

    carrier_id: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[RelationState]
    deliver_with: Mapped[DeliverWith]
    settlement_policy: Mapped[SettlementPolicy]
    credit_threshold_cents: Mapped[int | None]
    billing_agent_id: Mapped[UUID | None]
    agent_fee_bp: Mapped[int] = mapped_column(default=0)
    contest_days: Mapped[int] = mapped_column(default=10)  # from the sealing of a proof, or the issue of a credit
    starts_on: Mapped[date]
    said_by_id: Mapped[UUID | None]  # as a relation's
    said_at: Mapped[datetime | None]


class PartnerCode(Owned):
    """What an organisation gives to whom it lets propose a relation or agreement; nobody finds it otherwise.

    The identity organisation reads the row, so that a code leads to its owner and no list of organisations is needed.
    """

    __tablename__ = "partner_code"
    __table_args__ = (UniqueConstraint("owner_id"),)

    code: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]


class Settings:
    """What a seller sets for a group or for one client; an unset field is the next one's in line (R071, C2).

    ``emission`` on acceptance is the automatic invoice of R072, ``one_invoice_a_stop`` the agent's one invoice for all
    orders of a stop (C15). ``discount_bp`` are hundredths of a percent that every
    order begins with (R049), ``note`` is printed on its papers (R051), ``footer`` at the bottom of its invoices (R006).
    """

    billing_type: Mapped[BillingType | None]
    emission: Mapped[Emission | None]
    deliver_with: Mapped[DeliverWith | None]
    one_invoice_a_stop: Mapped[bool | None]
    settlement_policy: Mapped[SettlementPolicy | None]
    net_days: Mapped[int | None]
    min_items: Mapped[int | None]
    min_value_cents: Mapped[int | None]
    auto_accept: Mapped[bool | None]
    discount_bp: Mapped[int | None]
    note_fr: Mapped[str | None]
    note_en: Mapped[str | None]
    footer_fr: Mapped[str | None]
    footer_en: Mapped[str | None]
    balance_visible: Mapped[bool | None]


class CustomerGroup(Settings, Owned):
    """A seller's group of clients. Unset fields are the group « Tous »'s (R071), field by field."""

    __tablename__ = "customer_group"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    name: Mapped[str]
    is_everyone: Mapped[bool] = mapped_column(default=False)


class Client(Settings, Owned):
    """A buyer as its seller keeps it: group and settings of its own, which win over the group's.

    ``external_id`` is the seller's own number for it: what an import finds it by.
    """

    __tablename__ = "client"
    __table_args__ = (
        UniqueConstraint("owner_id", "buyer_id"),
        UniqueConstraint("owner_id", "external_id"),
        Index(None, "owner_id", "group_id"),
    )

    buyer_id: Mapped[UUID] = mapped_column(index=True)
    external_id: Mapped[str | None]
    group_id: Mapped[UUID | None]
    credit_limit_cents: Mapped[int | None]
    since: Mapped[datetime]
