"""Bases of the JSON schemas: unknown fields are refused, integers are integers."""

from __future__ import annotations

from marshmallow import INCLUDE, RAISE, fields
from marshmallow import Schema as _Schema


class Schema(_Schema):
    """Base of every JSON body: unknown fields are errors, ``"3"`` and ``3.0`` are not integers, ``NaN`` no amount."""

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[object]) -> None:
        """Make the strict reading the field's own."""
        del field_name
        if isinstance(field_obj, fields.Integer):
            field_obj.strict = True
        if isinstance(field_obj, fields.Decimal | fields.Float):
            field_obj.allow_nan = False


class QuerySchema(_Schema):
    """Base of every query string, whose values all are text: an unknown parameter is an error."""

    class Meta:
        unknown = RAISE


class ProblemSchema(_Schema):
    """A refusal as RFC 9457 problem details, in both languages; some slugs bring members of their own."""

    class Meta:
        """Members are open: RFC 9457, 3.2."""

        unknown = INCLUDE

    type = fields.Url(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    slug = fields.String(required=True)
    details = fields.Nested(
        _Schema.from_dict({"fr": fields.String(), "en": fields.String()}, name="TwoLanguages"), required=True
    )
    where = fields.String(metadata={"description": "the field, parameter or path that is wrong"})
    request_id = fields.String(metadata={"description": "what to quote when asking for help"})
