"""JSON of proofs given out: the feed, the search, the access log."""

from __future__ import annotations

from typing import Final

from marshmallow import fields, validate

from server.core.web import QuerySchema, Schema
from server.core.web.limits import day, line
from server.delivery.model import VisitOutcome
from server.delivery.sharing.cursors import LONGEST
from server.delivery.sharing.model import AccessPart, AccessWay, ExportState, ProofKind, ProofState

MAX_PAGE: Final = 200


class ProofFileSchema(Schema):
    """One of a proof's two files: where it lies, how large it is, and the sha256 of its bytes."""

    href = fields.String(required=True)
    sha256 = fields.String(required=True)
    size_bytes = fields.Integer(required=True)


class ProofSchema(Schema):
    """A proof of one's own order. ``id`` never changes; ``state`` does, and then the proof comes again in the feed.

    ``seal_sha256`` is the sha256 of the file's seal, which signs everything inside. A ``paper`` is a picture of a
    signed paper: no key sealed it, its ``file`` is a JPEG, and ``pdf``, ``outcome`` and the signer are empty.
    """

    kind = fields.Enum(ProofKind, by_value=True, required=True)
    id = fields.UUID(required=True)
    order_id = fields.UUID(required=True)
    order_number = fields.String(required=True)
    buyer_id = fields.UUID(required=True)
    buyer_name = fields.String(required=True)
    seller_id = fields.UUID(required=True)
    seller_name = fields.String(required=True)
    carrier_id = fields.UUID(required=True)
    carrier_name = fields.String(required=True)
    signer_name = fields.String(required=True)
    outcome = fields.Enum(VisitOutcome, by_value=True, required=True, allow_none=True)
    state = fields.Enum(ProofState, by_value=True, required=True)
    lots = fields.List(fields.String(), required=True)
    delivered_at = fields.AwareDateTime(required=True)
    made_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)
    contest_until = fields.AwareDateTime(required=True)
    revision = fields.Integer(required=True)
    superseded_by = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "the proof of a later revision: the delivery was corrected since"},
    )
    missing_attachments = fields.Integer(required=True)
    purged_attachments = fields.Integer(required=True)
    seal_sha256 = fields.String(required=True)
    file = fields.Nested(ProofFileSchema, required=True)
    pdf = fields.Nested(ProofFileSchema, required=True, allow_none=True)


class FeedQuerySchema(QuerySchema):
    """Where to go on: the ``cursor`` of the last answer; none starts at the first proof."""

    cursor = line(longest=LONGEST, load_default="")
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=MAX_PAGE))


class FeedSchema(Schema):
    """What was shared or changed behind the cursor, oldest first.

    ``more``: ask again at once with the new cursor. ``full``: the cursor was of another life of the server's database
    (it was restored), so the feed starts anew; take what is known again as it is.
    """

    proofs = fields.List(fields.Nested(ProofSchema), required=True)
    cursor = fields.String(required=True)
    more = fields.Boolean(required=True)
    full = fields.Boolean(required=True)


class CriteriaSchema(QuerySchema):
    """What to search for; every condition narrows. Words of ``q`` may stand anywhere, the others start a word."""

    q = line(longest=80, load_default="")
    order = line(longest=80, load_default="")
    client = line(longest=80, load_default="")
    seller = line(longest=80, load_default="")
    signer = line(longest=80, load_default="")
    reason = line(longest=80, load_default="")
    lot = line(longest=80, load_default="")
    outcome = fields.Enum(VisitOutcome, by_value=True)
    state = fields.Enum(ProofState, by_value=True)
    kind = fields.Enum(ProofKind, by_value=True)
    first_day = day()
    last_day = day()


class SearchQuerySchema(CriteriaSchema):
    """What to search for, and which page of it."""

    before = fields.UUID(metadata={"description": "the `before` of the page before"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=MAX_PAGE))


class SearchSchema(Schema):
    """What was found, newest first; ``before`` asks for the next page, and is null on the last one."""

    proofs = fields.List(fields.Nested(ProofSchema), required=True)
    before = fields.UUID(required=True, allow_none=True)


class ExportSchema(Schema):
    """An archive of proofs: ask again until ``state`` is ``ready``, then fetch ``href`` before ``expires_at``."""

    id = fields.UUID(required=True)
    state = fields.Enum(ExportState, by_value=True, required=True)
    total = fields.Integer(required=True, metadata={"description": "proofs in it"})
    done = fields.Integer(required=True, metadata={"description": "proofs gathered so far"})
    missing = fields.Integer(required=True, metadata={"description": "files that the store no longer has"})
    size_bytes = fields.Integer(required=True)
    manifest_sha256 = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    ready_at = fields.AwareDateTime(required=True, allow_none=True)
    expires_at = fields.AwareDateTime(required=True)
    href = fields.String(required=True, allow_none=True)


class AccessSchema(Schema):
    """Who had the proof, when and how."""

    at = fields.AwareDateTime(required=True)
    reader_id = fields.UUID(required=True)
    reader_name = fields.String(required=True)
    person_name = fields.String(required=True)
    way = fields.Enum(AccessWay, by_value=True, required=True)
    part = fields.Enum(AccessPart, by_value=True, required=True)
