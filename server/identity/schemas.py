"""JSON of sessions and tablets."""

from __future__ import annotations

from marshmallow import fields, validate

from server.core.web import QuerySchema, Schema
from server.identity.model import Role
from server.identity.passwords import LONGEST


class SignInSchema(Schema):
    """Who signs in; ``organisation_id`` where the person works in several."""

    email = fields.String(required=True, validate=validate.Length(min=3, max=254))
    password = fields.String(required=True, load_only=True, validate=validate.Length(min=1, max=LONGEST))
    organisation_id = fields.UUID()


class TokenSchema(Schema):
    """A bearer token of a program."""

    token = fields.String(required=True)
    expires_in_s = fields.Integer(required=True)


class CallerSchema(Schema):
    """Who one is, and which doors open."""

    user_id = fields.UUID(required=True)
    display_name = fields.String(required=True)
    organisation_id = fields.UUID(required=True, attribute="org_id")
    organisation_name = fields.String(required=True, attribute="org_name")
    organisation_kind = fields.String(required=True, attribute="org_kind")
    roles = fields.List(fields.String(), required=True)
    language = fields.String(required=True)
    permissions = fields.Function(lambda found: sorted(found.permissions), required=True)


class CodeRequestSchema(Schema):
    """For whom a tablet is enrolled."""

    driver_id = fields.UUID(required=True)


class CodeSchema(Schema):
    """A one-time code, as text and as the SVG of its QR code."""

    code = fields.String(required=True)
    payload = fields.String(required=True)
    svg = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class DeviceSchema(Schema):
    """A tablet of the carrier."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    driver_id = fields.UUID(required=True)
    driver_name = fields.String(required=True)
    enrolled_at = fields.AwareDateTime(required=True)
    seen_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    app_version = fields.String(required=True)


class ListedDriverSchema(Schema):
    """Somebody who drives for the caller's organisation."""

    id = fields.UUID(required=True, attribute="user_id")
    display_name = fields.String(required=True)


class MemberSchema(Schema):
    """A member of the caller's organisation."""

    id = fields.UUID(required=True)
    display_name = fields.String(required=True)
    email = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)


class RolesSchema(Schema):
    """One role or several; a member may do what any of them allows."""

    roles = fields.List(fields.Enum(Role, by_value=True), required=True, validate=validate.Length(min=1, max=len(Role)))


class LeaveQuery(QuerySchema):
    """That one means it."""

    sure = fields.Boolean(required=True, validate=validate.Equal(comparable=True))


class NewInvitationSchema(RolesSchema):
    """Whom to invite, and as what."""

    email = fields.Email(required=True, validate=validate.Length(max=254))
    language = fields.String(load_default="fr", validate=validate.OneOf(["fr", "en"]))


class InvitationSchema(Schema):
    """An invitation that nobody answered yet. Its token stands in the e-mail alone."""

    id = fields.UUID(required=True)
    email = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    organisation_name = fields.String(required=True)
    made_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
