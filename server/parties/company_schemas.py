"""JSON of one's own organisation."""

from __future__ import annotations

from marshmallow import fields, validate

from server.core.web import Schema
from server.core.web.limits import day, line
from server.parties.model import CorrectionPolicy
from server.parties.schemas import MAX_NAME
from server.parties.service.clients import MAX_WORDS
from server.parties.service.company import NUMBERS


class CardSchema(Schema):
    """An organisation's card; what is left out stays."""

    name = line(longest=MAX_NAME)
    legal_name = line(longest=160)
    email = line(longest=254)
    phone = line(longest=40)
    language = fields.String(validate=validate.OneOf(["fr", "en"]))
    street = line(longest=160)
    city = line(longest=80)
    postal_code = line(longest=10)


class CompanyTermsSchema(CardSchema):
    """What an organisation says of itself."""

    footer_fr = line(longest=MAX_WORDS)
    footer_en = line(longest=MAX_WORDS)


class CorrectionPolicySchema(Schema):
    """What becomes of a correction that a tablet seals after the office has the visit."""

    correction_policy = fields.Enum(CorrectionPolicy, by_value=True, required=True)


class CompanySchema(CompanyTermsSchema):
    """An organisation as it stands."""

    id = fields.UUID(required=True)
    kind = fields.Function(lambda one: one.kind.value, required=True, metadata={"type": "string"})
    code = fields.String(required=True, metadata={"description": "prefix of its numbers"})
    timezone = fields.String(required=True)
    currency = fields.String(required=True)
    correction_policy = fields.Enum(CorrectionPolicy, by_value=True, required=True)


class RegistrationTermsSchema(Schema):
    """A tax number and the day from which it is printed."""

    tax_code = fields.String(required=True, validate=validate.OneOf(sorted(NUMBERS)))
    number = line(longest=40, required=True)
    valid_from = day(required=True)


class RegistrationSchema(RegistrationTermsSchema):
    """A tax number with all its days."""

    id = fields.UUID(required=True)
    valid_until = fields.Date(required=True, allow_none=True)
