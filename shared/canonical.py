"""The one way a record becomes bytes before it is hashed or signed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.problems import Problem, Text

MAX_INTEGER = 2**53 - 1


class NotCanonical(Problem):
    """A value that has no single canonical form (a float, a non-string key, an integer beyond 2^53)."""

    slug = "not-canonical"
    title = Text("Valeur sans forme canonique", "Value without a canonical form")


def canonical_bytes(record: Mapping[str, Any]) -> bytes:
    """Return UTF-8 JSON with sorted keys and no spaces; integers and strings only, no floats.

    Keys are sorted by their UTF-16 code units; strings escape only what JSON demands.

    Raises:
        NotCanonical: a value outside the accepted types or range.

    Source: RFC 8785, restricted to integers, strings, booleans, null, lists and objects.
    """
    _check(record, "$")
    return json.dumps(_sorted(record), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def is_canonical(payload: bytes) -> bool:
    """Say whether ``payload`` is exactly the canonical form of what it says."""
    try:
        record = json.loads(payload)
        return isinstance(record, dict) and canonical_bytes(record) == payload
    except (ValueError, NotCanonical, RecursionError):
        return False


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value


def _check(value: Any, where: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, int):
        _check_integer(value, where)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical(Text("Une clé n’est pas un texte.", "A key is not a string."), where=where)
            _check_text(key, where)
            _check(item, f"{where}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        for position, item in enumerate(value):
            _check(item, f"{where}[{position}]")
    else:
        kind = type(value).__name__
        raise NotCanonical(Text(f"Type {kind} refusé.", f"Type {kind} is not accepted."), where=where)


def _check_text(value: str, where: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(
            Text("Le texte contient un demi-caractère.", "The text holds half a character."), where=where
        ) from error


def _check_integer(value: int, where: str) -> None:
    if abs(value) > MAX_INTEGER:
        raise NotCanonical(
            Text("Entier hors des limites (2^53).", "Integer out of range (2^53)."), where=where, value=str(value)
        )
