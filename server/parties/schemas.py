"""JSON of groups, clients, relations, agreements and places."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from server.core.web import Schema
from server.core.web.limits import PageQuery, line, whole
from server.parties.model import BillingType, DeliverWith, Emission, SettlementPolicy
from server.parties.service.clients import (
    MAX_DISCOUNT_BP,
    MAX_GROUP_NAME,
    MAX_MINIMUM_CENTS,
    MAX_MINIMUM_ITEMS,
    MAX_NET_DAYS,
    MAX_WORDS,
)
from server.parties.service.deals import MAX_CONTEST_DAYS, MAX_FEE_BP, MAX_THRESHOLD_CENTS

MAX_NAME = 120


def _own(kind: type[fields.Field[Any]], *given: Any, **options: Any) -> Any:
    return kind(*given, load_default=None, allow_none=True, **options)


class TermsSchema(Schema):
    """Settings of a group or client: null is inherited, field by field."""

    billing_type = _own(fields.Enum, BillingType, by_value=True)
    emission = _own(fields.Enum, Emission, by_value=True)
    deliver_with = _own(fields.Enum, DeliverWith, by_value=True)
    one_invoice_a_stop = _own(fields.Boolean)
    settlement_policy = _own(fields.Enum, SettlementPolicy, by_value=True)
    net_days = whole(most=MAX_NET_DAYS, load_default=None, allow_none=True)
    min_items = whole(most=MAX_MINIMUM_ITEMS, load_default=None, allow_none=True)
    min_value_cents = whole(most=MAX_MINIMUM_CENTS, load_default=None, allow_none=True)
    auto_accept = _own(fields.Boolean)
    discount_bp = whole(most=MAX_DISCOUNT_BP, load_default=None, allow_none=True)
    note_fr = line(longest=MAX_WORDS, load_default=None, allow_none=True)
    note_en = line(longest=MAX_WORDS, load_default=None, allow_none=True)
    footer_fr = line(longest=MAX_WORDS, load_default=None, allow_none=True)
    footer_en = line(longest=MAX_WORDS, load_default=None, allow_none=True)
    balance_visible = _own(fields.Boolean)


class SettingSchema(Schema):
    """One setting: its own value, what it inherits else, from where, and what holds."""

    name = fields.String(required=True)
    own = fields.Raw(required=True, allow_none=True)
    inherited = fields.Raw(required=True, allow_none=True)
    source = fields.String(required=True, metadata={"description": "where the inherited value comes from"})
    value = fields.Raw(required=True, allow_none=True)


class NewGroupSchema(Schema):
    """A group to make: a name, and what it sets."""

    name = line(longest=MAX_GROUP_NAME, required=True)
    terms = fields.Nested(TermsSchema, load_default=None)


class GroupNameSchema(Schema):
    """What a group is called."""

    name = line(longest=MAX_GROUP_NAME, required=True)


class GroupSchema(Schema):
    """A group with every setting and its source."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    is_everyone = fields.Boolean(required=True)
    settings = fields.List(fields.Nested(SettingSchema), required=True)


class ClientQuery(PageQuery):
    """Which clients."""

    words = line(longest=80, load_default="")
    group_id = fields.UUID(load_default=None)


class ClientRowSchema(Schema):
    """A client in a list."""

    buyer_id = fields.UUID(required=True)
    external_id = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    city = fields.String(required=True)
    group_id = fields.UUID(required=True, allow_none=True)
    relation = fields.String(required=True)
    has_account = fields.Boolean(required=True)


class ClientSchema(ClientRowSchema):
    """A client with every setting and its source."""

    credit_limit_cents = fields.Integer(required=True, allow_none=True)
    since = fields.AwareDateTime(required=True)
    settings = fields.List(fields.Nested(SettingSchema), required=True)


class NewClientSchema(Schema):
    """A client without an account."""

    name = line(longest=MAX_NAME, required=True)
    email = fields.Email(validate=validate.Length(max=254))
    external_id = line(longest=60, load_default=None, allow_none=True, metadata={"description": "the seller's number"})


class ClientInvitationSchema(Schema):
    """Where a client's invitation goes."""

    email = fields.Email(required=True, validate=validate.Length(max=254))


class ClientTermsSchema(Schema):
    """What a seller sets for one client. Its number stays unless it is named."""

    external_id = line(longest=60, allow_none=True)

    group_id = fields.UUID(load_default=None, allow_none=True)
    credit_limit_cents = whole(most=MAX_MINIMUM_CENTS, load_default=None, allow_none=True)
    terms = fields.Nested(TermsSchema, load_default=None, allow_none=True)


class BondSchema(Schema):
    """A relation with a buyer or an agreement with a carrier, seen from the caller's side."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"description": "relation or agreement"})
    other_id = fields.UUID(required=True)
    other_name = fields.String(required=True)
    is_mine = fields.Boolean(required=True, metadata={"description": "the caller is the seller"})
    state = fields.String(required=True)
    said_by_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "who had the last word; a proposal is the other's"}
    )
    bills_as_agent = fields.Boolean(required=True, metadata={"description": "it invoices for the seller (C28)"})
    agent_fee_bp = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "what it keeps of the net of goods, as proposed or agreed; null without an agent"},
    )


class PartnerCodeSchema(Schema):
    """One's own code, to be given to whom one lets propose; null until there is one."""

    code = fields.String(required=True, allow_none=True)


class ProposalSchema(Schema):
    """The code that the other side gave."""

    code = line(longest=40, required=True)


class BondMoveSchema(Schema):
    """What one side says."""

    say = fields.String(required=True, validate=validate.OneOf(["propose", "accept", "end"]))
    agent_fee_bp = whole(
        most=MAX_FEE_BP,
        metadata={
            "description": "what the agent keeps, as it was read: who accepts an agreement with an agent says it"
        },
    )


class AgreementTermsSchema(Schema):
    """What a seller agrees with a carrier; what is left out stays."""

    deliver_with = fields.Enum(DeliverWith, by_value=True)
    settlement_policy = fields.Enum(SettlementPolicy, by_value=True)
    credit_threshold_cents = whole(most=MAX_THRESHOLD_CENTS, allow_none=True)
    billing_agent_id = fields.UUID(allow_none=True)
    agent_fee_bp = whole(
        most=MAX_FEE_BP, metadata={"description": "changed, the agreement is proposed again, as with its agent"}
    )
    contest_days = whole(most=MAX_CONTEST_DAYS)


class AgreementSchema(AgreementTermsSchema):
    """An agreement with its terms."""

    id = fields.UUID(required=True)
    carrier_id = fields.UUID(required=True)
    state = fields.Function(lambda one: one.state.value, required=True, metadata={"type": "string"})
