"""What holds for the whole API: how callers show who they are, and the unit of each field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

CONVENTIONS: Final = Path(__file__).with_name("conventions.md").read_text(encoding="utf-8")
"""What a newcomer must know before the first call, in Markdown."""

SCHEMES: Final[dict[str, dict[str, str]]] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "tournee", "description": "A browser’s session; its name "
                "begins with `__Host-` where the site is served by HTTPS. Unsafe methods also send X-CSRF-Token and "
                "Origin."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of POST /api/v1/session, good for 7 days."},
    "device": {"type": "http", "scheme": "bearer", "description": "A tablet’s token of POST /api/v1/devices/token, "
               "good for 15 minutes."},
}  # fmt: skip

_UNITS: Final[tuple[tuple[str, str, Any], ...]] = (
    (r"(.*_)?cents", "whole cents of the currency", 12450),
    (r".*_bp", "hundredths of a percent: 250 is 2.5 %", 250),
    (r"lat_e7", "degrees north, times 10,000,000", 455017000),
    (r"lon_e7", "degrees east, times 10,000,000", -735673000),
    (r".*_e5", "degrees, times 100,000", None),
    (r".*_g", "grams", 12000),
    (r".*_ml", "millilitres", 473),
    (r".*_m", "metres", 1830),
    (r".*_s", "seconds", 600),
    (r".*_ms", "milliseconds since 1970-01-01 UTC", 1795708800000),
    (r".*_min", "minutes after local midnight: 480 is 8 a.m.", 480),
    (r".*_bytes", "bytes", 48213),
    (r".*_days|days", "days", 30),
    (r"seconds", "seconds", 30),
    (r"every_weeks", "weeks", 2),
    (r".*sha256", "sha256 in 64 lower-case hex digits", None),
    (r"currency", "ISO 4217", "CAD"),
    (r"language", "`fr` or `en`", "fr"),
    (r"fr", "in French", None),
    (r"en", "in English", None),
    (r"unit_price", "dollars a sales unit, an exact decimal as text", "41.5000"),
    (r"rate", "an exact decimal as text: 0.09975 is 9.975 %", "0.09975"),
    (r".*quantity|.*ordered|.*delivered|not_shipped|lost|returned|extra|stands|accepted|allocation|max_an_order|change",
     "whole sales units", 4),
    (r"on_trucks|in_transit|in_hand|reserved|available", "whole sales units", 4),
    (r".*items", "lines or units ordered, a count", 12),
    (r".*_seq|seq|acked|head|broken_at", "a place in the tablet’s chain of events, from 1; 0 is before the first", 3),
    (r"held", "events behind the head that may still be taken back, a count", 0),
    (r"revision|version", "counts up from 1 with each change", 1),
    (r"position", "place in the list, from 1", 1),
    (r"offset", "how many come before this page", 0),
    (r"limit", "at most so many", 50),
    (r"total", "how many there are on all pages", 137),
    (r"units|.*_units|units_a_.*|.*_a_unit", "whole units, a count", 24),
    (r"level.*|sent", "reminders, a count", 1),
    (r"status|last_status", "HTTP status", 200),
    (r"line", "line of the file, from 1", 2),
    (r"containers|missing.*|purged.*|open_invoices|uses|tries|done|parked|new|changed|unchanged|retried", "a count", 1),
    (r"excess", "by how much the bound is passed, in the bound’s unit", 1),
    (r"seed", "the same number plans the same way again", 1),
    (r"protocol", "version of the tablets’ protocol", 1),
    (r"cursor", "where to go on: give it back the next time", None),
    (r"key", "a UUID of your own: what is sent again with it is done once", "01936f5c-7b1e-7c2a-9d7e-2f4b8c6a1d30"),
    (r"after", "the last id of the page before; none for the first page", None),
)  # fmt: skip
_FORMS: Final[dict[str, tuple[str, Any]]] = {
    "date": ("a day, YYYY-MM-DD", "2026-11-24"),
    "date-time": ("an instant, ISO 8601 with its offset", "2026-11-24T14:05:00+00:00"),
}
_OF_KIND: Final = {"key": "uuid"}
"""Names that have their unit only in this format."""


_QUERIES: Final = {
    "q": "words to look for",
    "words": "words to look for",
    "page": "page of the list, from 1",
    "state": "those in this state alone",
    "kind": "those of this kind alone",
    "outcome": "those that ended so alone",
    "reason": "those with a word of their reason that begins so",
    "order": "those whose order's number begins so",
    "client": "those of a client whose name has a word that begins so",
    "seller": "those of a seller whose name has a word that begins so",
    "signer": "those signed by somebody whose name has a word that begins so",
    "lot": "those with a lot that begins so",
    "number": "those whose number begins so",
    "event": "calls of this event alone",
    "archived": "archived ones instead of the others",
    "matched": "whether an order was found for it",
    "unread": "unread ones alone",
    "sure": "`true`: said on purpose",
    "delivery_bucket": "how far the delivery is, as a dashboard counts it",
    "billing_bucket": "how far the invoicing is, as a dashboard counts it",
    "to_invoice_outside": "those whose seller still has to invoice them in its own system",
    "before": "the last id of the page before; none for the first page",
}
"""What each parameter of a query narrows, where the view's own schema does not say it."""


def say_parameters(document: dict[str, Any]) -> None:
    """Say what each parameter is: whose id stands in an address, what a query narrows."""
    for path in document["paths"].values():
        for holder in path.values():
            for parameter in holder if isinstance(holder, list) else holder.get("parameters", []):
                if not parameter.get("description") and (words := _of_parameter(parameter["name"], parameter["in"])):
                    parameter["description"] = words


def _of_parameter(name: str, where: str) -> str:
    noun = name.removesuffix("_id").replace("_", " ")
    if where == "query" and name in _QUERIES:
        return _QUERIES[name]
    if name.endswith("_id"):
        return f"id of the {noun}" if where == "path" else f"those of this {noun} alone"
    return ""


def say_units(document: dict[str, Any]) -> None:
    """Give every property and parameter its unit, an example where it has none, and a pattern that all readers know."""
    for name, schema, described in _named(document):
        _say_unit(name, schema, described)
        if str(schema.get("pattern", "")).endswith(r"\Z"):  # Python's end of text; a schema's reader knows `$` alone
            schema["pattern"] = schema["pattern"][:-2] + "$"
        if str(schema.get("pattern", "")).endswith(r"$(?!\n)"):  # the same in a message's type
            schema["pattern"] = schema["pattern"].removesuffix(r"(?!\n)")


def unit_of(name: str, form: str = "") -> tuple[str, Any] | None:
    """Return the words and the example for a field of this name, None for one that needs no unit."""
    if form in _FORMS:
        return _FORMS[form]
    if _OF_KIND.get(name, form) != form:
        return None
    return next(((words, example) for names, words, example in _UNITS if re.fullmatch(names, name)), None)


def _say_unit(name: str, schema: dict[str, Any], described: dict[str, Any]) -> None:
    found = unit_of(name, schema.get("format", ""))
    kinds = schema.get("type", ())
    if found is None or not {"integer", "string"} & set([kinds] if isinstance(kinds, str) else kinds):
        return
    words, example = found
    known = described.get("description", "")
    described["description"] = known if words in known else f"{known} ({words})" if known else words
    if example is not None and "enum" not in schema and "examples" not in schema and _fits(example, schema):
        schema["examples"] = [example]


def _fits(example: Any, schema: dict[str, Any]) -> bool:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if isinstance(example, int):
        return "integer" in kinds and schema.get("minimum", example) <= example <= schema.get("maximum", example)
    return "string" in kinds and bool(re.search(schema.get("pattern", "").replace(r"\Z", "$"), example))


def _named(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield the name, the schema and the place of the words of every property and parameter."""
    for schema in document["components"]["schemas"].values():
        for name, described in schema.get("properties", {}).items():
            yield name, described, described
    for item in document["paths"].values():
        for holder in item.values():
            for parameter in holder if isinstance(holder, list) else holder.get("parameters", []):
                yield parameter["name"], parameter.get("schema", {}), parameter
