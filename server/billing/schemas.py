"""JSON of invoices and credit notes."""

from __future__ import annotations

from marshmallow import fields, validate

from server.billing.standing import Standing
from server.core.web import QuerySchema, Schema
from server.core.web.limits import day, whole
from server.core.web.paging import PageQuerySchema

MOST_PAGES = 10_000
_OPEN = "cents still to pay: the total less payments, credits and write-offs; null before publication"
_PAYMENT_STATE = (
    "how it stands on the caller's business day, as its page says (R044, R085): to_pay, partly_paid, overdue (open"
    " after due_on, paid in part or not), paid, credited, written_off, annulled (voided); null before publication"
)


class MoneyLineSchema(Schema):
    """One line; amounts are cents. A credit of an invoice's items names its lines by ``id``."""

    id = fields.UUID(required=True)
    position = fields.Integer(required=True)
    description_fr = fields.String(required=True)
    description_en = fields.String(required=True)
    quantity = fields.Integer(required=True)
    net_cents = fields.Integer(required=True)
    deposit_cents = fields.Integer(required=True)
    taxes = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class InvoiceSchema(Schema):
    """An invoice; drafts and provisional ones have a reference and no number."""

    id = fields.UUID(required=True)
    issuer_id = fields.UUID(required=True, attribute="owner_id")
    buyer_id = fields.UUID(required=True)
    supplements_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "the invoice whose corrected delivery it completes"}
    )
    kind = fields.String(required=True)
    state = fields.String(required=True)
    number = fields.String(required=True)
    joined_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "the agent's one invoice that it is a section of"}
    )
    section = fields.Integer(required=True, metadata={"description": "1 to sections; 0 when it stands alone"})
    sections = fields.Integer(
        required=True, metadata={"description": "how many sections the agent's one invoice has; 0 when it stands alone"}
    )
    reference = fields.String(required=True)
    currency = fields.String(required=True)
    issued_on = fields.Date(required=True, allow_none=True, metadata={"description": "null before publication"})
    due_on = fields.Date(
        required=True, allow_none=True, metadata={"description": "the last day to pay it; null before publication"}
    )
    net_cents = fields.Integer(required=True)
    tax_cents = fields.Integer(required=True)
    deposit_cents = fields.Integer(required=True)
    total_cents = fields.Integer(required=True)
    open_cents = fields.Integer(required=True, allow_none=True, metadata={"description": _OPEN})
    payment_state = fields.Enum(
        Standing, by_value=True, required=True, allow_none=True, metadata={"description": _PAYMENT_STATE}
    )


class InvoiceWithLinesSchema(InvoiceSchema):
    """An invoice with the lines of its current revision."""

    lines = fields.List(fields.Nested(MoneyLineSchema), required=True)


class JoinedInvoiceSchema(Schema):
    """One agent invoice for several orders; its sections are invoices, and its amounts their sums."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    reference = fields.String(required=True)
    issuer_id = fields.UUID(required=True, attribute="first.owner_id")
    buyer_id = fields.UUID(required=True, attribute="first.buyer_id")
    state = fields.String(required=True, attribute="first.state")
    currency = fields.String(required=True, attribute="first.currency")
    issued_on = fields.Date(required=True, allow_none=True, attribute="first.issued_on")
    due_on = fields.Date(required=True, allow_none=True, attribute="first.due_on")
    net_cents = fields.Integer(required=True)
    tax_cents = fields.Integer(required=True)
    deposit_cents = fields.Integer(required=True)
    total_cents = fields.Integer(required=True)
    open_cents = fields.Integer(required=True, allow_none=True, metadata={"description": _OPEN})
    payment_state = fields.Enum(
        Standing, by_value=True, required=True, allow_none=True, metadata={"description": _PAYMENT_STATE}
    )
    sections = fields.List(fields.Nested(InvoiceWithLinesSchema), required=True)


class CreditNoteSchema(Schema):
    """A credit note with positive amounts; one that is still proposed has no number."""

    id = fields.UUID(required=True)
    issuer_id = fields.UUID(required=True, attribute="owner_id")
    buyer_id = fields.UUID(required=True)
    invoice_id = fields.UUID(required=True, allow_none=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    number = fields.String(required=True)
    currency = fields.String(required=True)
    reason_fr = fields.String(required=True)
    reason_en = fields.String(required=True)
    issued_on = fields.Date(required=True, allow_none=True)
    net_cents = fields.Integer(required=True)
    tax_cents = fields.Integer(required=True)
    deposit_cents = fields.Integer(required=True)
    total_cents = fields.Integer(required=True)


class CreditNoteWithLinesSchema(CreditNoteSchema):
    """A credit note with its lines."""

    lines = fields.List(fields.Nested(MoneyLineSchema), required=True)


class DepositStandingSchema(Schema):
    """What one owes on a container class: ``liability_cents`` as posted, ``due_cents`` at today's price, if any.

    Negative at whoever gives back what others charged.
    """

    class_id = fields.UUID(required=True)
    code = fields.String(required=True, attribute="container.code", dump_default="")
    units = fields.Integer(required=True)
    liability_cents = fields.Integer(required=True)
    unit_cents = fields.Integer(required=True, allow_none=True)
    due_cents = fields.Integer(required=True, allow_none=True)
    currency = fields.String(required=True)


class RevaluationSchema(Schema):
    """One class brought to the price of a day: units × unit_cents − standing_cents = amount_cents."""

    id = fields.UUID(required=True)
    class_id = fields.UUID(required=True)
    as_of = fields.Date(required=True)
    units = fields.Integer(required=True)
    unit_cents = fields.Integer(required=True)
    standing_cents = fields.Integer(required=True)
    amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)


class OfOrderQuerySchema(PageQuerySchema):
    """Pages, of one order if named."""

    order_id = fields.UUID()


class CreditDecisionSchema(Schema):
    """Whether a proposed credit is approved; a refusal needs a reason."""

    approve = fields.Boolean(required=True)
    reason = fields.String(load_default="", validate=validate.Length(max=500))


class VoidSchema(Schema):
    """Why an invoice is voided; its parties read it on the credit note."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class TextSchema(Schema):
    """A sentence in both languages."""

    fr = fields.String(required=True)
    en = fields.String(required=True)


class SourceSchema(Schema):
    """What a number came from: an order, a delivery with its signature, a sealed proof, another document."""

    kind = fields.String(required=True)
    id = fields.UUID(required=True)
    text = fields.Nested(TextSchema, required=True)
    link = fields.String(required=True)


class StepSchema(Schema):
    """One amount in cents: the sum of its parts when it has some, else what its sentence says."""

    label = fields.Nested(TextSchema, required=True)
    amount_cents = fields.Integer(required=True)
    rule = fields.String(required=True, metadata={"description": "T1 to T8, empty where none applies"})
    says = fields.Nested(TextSchema, required=True, allow_none=True)
    parts = fields.List(fields.Nested("StepSchema"), required=True)
    source = fields.Nested(SourceSchema, required=True, allow_none=True)


class ExplanationSchema(Schema):
    """How a document's totals come about, and what they were signed and decided by."""

    currency = fields.String(required=True)
    totals = fields.List(fields.Nested(StepSchema), required=True)
    sources = fields.List(fields.Nested(SourceSchema), required=True)


class WhyQuerySchema(QuerySchema):
    """Which page of every list is unfolded, from 1."""

    page = whole(least=1, most=MOST_PAGES, load_default=1)


class WhyDepositsQuerySchema(WhyQuerySchema):
    """What is owed on containers now, or in the books at the end of the day ``on``."""

    on = day()
