"""The one way a record becomes bytes before it is hashed or signed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shared.problems import Problem, Text

MAX_INTEGER = 2**53 - 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_SORTING = msgspec.json.Encoder(order="sorted")


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
    if _is_plain(record):
        try:
            return _SORTING.encode(record)
        except UnicodeEncodeError:  # half a character: the check below says where
            pass
    return _ENCODER.encode(_checked(record, "$")).encode()


def is_canonical(payload: bytes) -> bool:
    """Say whether ``payload`` is exactly the canonical form of what it says."""
    try:
        record = msgspec.json.decode(payload)
        return isinstance(record, dict) and canonical_bytes(record) == payload
    except (msgspec.DecodeError, ValueError, NotCanonical, RecursionError):
        return False


def _is_plain(value: Any) -> bool:
    """Say whether the fast encoder writes exactly what the careful one would: usual types, keys in ASCII."""
    if isinstance(value, dict):
        for key, held in value.items():
            if not (type(key) is str and key.isascii() and (type(held) is str or _is_plain(held))):
                return False
        return True
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if type(value) is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER
    return value is None or type(value) is str or type(value) is bool


def _checked(value: Any, where: str) -> Any:
    """Return the value with every object's keys in order, once all of it has a canonical form."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        _check_text(value, where)
        return value
    if isinstance(value, int):
        _check_integer(value, where)
        return value
    if isinstance(value, Mapping):
        return {key: _checked(value[key], f"{where}.{key}") for key in _ordered(value, where)}
    if isinstance(value, list | tuple) or (isinstance(value, Sequence) and not isinstance(value, bytes | bytearray)):
        return [_checked(item, f"{where}[{position}]") for position, item in enumerate(value)]
    kind = type(value).__name__
    raise NotCanonical(Text(f"Type {kind} refusé.", f"Type {kind} is not accepted."), where=where)


def _ordered(keys: Iterable[Any], where: str) -> list[str]:
    texts = list(keys)
    for key in texts:
        if not isinstance(key, str):
            raise NotCanonical(Text("Une clé n’est pas un texte.", "A key is not a string."), where=where)
        _check_text(key, where)
    return sorted(texts) if all(map(str.isascii, texts)) else sorted(texts, key=_utf_16)


def _utf_16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _check_text(value: str, where: str) -> None:
    if value.isascii():
        return
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
