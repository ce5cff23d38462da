"""JSON of places."""

from __future__ import annotations

from marshmallow import fields, validate

from server.core.web import QuerySchema, Schema
from server.core.web.limits import day, line, whole
from server.parties.model import Equipment
from server.parties.service.places import E7, MAX_SERVICE_S, MAX_WINDOWS, MINUTES_A_DAY

_POSITION = "1e-7 degrees, WGS 84"


class PlaceQuery(QuerySchema):
    """Whose places."""

    organisation_id = fields.UUID(load_default=None, metadata={"description": "one's own without it"})


class PlaceTermsSchema(Schema):
    """What a place is, and what a delivery there needs. ``windows`` are local minutes after midnight."""

    name = line(longest=120, required=True)
    street = line(longest=160, required=True)
    city = line(longest=80, required=True)
    postal_code = line(longest=10, required=True)
    lat_e7 = whole(least=-90 * E7, most=90 * E7, required=True, metadata={"description": _POSITION})
    lon_e7 = whole(least=-180 * E7, most=180 * E7, required=True, metadata={"description": _POSITION})
    phone = line(longest=40, load_default="")
    windows = fields.List(
        fields.List(whole(most=MINUTES_A_DAY), validate=validate.Length(equal=2)),
        load_default=list,
        validate=validate.Length(max=MAX_WINDOWS),
        metadata={"description": "[opens, closes] of every delivery day; none is the whole day"},
    )
    service_s = whole(most=MAX_SERVICE_S, load_default=300)
    access_note = line(longest=500, load_default="")
    equipment = fields.List(
        fields.Enum(Equipment, by_value=True), load_default=list, validate=validate.Length(max=len(Equipment))
    )
    permit_number = line(longest=60, load_default="")
    permit_expires_on = day(load_default=None, allow_none=True)


class NewPlaceSchema(PlaceTermsSchema):
    """A new place, of oneself or of a client whose card one keeps."""

    organisation_id = fields.UUID(load_default=None, metadata={"description": "one's own without it"})


class PlaceCardSchema(PlaceTermsSchema):
    """A place with who keeps it."""

    id = fields.UUID(required=True)
    organisation_id = fields.UUID(required=True, attribute="owner_id")
    equipment = fields.List(fields.String(), required=True)  # type: ignore[arg-type]  # as it is kept
