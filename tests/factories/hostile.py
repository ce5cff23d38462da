"""What no honest person types and no honest program sends: a short list of kinds, each written out here."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

STRINGS: dict[str, str] = {
    "empty": "",
    "a NUL": "a\x00b",
    "controls": "\x01\x07\x1b[31m\x7f\r\n",
    "a lone surrogate": "a\ud800b",
    "right to left": "\u202e\u0645\u0631\u062d\u0628\u0627\u2066",
    "zero width": "\u200b\u200d\ufeff\u2060",
    "marks upon marks": "e" + "\u0301" * 200,
    "beyond the first plane": "\U0001f37a\U0001f1e8\U0001f1e6\U00020000",
    "very long": "Ω" * 100_000,
    "sql": "'; DROP TABLE invoice; --",
    "sql like": "%_%\\",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ config }}{% import os %}${7*7}#{7*7}",
    "formula": '=HYPERLINK("http://x.example";"a")+cmd|\' /C calc\'!A0',
    "shell": "$(id)`id`|id;id&",
    "path": "../../../../etc/passwd",
    "header": "a\r\nSet-Cookie: x=1",
    "format": "%s%n%x{0.__class__}",
    "number": "1e309",
    "not a number": "NaN",
    "digits of another script": "١٢٣",
    "a year beyond": "99999-01-01",
    "the first day": "0001-01-01T00:00:00+23:59",
    "regular expression": "(" + "a+" * 30 + ")+$",
}
NUMBERS: tuple[Any, ...] = (-1, 0, 2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 10**400, 0.1, 1e308, -0.0)
OTHERS: tuple[Any, ...] = (None, True, [], {}, [[]], {"": None}, ["\x00"])

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no json": b"\xff\xfe\x00",
    "invalid utf-8": b'{"a":"\xc3\x28"}',
    "overlong utf-8": b'{"a":"\xc0\xaf"}',
    "a bom": b"\xef\xbb\xbf{}",
    "half of it": b'{"a":',
    "two of them": b"{}{}",
    "the same key twice": b'{"device_id":"x","device_id":"y","email":"a","email":"b"}',
    "a huge exponent": b'{"a":1e999999999}',
    "a huge number": b'{"a":' + b"9" * 200_000 + b"}",
    "not a number": b'{"a":NaN,"b":Infinity}',
    "deep lists": b"[" * 100_000,
    "deep and closed": b"[" * 5_000 + b"]" * 5_000,
    "deep objects": b'{"a":' * 50_000,
    "half a pair": b'{"email":"\\ud800","password":"\\udc00"}',
    "a string": b'"a"',
    "null": b"null",
}


def twisted(body: Any) -> Iterator[tuple[str, Any]]:
    """Yield the body with one thing in it replaced, for each place and each hostile value that could stand there."""
    for place in places(body):
        for name, value in _values(_at(body, place)):
            changed = copy.deepcopy(body)
            _put(changed, place, value)
            yield f"{'.'.join(map(str, place))}: {name}", changed


def places(body: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every leaf."""
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inside:
        yield (*before, key)
        yield from places(value, (*before, key))


def _values(there: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(there, str):
        yield from STRINGS.items()
    else:
        yield from ((f"number {at}", value) for at, value in enumerate(NUMBERS))
    yield from ((f"other {at}", value) for at, value in enumerate(OTHERS))


def _at(body: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        body = body[key]
    return body


def _put(body: Any, place: tuple[Any, ...], value: Any) -> None:
    *before, last = place
    for key in before:
        body = body[key]
    body[last] = value
