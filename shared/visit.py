"""A visit as sealed leaves: how the tablet writes them and how the server reads them back.

Each order has a group of its own (its own leaf first, then its lines), each owner of returned containers another, and
what only the carrier may see (money collected, photos of no line) stands under ``carrier``, which is always there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.delivered_line import DeliveredLine, Unmet, outcome
from shared.disclosure import Group, VisitTree, padded_width
from shared.problems import Text
from shared.settlement import SettlementPreview
from shared.visit_facts import CARRIER, OrderFacts, UnreadableVisit, VisitFacts, read_visit
from shared.wire.event import LeafGroup

__all__ = [
    "CARRIER",
    "ORDER_PREFIX",
    "OrderFacts",
    "UnreadableVisit",
    "VisitCollection",
    "VisitContainers",
    "VisitFacts",
    "VisitOrder",
    "VisitPhoto",
    "build_visit_records",
    "containers_key",
    "leaf_groups",
    "order_key",
    "read_visit",
    "tree_of",
]


ORDER_PREFIX = "order:"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitOrder:
    """One order as the tablet knows it at the end of a stop.

    ``unmet`` is the failure's outcome when nothing was accepted; ``photos`` are sha256 by line.
    """

    order_id: str
    terms_hash: str
    lines: tuple[DeliveredLine, ...]
    preview: SettlementPreview
    unmet: Unmet | None = None
    photos: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitContainers:
    """Containers of one class that one owner gets back."""

    owner_id: str
    creditor_id: str
    container_class: str
    returned: int
    unit_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCollection:
    """Money taken for one issuer; ``rounding_cents`` brings cash to 5 cents (T7)."""

    issuer_id: str
    method: Literal["cash", "cheque"]
    amount_cents: int
    rounding_cents: int = 0
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPhoto:
    """A photo of no line."""

    sha256: str
    note: str = ""


def build_visit_records(
    *,
    orders: Sequence[VisitOrder],
    containers: Sequence[VisitContainers] = (),
    collections: Sequence[VisitCollection] = (),
    photos: Sequence[VisitPhoto] = (),
) -> dict[str, list[dict[str, Any]]]:
    """Return the visit's leaves by group, without salts: what ``disclosure.seal_tree`` takes.

    Raises:
        UnbalancedLine: a line is not accounted for.
    """
    records = {order_key(order.order_id): _order_records(order) for order in orders}
    for returned in containers:
        records.setdefault(containers_key(returned.owner_id), []).append(_containers_record(returned))
    carrier = [_collection_record(taken) for taken in collections]
    carrier += [{"kind": "photo", "sha256": photo.sha256, "note": photo.note} for photo in photos]
    return records | {CARRIER: carrier}


def order_key(order_id: str) -> str:
    """Return the key of an order's group."""
    return f"{ORDER_PREFIX}{order_id}"


def containers_key(owner_id: str) -> str:
    """Return the key of the group of an owner's containers."""
    return f"containers:{owner_id}"


def leaf_groups(tree: VisitTree) -> tuple[LeafGroup, ...]:
    """Return the groups as they travel beside the event."""
    return tuple(
        LeafGroup(
            key=group.key,
            leaves=tuple(leaf.decode() for leaf in group.leaves),
            padding=tuple(node.hex() for node in group.padding),
        )
        for group in tree.groups
    )


def tree_of(groups: Sequence[LeafGroup], group_padding: Sequence[str]) -> VisitTree:
    """Return the tree that travelled, so that its root can be compared with the signed one.

    Raises:
        UnreadableVisit: a level is not padded to its width, so that its number of leaves would show.
    """
    for where, used, padding in [
        ("group_padding", len(groups), group_padding),
        *((group.key, len(group.leaves), group.padding) for group in groups),
    ]:
        if used + len(padding) != padded_width(used):
            raise UnreadableVisit(
                Text(
                    "Le remplissage des feuilles n’a pas la longueur voulue. Renvoyer la visite telle que scellée.",
                    "The leaves' padding does not have its length. Send the visit again as sealed.",
                ),
                where=where,
            )
    return VisitTree(tuple(_group(group) for group in groups), tuple(bytes.fromhex(node) for node in group_padding))


def _group(group: LeafGroup) -> Group:
    leaves = tuple(leaf.encode() for leaf in group.leaves)
    return Group(group.key, leaves, tuple(bytes.fromhex(node) for node in group.padding))


def _order_records(order: VisitOrder) -> list[dict[str, Any]]:
    head = {
        "kind": "order",
        "order_id": order.order_id,
        "terms_hash": order.terms_hash,
        "outcome": outcome(order.lines, unmet=order.unmet),
        "shown": order.preview.shown,
        "shown_total_cents": order.preview.shown_total_cents,
        "shown_credit_cents": order.preview.shown_credit_cents,
        "shown_supplement_cents": order.preview.shown_supplement_cents,
    }
    return [head, *(_line_record(line, order.photos.get(line.line_id, ())) for line in order.lines)]


def _line_record(line: DeliveredLine, photos: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": "line",
        "line_id": line.line_id,
        "ordered": line.ordered,
        "delivered": line.delivered,
        "not_shipped": line.not_shipped,
        "lost": line.lost,
        "returned": line.returned,
        "extra": line.extra,
        "reason": line.reason,
        "photos": list(photos),
    }


def _containers_record(returned: VisitContainers) -> dict[str, Any]:
    return {
        "kind": "containers",
        "owner_id": returned.owner_id,
        "creditor_id": returned.creditor_id,
        "container_class": returned.container_class,
        "returned": returned.returned,
        "unit_cents": returned.unit_cents,
    }


def _collection_record(taken: VisitCollection) -> dict[str, Any]:
    return {
        "kind": "collection",
        "issuer_id": taken.issuer_id,
        "method": taken.method,
        "amount_cents": taken.amount_cents,
        "rounding_cents": taken.rounding_cents,
        "reference": taken.reference,
    }
