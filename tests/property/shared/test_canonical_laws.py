"""Laws of the canonical form."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.canonical import MAX_INTEGER, NotCanonical, canonical_bytes, is_canonical

texts = st.text(max_size=6)
scalars = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=8
)
objects = st.dictionaries(texts, values, max_size=3)


def shuffled(value, seed):
    """The same record with its keys in another order."""
    if isinstance(value, dict):
        keys = list(value)
        random.Random(seed).shuffle(keys)
        return {key: shuffled(value[key], seed) for key in keys}
    return [shuffled(item, seed) for item in value] if isinstance(value, list) else value


@given(objects)
def test_a_record_survives_its_canonical_form(record):
    """G9: what is read back is what was written, and writing it again gives the same bytes."""
    payload = canonical_bytes(record)
    assert json.loads(payload) == record
    assert canonical_bytes(json.loads(payload)) == payload
    assert is_canonical(payload)


@given(objects, st.integers())
def test_the_order_of_keys_changes_nothing(record, seed):
    """G9: two tablets hash one record alike."""
    assert canonical_bytes(shuffled(record, seed)) == canonical_bytes(record)


@given(objects)
def test_spaces_make_another_form(record):
    """G9: only one spelling of a record is accepted."""
    assert not is_canonical(canonical_bytes(record) + b" ")
    assert not is_canonical(b" " + canonical_bytes(record))


@given(st.binary(max_size=64))
def test_any_bytes_get_an_answer(payload):
    """Bad input gets a clear answer: yes or no, never a crash."""
    assert is_canonical(payload) in {True, False}


@given(objects, st.floats())
def test_a_float_has_no_form(record, number):
    """G9: floats are refused wherever they stand."""
    with pytest.raises(NotCanonical):
        canonical_bytes(record | {"amount": [number]})
