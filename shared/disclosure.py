"""Salted Merkle trees: one signature over a whole visit, opened part by part.

A visit's record is a set of groups (one for each order, one for each owner of containers, one for the carrier alone).
Each group is a tree of salted leaves, and the groups' roots are the leaves of the signed tree. Both levels are padded
with random nodes to a power of two, 8 at least, so that of the number of groups only that range shows, in the length
of a path, and nothing at all up to eight. A group's root also covers how many of its nodes are leaves: no leaf can
hide among the padding. The upper level is sorted by its bytes, which are random, so that a group's position says
nothing of how many there are.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.canonical import canonical_bytes

LEAF, NODE, GROUP = b"\x00", b"\x01", b"\x02"
SALT_BYTES = 16
MIN_WIDTH = 8
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Group:
    """One part of a visit that may be shown alone. ``leaves`` are canonical bytes, salt inside."""

    key: str
    leaves: tuple[bytes, ...]
    padding: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """The 32 bytes sha256(0x02 ‖ number of leaves, 4 bytes ‖ root of the group's own tree)."""
        top = merkle_root([leaf_hash(leaf) for leaf in self.leaves] + list(self.padding))
        return hashlib.sha256(GROUP + len(self.leaves).to_bytes(4) + top).digest()


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A group together with the path that ties it to the signed root."""

    group: Group
    position: int
    path: tuple[bytes, ...]

    def leads_to(self, root: bytes) -> bool:
        """Say whether the group belongs to the tree whose root was signed."""
        is_inside = len(self.path) <= MAX_DEPTH and 0 <= self.position < 1 << len(self.path)
        return is_inside and climb(self.group.root, self.position, self.path) == root


@dataclass(frozen=True, slots=True)
class VisitTree:
    """Every group of one visit, in the order that was sealed, and the padding of the upper level."""

    groups: tuple[Group, ...]
    padding: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        """The 32 bytes that the driver's key signs."""
        return merkle_root(self._nodes())

    def disclose(self, key: str) -> Disclosure:
        """Return the group ``key`` with its path and nothing of the others.

        Raises:
            KeyError: the visit has no such group.
        """
        group = next((group for group in self.groups if group.key == key), None)
        if group is None:
            raise KeyError(key)
        nodes = self._nodes()
        position = nodes.index(group.root)
        return Disclosure(group, position, merkle_path(nodes, position))

    def _nodes(self) -> list[bytes]:
        return sorted([*(group.root for group in self.groups), *self.padding])


def seal_tree(
    records: Mapping[str, Sequence[Mapping[str, Any]]], *, random: Callable[[int], bytes] = secrets.token_bytes
) -> VisitTree:
    """Salt every record and build the tree; ``records`` maps a group's key to its leaves in order."""
    groups = tuple(
        Group(
            key,
            leaves := tuple(canonical_bytes({**record, "salt": random(SALT_BYTES).hex()}) for record in group),
            _padding(len(leaves), random),
        )
        for key, group in records.items()
    )
    return VisitTree(groups, _padding(len(groups), random))


def padded_width(used: int) -> int:
    """Return how many nodes a level of ``used`` real ones has: the next power of two, 8 at least."""
    width = MIN_WIDTH
    while width < used:
        width *= 2
    return width


def leaf_hash(leaf: bytes) -> bytes:
    """Return sha256(0x00 ‖ leaf)."""
    return hashlib.sha256(LEAF + leaf).digest()


def merkle_root(nodes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of 32-byte nodes.

    Raises:
        ValueError: the number of nodes is not a power of two.
    """
    _require_power_of_two(len(nodes))
    level = list(nodes)
    while len(level) > 1:
        level = [_join(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def merkle_path(nodes: Sequence[bytes], position: int) -> tuple[bytes, ...]:
    """Return the siblings from a node up to the root."""
    _require_power_of_two(len(nodes))
    level, path = list(nodes), []
    while len(level) > 1:
        path.append(level[position ^ 1])
        level = [_join(level[at], level[at + 1]) for at in range(0, len(level), 2)]
        position //= 2
    return tuple(path)


def climb(node: bytes, position: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a node at ``position`` reaches along ``path``."""
    for sibling in path:
        node = _join(sibling, node) if position & 1 else _join(node, sibling)
        position //= 2
    return node


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()


def _padding(used: int, random: Callable[[int], bytes]) -> tuple[bytes, ...]:
    return tuple(random(32) for _ in range(padded_width(used) - used))


def _require_power_of_two(count: int) -> None:
    if count < 1 or count & (count - 1):
        raise ValueError(f"a Merkle level needs a power of two of nodes, not {count}")
