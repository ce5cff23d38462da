"""Sealed leaves read back as facts, each checked before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from shared.canonical import is_canonical
from shared.delivered_line import DeliveredLine, UnbalancedLine, outcome
from shared.money import CASH_STEP_CENTS
from shared.problems import Problem, Text
from shared.wire.event import CollectionLeaf, ContainersLeaf, LeafGroup, LineLeaf, OrderLeaf, Outcome, PhotoLeaf
from shared.wire.limits import MAX_LEAF_BYTES, MAX_LINES_AN_ORDER, MAX_ORDERS_A_STOP

CARRIER = "carrier"
MAX_GROUPS = 2 * MAX_ORDERS_A_STOP + 1


class UnreadableVisit(Problem):
    """The leaves of a visit do not say something that can be applied."""

    slug = "unreadable-visit"
    title = Text("Visite illisible", "Visit cannot be read")


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One order of the visit: what the signer saw and what was counted."""

    leaf: OrderLeaf
    lines: tuple[LineLeaf, ...]

    @property
    def order_id(self) -> str:
        """The order's id."""
        return self.leaf.order_id

    @property
    def delivered_lines(self) -> tuple[DeliveredLine, ...]:
        """The lines as the delivery rules take them."""
        return tuple(DeliveredLine.of_leaf(line) for line in self.lines)


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """Everything that one visit says, by subject."""

    orders: tuple[OrderFacts, ...]
    containers: tuple[ContainersLeaf, ...]
    collections: tuple[CollectionLeaf, ...]
    photos: tuple[PhotoLeaf, ...]

    @property
    def outcome(self) -> Outcome:
        """How the stop ended, over all the orders that are known here: only the carrier knows them all."""
        ends = {order.leaf.outcome for order in self.orders}
        if ends <= {"complete"}:
            return "complete"
        if ends & {"complete", "partial"}:
            return "partial"
        return "refused" if "refused" in ends else "failed"

    def order(self, order_id: str) -> OrderFacts | None:
        """Return what the visit says of this order, None when it says nothing."""
        return next((order for order in self.orders if order.order_id == order_id), None)


class _Kind(msgspec.Struct):
    kind: str


def read_visit(groups: Sequence[LeafGroup]) -> VisitFacts:
    """Return what the groups say, in their order.

    Each leaf is canonical and of a kind that its group may hold, ids agree with the group's key, lines balance and
    agree with the outcome, nothing is said twice, and rounded cash ends on 5 cents.

    Raises:
        UnreadableVisit: naming the group that breaks one of these.
    """
    _require(len(groups) <= MAX_GROUPS, "groups", "trop de groupes", "too many groups")
    keys = [group.key for group in groups]
    _require(len(set(keys)) == len(keys), "groups", "un groupe est répété", "a group is repeated")
    orders = [_read_order(group) for group in groups if group.key.startswith("order:")]
    containers = [leaf for group in groups if group.key.startswith("containers:") for leaf in _read_containers(group)]
    carrier = [leaf for group in groups if group.key == CARRIER for leaf in _read_carrier(group)]
    known = len(orders) + sum(key == CARRIER or key.startswith("containers:") for key in keys)
    _require(known == len(groups), "groups", "un groupe est inconnu", "a group is unknown")
    return VisitFacts(
        orders=tuple(orders),
        containers=tuple(containers),
        collections=tuple(leaf for leaf in carrier if isinstance(leaf, CollectionLeaf)),
        photos=tuple(leaf for leaf in carrier if isinstance(leaf, PhotoLeaf)),
    )


def _read_order(group: LeafGroup) -> OrderFacts:
    fits = 1 <= len(group.leaves) <= MAX_LINES_AN_ORDER + 1
    _require(fits, group.key, "nombre de lignes hors limites", "number of lines out of range")
    head = _decode(group.leaves[0], OrderLeaf, group.key)
    _require(
        group.key == f"order:{head.order_id}", group.key, "autre commande que la clé", "order differs from its key"
    )
    facts = OrderFacts(head, tuple(_decode(leaf, LineLeaf, group.key) for leaf in group.leaves[1:]))
    _require_unique((line.line_id for line in facts.lines), group.key)
    unmet = head.outcome if head.outcome in {"refused", "failed"} else None
    try:
        ended = outcome(facts.delivered_lines, unmet=unmet)
    except UnbalancedLine as unbalanced:
        raise _unreadable(f"{group.key} {unbalanced.where}", unbalanced.detail.fr, unbalanced.detail.en) from unbalanced
    _require(ended == head.outcome, group.key, "le résultat contredit les lignes", "the outcome contradicts the lines")
    return facts


def _read_containers(group: LeafGroup) -> list[ContainersLeaf]:
    leaves = [_decode(leaf, ContainersLeaf, group.key) for leaf in group.leaves]
    _require_unique((leaf.container_class for leaf in leaves), group.key)
    same_owner = all(group.key == f"containers:{leaf.owner_id}" for leaf in leaves)
    _require(same_owner, group.key, "autre propriétaire que la clé", "owner differs from its key")
    return leaves


def _read_carrier(group: LeafGroup) -> list[CollectionLeaf | PhotoLeaf]:
    leaves = [_read_carrier_leaf(leaf, group.key) for leaf in group.leaves]
    for leaf in leaves:
        if isinstance(leaf, CollectionLeaf):
            _require(_is_rounded(leaf), group.key, "arrondi comptant erroné", "wrong cash rounding")
    return leaves


def _read_carrier_leaf(leaf: str, where: str) -> CollectionLeaf | PhotoLeaf:
    try:
        kind = msgspec.json.decode(leaf, type=_Kind).kind
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise _unreadable(where, "une feuille est illisible", "a leaf cannot be read") from error
    if kind == "collection":
        return _decode(leaf, CollectionLeaf, where)
    return _decode(leaf, PhotoLeaf, where)


def _is_rounded(leaf: CollectionLeaf) -> bool:
    if leaf.method != "cash":
        return leaf.rounding_cents == 0
    return (
        abs(leaf.rounding_cents) <= CASH_STEP_CENTS // 2
        and not (leaf.amount_cents + leaf.rounding_cents) % CASH_STEP_CENTS
    )


def _decode[L: msgspec.Struct](leaf: str, kind: type[L], where: str) -> L:
    try:
        payload = leaf.encode()
        _require(
            len(payload) <= MAX_LEAF_BYTES and is_canonical(payload),
            where,
            "feuille non canonique",
            "leaf not canonical",
        )
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise _unreadable(where, f"une feuille est illisible ({error})", f"a leaf cannot be read ({error})") from error


def _require_unique(names: Iterable[str], where: str) -> None:
    seen = list(names)
    _require(len(set(seen)) == len(seen), where, "une ligne est répétée", "a line is repeated")


def _require(is_true: bool, where: str, reason_fr: str, reason_en: str) -> None:  # noqa: FBT001 - an assertion
    if not is_true:
        raise _unreadable(where, reason_fr, reason_en)


def _unreadable(where: str, reason_fr: str, reason_en: str) -> UnreadableVisit:
    return UnreadableVisit(
        Text(
            f"La visite ne peut pas être appliquée\u00a0: {reason_fr}. Un répartiteur doit la revoir.",
            f"The visit cannot be applied: {reason_en}. A dispatcher must review it.",
        ),
        where=where,
    )
