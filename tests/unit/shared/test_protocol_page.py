"""The protocol's page says what the code does: its examples are computed again, its bounds compared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.canonical import canonical_bytes
from shared.disclosure import Group, VisitTree
from shared.sealing import GENESIS, chain_hash, public_bytes, sign
from shared.wire import limits
from shared.wire.event import Envelope, EventType

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def cell(row: str) -> str:
    """Return what a row of a table says in code type."""
    found = re.search(rf"^\| {row} \| `?([^`|]+?)`? \|$", PAGE, re.MULTILINE)
    assert found is not None, row
    return found[1]


def test_the_canonical_example_is_canonical_and_its_hash_and_signature_hold() -> None:
    """Protocol: canonical bytes, chain and signatures, with a key that everyone can make."""
    example = re.search(r"```json canonical\n(.*)\n```", PAGE)
    assert example is not None
    body = example[1].encode()
    digest = chain_hash(GENESIS, body)
    assert canonical_bytes(json.loads(body)) == body
    assert (cell("public key"), cell("hash")) == (public_bytes(KEY).hex(), digest.hex())
    assert cell("signature as `head`") == sign(KEY, "head", digest).hex()


def test_the_trees_example_leads_to_its_roots() -> None:
    """Protocol: leaf, padding, number of leaves, sorted upper level."""
    leaf = re.search(r"of one leaf `(\{.*?\})`", PAGE)
    assert leaf is not None
    group = Group("carrier", (leaf[1].encode(),), tuple(bytes([n]) * 32 for n in range(1, 8)))
    tree = VisitTree((group,), tuple(bytes([0xF0 + n]) * 32 for n in range(1, 8)))
    assert (cell("group's root"), cell("root")) == (group.root.hex(), tree.root.hex())


@pytest.mark.parametrize(
    ("row", "bound"),
    [
        ("events in a push", str(limits.MAX_EVENTS)),
        ("one event's body", f"{limits.MAX_EVENT_BYTES // 1024} KB"),
        ("one leaf", f"{limits.MAX_LEAF_BYTES // 1024} KB"),
        ("orders at a stop", str(limits.MAX_ORDERS_A_STOP)),
        ("lines of an order", str(limits.MAX_LINES_AN_ORDER)),
        ("stops of a run", str(limits.MAX_STOPS)),
    ],
)
def test_the_bounds_are_the_codes_own(row: str, bound: str) -> None:
    """Limits on everything, written where a client's author looks."""
    assert cell(row) == bound


def test_every_field_and_type_is_named() -> None:
    """A field that is added to a message is added to the page."""
    words = {*Envelope.__struct_fields__, *get_args(EventType.__value__)}
    assert [word for word in words if f"`{word}`" not in PAGE] == []
