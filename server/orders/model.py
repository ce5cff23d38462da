"""Orders: one seller, one buyer and its site, a carrier, an issuer once accepted (R034, R047, C28)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.database import Owned, cents, json_list, json_object, unit_price
from server.parties.model import BillingType, DeliverWith, Emission, SettlementPolicy
from shared.lifecycles import (
    BILLING_LIFECYCLE,
    CORRECTION_LIFECYCLE,
    ORDER_LIFECYCLE,
    BillingState,
    OrderState,
)


class DistributionMethod(StrEnum):
    """How the goods reach the buyer (R048)."""

    DISTRIBUTOR = "distributor"
    SELF_DISTRIBUTED = "self_distributed"
    SHIPPED = "shipped"
    PICKUP = "pickup"


class LineKind(StrEnum):
    """What a line stands for: a format of the catalogue, goods in words, or a charge that no truck carries (R059)."""

    GOODS = "goods"
    ITEM = "item"
    CHARGE = "charge"


class RequestKind(StrEnum):
    """What a retailer asks its seller to do with an order (C13)."""

    CHANGE = "change"
    CANCEL = "cancel"


class RequestState(StrEnum):
    """How a request ended: what was asked was done, or refused with a reason."""

    OPEN = "open"
    GRANTED = "granted"
    DECLINED = "declined"


ARRIVED: Final = (OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)
ENDED: Final = (OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED, *ARRIVED)
BILLED: Final = (BillingState.SETTLED, BillingState.INVOICED_OUTSIDE)


def _words(states: Iterable[StrEnum]) -> str:
    return ", ".join(f"'{one.value}'" for one in states)


class Order(Owned):
    """An order. The seller owns it; carrier, buyer and issuer read it. Two axes: fulfilment and billing (C4)."""

    __tablename__ = "order"
    __table_args__ = (
        UniqueConstraint("owner_id", "number"),
        UniqueConstraint("owner_id", "external_id"),
        UniqueConstraint("owner_id", "created_by_org_id", "key"),
        Index(None, "carrier_id", "planned_on"),
        Index(None, "buyer_id"),
        Index("ix_order_newest", text("submitted_at DESC"), text("id DESC")),
        Index(
            "ix_order_state",
            "state",
            text("submitted_at DESC"),
            text("id DESC"),
            postgresql_include=["owner_id", "party_ids"],
        ),
        Index(  # all that lists look for and count, without the orders themselves
            "ix_order_day_id",
            text("coalesce(planned_on, '9999-12-31'::date) DESC"),
            text("id DESC"),
            postgresql_include=[
                "owner_id",
                "party_ids",
                "buyer_id",
                "number",
                "state",
                "billing_state",
                "planned_on",
                "delivered_at",
                "submitted_at",
            ],
        ),
        Index(
            "ix_order_to_invoice",
            "delivered_at",
            postgresql_include=["owner_id", "party_ids"],
            postgresql_where=text(f"state IN ({_words(ARRIVED)}) AND billing_state NOT IN ({_words(BILLED)})"),
        ),
    )

    number: Mapped[str]
    key: Mapped[UUID | None]  # its maker's: asking twice makes one order
    external_id: Mapped[str | None]  # what the seller's own system calls it: what an import finds it by
    buyer_id: Mapped[UUID]
    site_id: Mapped[UUID]
    carrier_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None]
    issuer_id: Mapped[UUID | None]
    agreement_id: Mapped[UUID | None]
    distribution: Mapped[DistributionMethod]
    state: Mapped[OrderState]
    billing_state: Mapped[BillingState]
    billing_type: Mapped[BillingType]
    emission: Mapped[Emission]
    deliver_with: Mapped[DeliverWith]
    one_invoice_a_stop: Mapped[bool] = mapped_column(default=False)  # with the agent's other orders of its stop (C15)
    settlement_policy: Mapped[SettlementPolicy]
    credit_threshold_cents: Mapped[int | None]
    agent_fee_bp: Mapped[int] = mapped_column(default=0)  # what the billing agent keeps, as agreed at acceptance (C28)
    net_days: Mapped[int]
    currency: Mapped[str]
    taxed: Mapped[bool] = mapped_column(default=True)
    with_deposits: Mapped[bool] = mapped_column(default=True)
    document_discount_cents: Mapped[cents] = mapped_column(default=0)
    rebates: Mapped[json_list] = mapped_column(default=list)  # {"words", "amount_cents", "tax_codes"}, see ``rebates``
    net_cents: Mapped[cents] = mapped_column(default=0)
    tax_cents: Mapped[cents] = mapped_column(default=0)
    deposit_cents: Mapped[cents] = mapped_column(default=0)
    total_cents: Mapped[cents] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")
    created_by: Mapped[UUID | None]
    created_by_name: Mapped[str] = mapped_column(default="")
    created_by_org_id: Mapped[UUID]
    created_for_id: Mapped[UUID]  # the beneficiary: the retailer, whoever made the order (R036)
    submitted_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by_system: Mapped[bool] = mapped_column(default=False)
    priced_on: Mapped[date]  # the day whose tax rates and deposits it was priced with last
    charged_taxes: Mapped[list[str]] = mapped_column(default=list)  # what its issuer was registered for on that day
    planned_on: Mapped[date | None]  # the carrier's: due date and tax date follow it (R074)
    wanted_on: Mapped[date | None]  # the wish of who ordered: its carrier reads it, no date follows it
    delivered_at: Mapped[datetime | None]
    supplement_of_id: Mapped[UUID | None] = mapped_column(index=True)
    supplement_of_delivery_id: Mapped[UUID | None] = mapped_column(unique=True)
    outside_invoice_number: Mapped[str] = mapped_column(default="")
    outside_invoice_on: Mapped[date | None]
    submitted_snapshot: Mapped[json_object] = mapped_column(default=dict)
    revision: Mapped[int] = mapped_column(default=1)
    lines: Mapped[list[OrderLine]] = relationship(
        lazy="raise_on_sql", order_by="OrderLine.position", back_populates="order", cascade="save-update"
    )

    def move_to(self, state: OrderState) -> None:
        """Take the next fulfilment step.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.state = ORDER_LIFECYCLE.step(self.state, state)

    def correct_to(self, state: OrderState) -> None:
        """Take a step that only the correction of a delivery takes.

        Raises:
            IllegalMove: there was nothing delivered to correct.
        """
        self.state = CORRECTION_LIFECYCLE.step(self.state, state)

    def bill_to(self, state: BillingState) -> None:
        """Take the next billing step.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.billing_state = BILLING_LIFECYCLE.step(self.billing_state, state)


class OrderLine(Owned):
    """A product format and a quantity at a price that was frozen when the line was made (R050)."""

    __tablename__ = "order_line"
    __table_args__ = (UniqueConstraint("order_id", "position"), Index(None, "owner_id", "format_id"))

    order_id: Mapped[UUID] = mapped_column(ForeignKey("order.id"), index=True)
    position: Mapped[int]
    kind: Mapped[LineKind] = mapped_column(default=LineKind.GOODS)
    format_id: Mapped[UUID | None]
    description_fr: Mapped[str]
    description_en: Mapped[str]
    sales_unit: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[unit_price]
    price_steps: Mapped[json_list] = mapped_column(default=list)  # why it costs that much; read by ``explain_price``
    discount_cents: Mapped[cents] = mapped_column(default=0)
    rebate_cents: Mapped[cents] = mapped_column(default=0)  # the line's share of the order's rebates
    tax_codes: Mapped[list[str]]  # what the goods bear, whoever bills them; ``prices_of`` keeps what the issuer charges
    container_class_id: Mapped[UUID | None]
    container_code: Mapped[str] = mapped_column(default="")
    containers_a_unit: Mapped[int] = mapped_column(default=0)
    deposit_unit_cents: Mapped[int] = mapped_column(default=0)
    deposit_taxable: Mapped[bool] = mapped_column(default=False)
    weight_g: Mapped[int] = mapped_column(default=0)
    barcode: Mapped[str] = mapped_column(default="")
    lots: Mapped[list[str]] = mapped_column(default=list)  # what the seller knows of the goods; no term of the order
    order: Mapped[Order] = relationship(lazy="raise_on_sql", back_populates="lines")

    @property
    def less_cents(self) -> int:
        """Return all that comes off the line: its own discount and its share of rebates."""
        return self.discount_cents + self.rebate_cents


class OrderRequest(Owned):
    """What the buyer asks of an order that it may not change itself (R045, C13). The seller owns it and answers."""

    __tablename__ = "order_request"

    order_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[RequestKind]
    words: Mapped[str]
    state: Mapped[RequestState] = mapped_column(default=RequestState.OPEN)
    asked_by: Mapped[UUID | None]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")


class OrderNumber(Owned):
    """The next number of a seller's purchase orders of one year."""

    __tablename__ = "order_number"
    __table_args__ = (UniqueConstraint("owner_id", "year"),)

    year: Mapped[int]
    last: Mapped[int]


class OrderEntry(Owned):
    """One line of an order's timeline (R053). Written once."""

    __tablename__ = "order_entry"
    append_only = True

    order_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    text_fr: Mapped[str]
    text_en: Mapped[str]
    by: Mapped[UUID | None]
    at: Mapped[datetime]
