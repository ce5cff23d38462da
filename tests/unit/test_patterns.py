"""Every field of every message that has a pattern takes what fits it, and nothing that has something about it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

import server.billing.facts
import server.delivery.proofs
import server.documents.rendering
import server.planning.solver
import shared.wire
from server.core.structs import Kind, all_structs
from server.planning.solver.problem_file import FORMAT

FITTING = (
    "0190a000-0000-7000-8000-000000000001",
    "ab" * 64,
    "ab" * 32,
    "ab" * 16,
    "order:0190a000-0000-7000-8000-000000000001",
    "12.5",
    "broken_case",
    FORMAT,
)
"""One for each pattern; a new pattern asks for another."""
ANY_TEXT = r"^[^\x00]*\Z"
"""What a database keeps: blanks and new lines, too."""
PACKAGES = (
    shared.wire,
    server.billing.facts,
    server.delivery.proofs,
    server.documents.rendering,
    server.planning.solver,
)
MODULES = [
    importlib.import_module(found.name)
    for package in PACKAGES
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
]


def pattern_of(kind: inspect.Type) -> str | None:
    """Return the pattern that a field's strings are held to; a struct in it is asked for itself."""
    for one in inner(kind):
        if isinstance(one, inspect.StrType) and one.pattern is not None:
            return one.pattern
    return None


def inner(kind: inspect.Type) -> Iterator[inspect.Type]:
    """Yield a type and those in it, but for the fields of structs."""
    yield kind
    match kind:
        case inspect.UnionType(types=several):
            for one in several:
                yield from inner(one)
        case inspect.VarTupleType(item_type=one) | inspect.ListType(item_type=one) | inspect.SetType(item_type=one):
            yield from inner(one)
        case inspect.Metadata(type=one):
            yield from inner(one)
        case inspect.TupleType(item_types=several):
            for one in several:
                yield from inner(one)
        case inspect.DictType(key_type=key, value_type=value):
            yield from inner(key)
            yield from inner(value)


def saying(kind: inspect.Type, text: str) -> Any:
    """Return a value of the type that says a text where its pattern stands."""
    match kind:
        case inspect.VarTupleType(item_type=one) | inspect.ListType(item_type=one) | inspect.SetType(item_type=one):
            return [saying(one, text)]
        case inspect.TupleType(item_types=several):
            return [saying(one, text) for one in several]
        case inspect.Metadata(type=one):
            return saying(one, text)
        case inspect.UnionType(types=several):
            return saying(next(one for one in several if pattern_of(one)), text)
        case inspect.DictType(key_type=key, value_type=value):
            is_key = pattern_of(key) is not None
            return {text: saying(value, text)} if is_key else {"key": saying(value, text)}
    return text


def is_ours(kind: Kind) -> bool:
    return kind.__module__ in {module.__name__ for module in MODULES}


def fields() -> Iterator[tuple[Kind, msgspec.structs.FieldInfo, inspect.Type]]:
    """Yield every field with a pattern of every message type, with its type."""
    for kind in sorted(filter(is_ours, all_structs()), key=lambda kind: (kind.__module__, kind.__name__)):
        for field in msgspec.structs.fields(kind):
            known = inspect.type_info(field.type)
            if pattern_of(known) is not None:
                yield kind, field, known


FIELDS = list(fields())


def test_patterns_are_found_in_every_part_that_decodes() -> None:
    """Harness: the messages of the tablets, the facts of an invoice, the papers and the planner's files have some."""
    assert len(FIELDS) > 80
    wire = {f"shared.wire.{name}" for name in ("bundle", "enrol", "event", "hello", "push", "terms")}
    parts = wire | {"server.billing.facts.canadian", "server.delivery.proofs.contents"}
    parts |= {"server.documents.rendering.papers", "server.planning.solver.problem_file"}
    assert parts <= {kind.__module__ for kind, _, _ in FIELDS}


@pytest.mark.parametrize(
    ("field", "known"),
    [pytest.param(field, known, id=f"{kind.__module__}.{kind.__name__}.{field.name}") for kind, field, known in FIELDS],
)
def test_a_field_takes_what_fits_and_nothing_about_it(field: msgspec.structs.FieldInfo, known: inspect.Type) -> None:
    """Rule 10: a newline, a NUL or a blank behind, before or in a text is refused by the decoder."""
    pattern = str(pattern_of(known))
    fitting = next(text for text in FITTING if re.search(pattern, text))
    decoder = msgspec.json.Decoder(field.type)
    decoder.decode(msgspec.json.encode(saying(known, fitting)))
    for more in ("\x00",) if pattern == ANY_TEXT else ("\n", "\x00", " "):
        for text in (fitting + more, more + fitting, fitting[:-1] + more + fitting[-1:], more):
            with pytest.raises(msgspec.ValidationError):
                decoder.decode(msgspec.json.encode(saying(known, text)))
