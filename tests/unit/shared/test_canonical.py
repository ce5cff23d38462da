"""The one form in which a record is hashed."""

import pytest

from shared.canonical import MAX_INTEGER, NotCanonical, canonical_bytes, is_canonical


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        # RFC 8785, section 3.2.3: keys in order of their UTF-16 code units
        (
            {
                "\u20ac": "Euro Sign",
                "\r": "Carriage Return",
                "\ufb33": "Hebrew Letter Dalet With Dagesh",
                "1": "One",
                "\U0001f600": "Emoji: Grinning Face",
                "\u0080": "Control",
                "\u00f6": "Latin Small Letter O With Diaeresis",
            },
            (
                '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",'
                '"\u20ac":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
            ),
        ),
        # RFC 8785, section 3.2.2: strings and literals of its sample
        (
            {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "literals": [None, True, False]},
            '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
        ),
        ({"b": [{"d": 1, "c": -2}], "a": {}}, '{"a":{},"b":[{"c":-2,"d":1}]}'),
        ({"limit": MAX_INTEGER}, '{"limit":9007199254740991}'),
    ],
)
def test_the_form_is_that_of_rfc_8785(record, expected):
    """G9: what is signed has one form; the examples are those of RFC 8785 within our types."""
    assert canonical_bytes(record) == expected.encode()
    assert is_canonical(expected.encode())


@pytest.mark.parametrize(
    ("record", "where"),
    [
        ({"amount": 1.5}, "$.amount"),
        ({"amount": float("nan")}, "$.amount"),
        ({"lines": [{"n": MAX_INTEGER + 1}]}, "$.lines[0].n"),
        ({"name": "\ud83c"}, "$.name"),
        ({1: "one"}, "$"),
        ({"raw": b"bytes"}, "$.raw"),
    ],
)
def test_a_value_with_several_forms_is_refused(record, where):
    """G9: floats, half characters, large integers and other types never enter a hash; the place is named."""
    with pytest.raises(NotCanonical) as refused:
        canonical_bytes(record)
    assert refused.value.where == where


@pytest.mark.parametrize(
    "payload",
    [b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1.0}', b'{"a":1,"a":1}', b'{"a":"\\u0041"}', b"[1]", b"{", b"\xff", b""],
)
def test_another_form_of_the_same_record_is_not_canonical(payload):
    """G9: a body is compared byte for byte, so that nobody re-serialises before hashing."""
    assert not is_canonical(payload)


def test_a_very_deep_record_is_not_canonical():
    """Bad input gets an answer: nesting beyond reason ends neither process nor thread."""
    assert not is_canonical(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
