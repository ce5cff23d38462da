"""A visit written as leaves and read back as facts."""

import msgspec
import pytest

from shared.canonical import canonical_bytes
from shared.delivery import DeliveredLine, UnbalancedLine, preview_settlement
from shared.disclosure import seal_tree
from shared.visit import (
    UnreadableVisit,
    VisitCollection,
    VisitContainers,
    build_visit_records,
    containers_key,
    leaf_groups,
    order_key,
    read_visit,
    tree_of,
)
from tests.factories.terms import LineTermsDraft, make_terms, named_id
from tests.factories.visits import make_order, make_records

FIRST, BREWER = order_key(named_id("first")), containers_key(named_id("brewer"))


def groups_of(records=None):
    return leaf_groups(seal_tree(records or make_records()))


def with_changed_leaf(key, position, **changes):
    """The groups of a visit with one leaf changed and canonical again."""

    def change(group):
        if group.key != key:
            return group
        leaves = list(group.leaves)
        leaf = msgspec.json.decode(leaves[position]) | changes
        leaves[position] = canonical_bytes({name: value for name, value in leaf.items() if value is not None}).decode()
        return msgspec.structs.replace(group, leaves=tuple(leaves))

    return tuple(change(group) for group in groups_of())


def test_a_visit_reads_as_it_was_written():
    """R025, C16: each order, each owner's containers, and what only the carrier sees."""
    facts = read_visit(groups_of())
    first = facts.order(named_id("first"))
    assert [order.order_id for order in facts.orders] == [named_id("first"), named_id("second")]
    assert first.delivered_lines == (DeliveredLine(named_id("short"), 10, 7, lost=3, reason="breakage"),)
    assert (first.leaf.outcome, first.lines[0].photos) == ("partial", ("cd" * 32,))
    assert [(leaf.container_class, leaf.returned, leaf.unit_cents) for leaf in facts.containers] == [
        ("keg_50", 1, 5000)
    ]
    assert [(leaf.amount_cents, leaf.rounding_cents) for leaf in facts.collections] == [(1003, 2)]
    assert [leaf.note for leaf in facts.photos] == ["porte"]
    assert facts.order(named_id("unknown")) is None


def test_the_leaf_says_what_the_signer_saw():
    """R019: the amounts on the screen are sealed with the order."""
    goods, prices = make_terms(settlement_policy="credit", invoice_standing="published")
    lines = (DeliveredLine(LineTermsDraft().line_id, 10, 7, lost=3, reason="breakage"),)
    order = make_order("first", *lines, preview=preview_settlement(goods, prices, lines))
    leaf = read_visit(groups_of(build_visit_records(orders=[order]))).orders[0].leaf
    assert (leaf.shown, leaf.shown_total_cents, leaf.shown_credit_cents) == ("credit", 11498, 3449)


def test_the_carrier_s_group_is_always_there():
    """C16: whether something was collected does not show in the groups."""
    assert list(build_visit_records(orders=[make_order("first")])) == [FIRST, "carrier"]


def test_classes_of_one_owner_stand_in_one_group():
    """C30: an owner sees all that it gets back, and nothing of another's."""
    fields = {"creditor_id": named_id("a"), "returned": 1, "unit_cents": 10}
    records = build_visit_records(
        orders=[],
        containers=[
            VisitContainers(owner_id=named_id(owner), container_class=kind, **fields)
            for owner, kind in [("a", "can"), ("b", "can"), ("a", "keg_50")]
        ],
    )
    assert [len(leaves) for leaves in records.values()] == [2, 1, 0]


def test_an_unbalanced_line_is_never_sealed():
    """R019: nobody signs a count that does not add up."""
    with pytest.raises(UnbalancedLine):
        build_visit_records(orders=[make_order("first", DeliveredLine(named_id("line"), 10, 9))])


@pytest.mark.parametrize(
    ("key", "position", "changes"),
    [
        (FIRST, 1, {"delivered": 8}),
        (FIRST, 1, {"delivered": -7}),
        (FIRST, 1, {"delivered": None}),
        (FIRST, 1, {"mood": "good"}),
        (FIRST, 1, {"kind": "photo"}),
        (FIRST, 1, {"reason": "Not A Code"}),
        (FIRST, 0, {"outcome": "complete"}),
        (FIRST, 0, {"outcome": "refused"}),
        (FIRST, 0, {"order_id": named_id("second")}),
        (FIRST, 0, {"salt": "short"}),
        (BREWER, 0, {"owner_id": named_id("another")}),
        ("carrier", 0, {"rounding_cents": 1}),
        ("carrier", 0, {"rounding_cents": 7}),
        ("carrier", 0, {"method": "cheque"}),
        ("carrier", 0, {"kind": "line"}),
        ("carrier", 1, {"note": "x" * 201}),
        ("carrier", 1, {"note": "x" * 5000}),
    ],
)
def test_leaves_that_cannot_be_applied_are_refused(key, position, changes):
    """G6: what cannot be applied is told with its group, for a dispatcher to see; nothing is guessed."""
    with pytest.raises(UnreadableVisit) as refused:
        read_visit(with_changed_leaf(key, position, **changes))
    assert key in refused.value.where
    assert "répartiteur" in refused.value.detail.fr


@pytest.mark.parametrize(
    "wrong",
    [
        lambda groups: (*groups, groups[0]),
        lambda groups: (msgspec.structs.replace(groups[0], leaves=()), *groups[1:]),
        lambda groups: (
            msgspec.structs.replace(groups[0], leaves=(*groups[0].leaves, groups[0].leaves[1])),
            *groups[1:],
        ),
        lambda groups: (msgspec.structs.replace(groups[0], leaves=(groups[0].leaves[0] + " ",)), *groups[1:]),
        lambda groups: (msgspec.structs.replace(groups[0], leaves=("\ud800",)), *groups[1:]),
        lambda groups: (msgspec.structs.replace(groups[3], leaves=("\ud800",)),),
        lambda groups: (msgspec.structs.replace(groups[3], leaves=("{",)),),
        lambda groups: (msgspec.structs.replace(groups[3], key="carriers"), *groups[:3]),
        lambda groups: tuple(msgspec.structs.replace(groups[2], key=f"containers:{at}") for at in range(122)),
    ],
    ids=[
        "a group twice",
        "an empty order",
        "a line twice",
        "not canonical",
        "half a character",
        "half a character for the carrier",
        "no JSON",
        "an unknown group",
        "too many groups",
    ],
)
def test_groups_that_contradict_themselves_are_refused(wrong):
    """G6: nothing is said twice, and limits stand on every input."""
    with pytest.raises(UnreadableVisit):
        read_visit(wrong(groups_of()))


def test_a_cheque_is_not_rounded():
    """T7: five-cent rounding belongs to cash."""
    cheque = VisitCollection(issuer_id=named_id("seller"), method="cheque", amount_cents=1003, reference="114")
    facts = read_visit(groups_of(build_visit_records(orders=[], collections=[cheque])))
    assert (facts.collections[0].rounding_cents, facts.collections[0].reference) == (0, "114")


def test_the_tree_that_travelled_has_the_signed_root():
    """G9: the root is recomputed from what arrived, padding included."""
    tree = seal_tree(make_records())
    padding = [node.hex() for node in tree.padding]
    assert tree_of(leaf_groups(tree), padding) == tree
    with pytest.raises(UnreadableVisit):
        tree_of(leaf_groups(tree), padding[:-1])
    with pytest.raises(UnreadableVisit):
        tree_of(leaf_groups(tree), padding + padding + padding)
