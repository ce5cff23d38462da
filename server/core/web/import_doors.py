"""Imports over JSON: a file's bytes in, a report of every row out; nothing is written on a dry run, nor by a fault."""

from __future__ import annotations

from typing import Any, Final

from flask import request
from marshmallow import fields

from server.core.csv_rows import MAX_BYTES
from server.core.imports import ImportReport, Verdict
from server.core.web.schemas import QuerySchema, Schema

CSV_BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "The file as a spreadsheet saves it: CSV in UTF-8, its first line naming the columns",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


class ImportQuery(QuerySchema):
    """Whether to write what the file says."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "show what would change and write nothing"})


class SaidInBothSchema(Schema):
    """Words in both languages."""

    fr = fields.String(required=True)
    en = fields.String(required=True)


class DifferenceSchema(Schema):
    """One value that a row changes."""

    field = fields.Nested(SaidInBothSchema, required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class RowChangeSchema(Schema):
    """What one row does; ``key`` is the sender's own number of the thing."""

    line = fields.Integer(required=True)
    key = fields.String(required=True)
    name = fields.String(required=True)
    verdict = fields.Enum(Verdict, by_value=True, required=True)
    differences = fields.List(fields.Nested(DifferenceSchema), required=True)
    note = fields.Nested(SaidInBothSchema, required=True, allow_none=True)


class ImportReportSchema(Schema):
    """What a file did, or would do: counts, and each row in the order of its line."""

    dry_run = fields.Boolean(required=True)
    new = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    rows = fields.List(fields.Nested(RowChangeSchema), required=True)


def sent_bytes() -> bytes:
    """Return the body, read no further than an import may be long."""
    return request.stream.read(MAX_BYTES + 1)


def present_report(report: ImportReport, *, dry_run: bool) -> dict[str, Any]:
    """Return a report as ``ImportReportSchema`` shows it."""
    counts = {verdict.value: report.count(verdict) for verdict in Verdict}
    return {"dry_run": dry_run, "rows": report.changes} | counts
