"""Laws of disclosed visits: whatever is touched is found, and nothing of a neighbour is told."""

from dataclasses import replace
from functools import partial, reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.disclosure import Group, leaf_hash, seal_tree
from shared.sealing import GENESIS, chain_hash, public_bytes
from shared.sealing_event import BrokenSeal, open_event, seal_event
from shared.visit import leaf_groups, tree_of
from tests.factories.visits import TABLET, make_departure, make_visit

_HEX = "0123456789abcdef"

records = st.lists(
    st.fixed_dictionaries({"line": st.text(max_size=20), "delivered": st.integers(0, 10**6)}), max_size=20
)
visits = st.dictionaries(st.uuids().map(lambda order: f"order:{order}"), records, min_size=1, max_size=10)


def a_key(data, tree):
    return data.draw(st.sampled_from([group.key for group in tree.groups]))


@given(visits, st.data())
def test_every_part_leads_to_the_signed_root(visit, data):
    """C16, G9: each group verifies alone, through the wire too."""
    tree = seal_tree(visit)
    key = a_key(data, tree)
    assert tree.disclose(key).leads_to(tree.root)
    travelled = tree_of(leaf_groups(tree), [node.hex() for node in tree.padding])
    assert travelled.root == tree.root
    assert travelled.disclose(key) == tree.disclose(key)


@given(visits, st.data())
def test_no_byte_of_a_neighbour_s_leaf_is_told(visit, data):
    """C16: salts, leaves and leaf hashes of every other group stay out of a disclosure."""
    tree = seal_tree(visit)
    shown = tree.disclose(a_key(data, tree))
    told = b"".join((*shown.group.leaves, *shown.group.padding, *shown.path))
    for other in tree.groups:
        if other.key != shown.group.key:
            for leaf in other.leaves:
                assert leaf not in told
                assert leaf_hash(leaf) not in told
                assert msgspec.json.decode(leaf)["salt"].encode() not in told


@given(visits, st.data())
def test_any_altered_removed_or_added_leaf_is_found(visit, data):
    """G9: an altered byte, a dropped leaf (its hash kept as padding or not), an added one, an exchanged order."""
    tree = seal_tree(visit)
    shown = tree.disclose(a_key(data, tree))
    for group in touched_groups(shown.group, data):
        assert not replace(shown, group=group).leads_to(tree.root)


def touched_groups(group, data):
    leaves, padding = group.leaves, group.padding
    if leaves:
        at = data.draw(st.integers(0, len(leaves) - 1))
        byte = data.draw(st.integers(0, len(leaves[at]) - 1))
        flipped = leaves[at][:byte] + bytes([leaves[at][byte] ^ 1]) + leaves[at][byte + 1 :]
        others = leaves[:at] + leaves[at + 1 :]
        yield Group(group.key, (*leaves[:at], flipped, *leaves[at + 1 :]), padding)
        yield Group(group.key, others, (leaf_hash(leaves[at]), *padding))
        yield Group(group.key, others, (bytes(32), *padding))
    if len(leaves) > 1:
        yield Group(group.key, leaves[::-1], padding)
    if padding:
        yield Group(group.key, (*leaves, b"{}"), padding[1:])
        yield Group(group.key, leaves, (bytes(32), *padding[1:]))


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 8), st.integers(0, 8))
def test_numbers_within_a_bucket_do_not_show_in_sizes(groups, other_groups, lines, other_lines):
    """C16: from one to eight suppliers at a stop, with any number of lines, a disclosure has one size."""

    def disclosed(neighbours, their_lines):
        visit = {f"order:{at}": [{"line": "x"}] * their_lines for at in range(neighbours - 1)}
        tree = seal_tree(visit | {"order:mine": [{"line": "x"}]})
        shown = tree.disclose("order:mine")
        return len(shown.path), len(shown.group.leaves) + len(shown.group.padding), len(tree.groups) + len(tree.padding)

    assert disclosed(groups, lines) == disclosed(other_groups, other_lines)


@given(st.data())
def test_any_flipped_character_of_a_sealed_visit_is_found(data):
    """G9: one character of the body, the hash, the signature, a leaf or the padding, wherever it stands."""
    envelope, tree = make_visit()
    sealed = seal_event(envelope, TABLET, tree=tree)
    part = data.draw(st.sampled_from(sorted(FLIPS)))
    with pytest.raises(BrokenSeal) as refused:
        open_event(FLIPS[part](sealed, data), public_bytes(TABLET))
    assert refused.value.where


def flipped(text, data):
    """The text with one character exchanged for another of its kind.

    What is drawn does not depend on the text, whose salts and lengths differ from one sealing to the next.
    """
    at = data.draw(st.integers(0, 1_000_000)) % len(text)
    other = _HEX[(_HEX.find(text[at]) + data.draw(st.integers(1, 15))) % 16]
    return text[:at] + other + text[at + 1 :]


def with_flipped_text(field):
    return lambda sealed, data: msgspec.structs.replace(sealed, **{field: flipped(getattr(sealed, field), data)})


def with_flipped_first(field, sealed, data):
    first, *rest = getattr(sealed, field)
    return msgspec.structs.replace(sealed, **{field: (flipped(first, data), *rest)})


def with_flipped_group(field, sealed, data):
    first, *rest = sealed.groups
    return msgspec.structs.replace(sealed, groups=(with_flipped_first(field, first, data), *rest))


FLIPS = {
    "body": with_flipped_text("body"),
    "hash": with_flipped_text("hash"),
    "signature": with_flipped_text("signature"),
    "group_padding": partial(with_flipped_first, "group_padding"),
    "leaves": partial(with_flipped_group, "leaves"),
    "padding": partial(with_flipped_group, "padding"),
}


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=8), st.data())
def test_a_chain_breaks_where_it_was_touched(odometers, data):
    """G9: an altered, removed or exchanged event no longer leads to the head that was signed."""
    bodies = chained_bodies(odometers)
    at = data.draw(st.integers(0, len(bodies) - 1))
    removed = bodies[:at] + bodies[at + 1 :]
    doubled = bodies[: at + 1] + bodies[at:]
    altered = [*bodies[:at], bodies[at] + b" ", *bodies[at + 1 :]]
    assert len({head(bodies), head(removed), head(doubled), head(altered)}) == 4


def chained_bodies(odometers):
    bodies, previous = [], GENESIS
    for seq, odometer_m in enumerate(odometers, 1):
        event = make_departure(seq=seq, payload={"odometer_m": odometer_m}, prev_hash=previous.hex())
        sealed = seal_event(event, TABLET)
        bodies.append(sealed.body.encode())
        previous = bytes.fromhex(sealed.hash)
    assert head(bodies) == previous
    return bodies


def head(bodies):
    return reduce(chain_hash, bodies, GENESIS)
