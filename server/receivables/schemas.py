"""JSON of accounts, payments, credits by hand, refunds and statements. Amounts are cents."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from server.billing.schemas import WhyQuerySchema
from server.billing.standing import Standing
from server.core.web import QuerySchema, Schema
from server.core.web.limits import PageQuery, day, line, whole
from server.core.web.paging import PageQuerySchema
from server.receivables.accounts import Age
from server.receivables.model import BY_HAND, PaymentMethod, RefundState
from server.receivables.movements import Movement
from server.receivables.service.reminders import Pause
from shared.states import PaymentState

MOST_CENTS = 10**11
MOST_PARTS = 200


class OpenInvoicesQuerySchema(PageQuery):
    """Which of the open invoices, oldest due first, and the day at whose end the balance stood, today without one."""

    on = day()


class OnQuerySchema(QuerySchema):
    """Accounts as they stood at the end of a day, today without one; ``q`` narrows by the customer's name."""

    on = day()
    q = line(longest=80, load_default="")


class PeriodQuerySchema(QuerySchema):
    """The days of a statement, both included; without them, the running month."""

    first_day = day()
    last_day = day()


class TransactionsQuerySchema(PageQuery):
    """Which transactions; up to the end of the day ``on`` if there is one."""

    on = day()


class WhyAccountQuerySchema(WhyQuerySchema):
    """An account as it stood at the end of a day, today without one; of one ``age`` alone, if named.

    ``currency`` is that of the issuer's books without one.
    """

    on = day()
    age = fields.Enum(Age, by_value=True, metadata={"description": "how long the invoices have been due"})
    currency = fields.String(
        validate=validate.Regexp(r"^[A-Z]{3}\Z"), metadata={"description": "ISO 4217", "example": "CAD"}
    )


class WhyStatementQuerySchema(WhyQuerySchema, PeriodQuerySchema):
    """A statement's days, both included; without them, the running month."""


class AccountSchema(Schema):
    """A customer's account; the ages sum to the balance."""

    buyer_id = fields.UUID(required=True)
    buyer_name = fields.String(required=True)
    currency = fields.String(required=True)
    balance_cents = fields.Integer(required=True)
    overdue_cents = fields.Integer(required=True)
    ages = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    is_held = fields.Boolean(required=True)


class OpenInvoiceSchema(Schema):
    """An invoice that is still to pay, in part or whole."""

    id = fields.UUID(required=True, attribute="invoice.id")
    number = fields.String(required=True, attribute="invoice.number")
    currency = fields.String(required=True, attribute="invoice.currency", metadata={"description": "ISO 4217"})
    issued_on = fields.Date(required=True, attribute="invoice.issued_on")
    due_on = fields.Date(required=True, attribute="invoice.due_on", metadata={"description": "the last day to pay it"})
    total_cents = fields.Integer(required=True, attribute="invoice.total_cents", metadata={"description": "cents"})
    open_cents = fields.Integer(required=True, metadata={"description": "cents still to pay"})
    payment_state = fields.Enum(
        Standing, by_value=True, required=True, metadata={"description": "to_pay, partly_paid or overdue"}
    )


class PayableSchema(Schema):
    """An issuer to pay. The balance is there only when the issuer shares it."""

    issuer_id = fields.UUID(required=True)
    issuer_name = fields.String(required=True)
    currency = fields.String(required=True)
    open_invoices = fields.Integer(required=True)
    balance_cents = fields.Integer(attribute="account.balance_cents")
    overdue_cents = fields.Integer(attribute="account.overdue_cents")
    ages = fields.Dict(keys=fields.String(), values=fields.Integer(), attribute="account.ages")


class PayableWithInvoicesSchema(PayableSchema):
    """An issuer to pay with a part of its open invoices, shared balance or not."""

    invoices = fields.List(
        fields.Nested(OpenInvoiceSchema),
        required=True,
        metadata={"description": "oldest due first: `limit` of the `open_invoices` there are, after `offset`"},
    )


class TransactionSchema(Schema):
    """One movement of an account, with what it links to; an allocation moves ``moved_cents`` within it."""

    on = fields.Date(required=True)
    movement = fields.Enum(Movement, by_value=True, required=True)
    document_id = fields.UUID(required=True)
    number = fields.String(required=True)
    words_fr = fields.String(required=True, attribute="words.fr")
    words_en = fields.String(required=True, attribute="words.en")
    amount_cents = fields.Integer(required=True)
    moved_cents = fields.Integer(required=True)
    invoice_id = fields.UUID(required=True, allow_none=True)
    credit_id = fields.UUID(required=True, allow_none=True)
    payment_id = fields.UUID(required=True, allow_none=True)


class StatementLineSchema(TransactionSchema):
    """One movement with the balance after it."""

    balance_cents = fields.Integer(required=True)


class StatementSchema(Schema):
    """A statement: opening and movements make the closing."""

    issuer_id = fields.UUID(required=True)
    buyer_id = fields.UUID(required=True)
    currency = fields.String(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    opening_cents = fields.Integer(required=True)
    closing_cents = fields.Integer(required=True)
    lines = fields.List(fields.Nested(StatementLineSchema), required=True)


class PartSchema(Schema):
    """So much for one invoice."""

    invoice_id = fields.UUID(required=True)
    amount_cents = whole(least=1, most=MOST_CENTS, required=True)


def parts(**options: object) -> fields.List[Any]:
    """Return a field of what invoices get."""
    return fields.List(fields.Nested(PartSchema), validate=validate.Length(max=MOST_PARTS), **options)  # type: ignore[arg-type]  # marshmallow's own options


class PaymentAllocationSchema(Schema):
    """What an invoice got of a payment or credit note."""

    id = fields.UUID(required=True)
    source = fields.String(required=True)
    source_id = fields.UUID(required=True)
    invoice_id = fields.UUID(required=True)
    amount_cents = fields.Integer(required=True)
    allocated_on = fields.Date(required=True)


class PaymentSchema(Schema):
    """A payment."""

    id = fields.UUID(required=True)
    issuer_id = fields.UUID(required=True, attribute="owner_id")
    buyer_id = fields.UUID(required=True)
    method = fields.Enum(PaymentMethod, by_value=True, required=True)
    state = fields.Enum(PaymentState, by_value=True, required=True)
    currency = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    rounding_cents = fields.Integer(
        required=True, metadata={"description": "what rounding to five cents adds; handed over is the sum of both"}
    )
    received_on = fields.Date(required=True)
    reference = fields.String(required=True)
    invoice_id = fields.UUID(required=True, allow_none=True)
    pay_url = fields.String(required=True)


class PaymentsQuerySchema(PageQuerySchema):
    """Payments, of one customer if named."""

    buyer_id = fields.UUID()


class NewPaymentSchema(Schema):
    """A payment received outside; without ``allocations`` it pays the oldest invoices. ``key`` makes it once."""

    key = fields.UUID(required=True)
    buyer_id = fields.UUID(required=True)
    method = fields.Enum(PaymentMethod, by_value=True, required=True, validate=validate.OneOf(BY_HAND))
    amount_cents = whole(
        least=1,
        most=MOST_CENTS,
        required=True,
        metadata={"description": "what it settles; cash that was handed over is that to the nearest five cents"},
    )
    received_on = day(required=True)
    reference = line(longest=200, load_default="")
    allocations = parts(load_default=None, allow_none=True)


class ApplySchema(Schema):
    """What invoices get."""

    parts = parts(required=True)


class AllocateSchema(ApplySchema):
    """What invoices get; ``replace`` takes the payment off everything else first."""

    replace = fields.Boolean(load_default=False)


class RefundRequestSchema(Schema):
    """Money that goes back. ``key`` makes it once."""

    key = fields.UUID(required=True)
    amount_cents = whole(least=1, most=MOST_CENTS, required=True)
    method = fields.Enum(PaymentMethod, by_value=True, required=True)
    reason = line(longest=500, required=True)


class RefundSchema(Schema):
    """A refund."""

    id = fields.UUID(required=True)
    source = fields.String(required=True)
    source_id = fields.UUID(required=True)
    amount_cents = fields.Integer(required=True)
    method = fields.Enum(PaymentMethod, by_value=True, required=True)
    state = fields.Enum(RefundState, by_value=True, required=True)
    refunded_on = fields.Date(required=True)
    reason = fields.String(required=True)


class WriteOffRequestSchema(Schema):
    """What is given up of an invoice, and why. ``key`` makes it once."""

    key = fields.UUID(required=True)
    amount_cents = whole(least=1, most=MOST_CENTS, required=True)
    reason = line(longest=500, required=True)


class WriteOffSchema(Schema):
    """A write-off."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    invoice_id = fields.UUID(required=True)
    amount_cents = fields.Integer(required=True)
    reason = fields.String(required=True)
    written_on = fields.Date(required=True)


class CreditedLineSchema(Schema):
    """So many units of an invoice's line."""

    line_id = fields.UUID(required=True)
    quantity = whole(least=1, most=10**6, required=True)


class CountedSchema(Schema):
    """So many containers of a class."""

    class_id = fields.UUID(required=True)
    quantity = whole(least=1, most=10**6, required=True)


class FreeLineSchema(Schema):
    """A described amount before taxes."""

    description_fr = line(longest=500, required=True)
    description_en = line(longest=500, required=True)
    net_cents = whole(least=1, most=10**9, required=True)
    taxed = fields.Boolean(load_default=True)


class NewCreditSchema(Schema):
    """A credit by hand, of exactly one kind: ``items`` of an invoice, ``containers`` or ``lines``.

    ``reason`` is the note of reconciliation. ``apply`` are open invoices that it pays at once; the rest waits for the
    next one. ``key`` makes it once.
    """

    key = fields.UUID(required=True)
    buyer_id = fields.UUID(required=True)
    reason_fr = line(longest=500, required=True)
    reason_en = line(longest=500, load_default="")
    invoice_id = fields.UUID(load_default=None, allow_none=True)
    items = fields.List(fields.Nested(CreditedLineSchema), validate=validate.Length(max=1000), load_default=list)
    containers = fields.List(fields.Nested(CountedSchema), validate=validate.Length(max=200), load_default=list)
    lines = fields.List(fields.Nested(FreeLineSchema), validate=validate.Length(max=50), load_default=list)
    apply = parts(load_default=list)


class LimitSchema(Schema):
    """How much a customer may owe; null for no limit."""

    limit_cents = whole(most=MOST_CENTS, required=True, allow_none=True)


class HoldSchema(Schema):
    """Why a customer's orders wait."""

    reason = line(longest=500, required=True)


class DecisionsSchema(Schema):
    """What an issuer decided about an account."""

    buyer_id = fields.UUID(required=True)
    credit_limit_cents = fields.Integer(required=True, allow_none=True)
    held_since = fields.AwareDateTime(required=True, allow_none=True)
    hold_reason = fields.String(required=True)


class AccountSaidSchema(Schema):
    """What somebody says on an account. ``key`` makes a repeated request one message."""

    key = fields.UUID(load_default=None, allow_none=True)
    text = line(longest=4000, required=True)


class AccountMessageSchema(Schema):
    """What was said on an account."""

    id = fields.UUID(required=True)
    author_name = fields.String(required=True)
    text = fields.String(required=True, attribute="text_fr")
    said_at = fields.AwareDateTime(required=True)


class ReminderSchema(Schema):
    """A reminder of an overdue invoice."""

    buyer_id = fields.UUID(required=True)
    invoice_id = fields.UUID(required=True)
    level = fields.Integer(required=True)
    open_cents = fields.Integer(required=True)
    sent_on = fields.Date(required=True)


class ForeseenSchema(Schema):
    """An overdue invoice: the last reminder's level, the level due today, the next one's day, and why it waits."""

    invoice_id = fields.UUID(required=True, attribute="invoice.id")
    number = fields.String(required=True, attribute="invoice.number")
    buyer_id = fields.UUID(required=True, attribute="invoice.buyer_id")
    due_on = fields.Date(required=True, attribute="invoice.due_on")
    open_cents = fields.Integer(required=True)
    level_sent = fields.Integer(required=True)
    level_due = fields.Integer(required=True)
    is_due = fields.Boolean(required=True)
    next_on = fields.Date(required=True, allow_none=True)
    pause = fields.Enum(Pause, by_value=True, required=True, allow_none=True)


class ReminderSwitchSchema(Schema):
    """Whether reminders go out by themselves."""

    is_on = fields.Boolean(required=True)


class ReminderPlanSchema(Schema):
    """Whether reminders go out by themselves, and how many the last morning sent."""

    is_on = fields.Boolean(required=True)
    changed_at = fields.AwareDateTime(required=True)
    ran_at = fields.AwareDateTime(required=True, allow_none=True)
    sent = fields.Integer(required=True)
