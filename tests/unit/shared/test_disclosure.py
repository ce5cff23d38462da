"""A part of a visit is shown alone, and holds to the signature over the whole."""

from dataclasses import replace

import pytest

from shared.disclosure import Disclosure, Group, climb, leaf_hash, merkle_path, merkle_root, seal_tree
from shared.visit_facts import MAX_GROUPS
from tests.factories.visits import make_records

RECORDS = {"order:a": [{"beer": "blonde"}, {"beer": "stout"}], "order:b": [{"beer": "porter"}], "carrier": []}


def test_a_disclosed_group_leads_to_the_signed_root():
    """C16, G9: one signature over the visit, opened order by order."""
    tree = seal_tree(RECORDS)
    for key in RECORDS:
        assert tree.disclose(key).leads_to(tree.root)
        assert not tree.disclose(key).leads_to(seal_tree(RECORDS).root)


def test_an_unknown_group_cannot_be_disclosed():
    """C16: nobody is shown somebody else's group instead."""
    with pytest.raises(KeyError):
        seal_tree(RECORDS).disclose("order:c")


def test_a_leaf_cannot_hide_among_the_padding():
    """G9: the root covers how many nodes are leaves, so a dropped line is found although its hash still stands."""
    tree = seal_tree(RECORDS)
    shown = tree.disclose("order:a")
    *kept, dropped = shown.group.leaves
    thinner = Group("order:a", tuple(kept), (leaf_hash(dropped), *shown.group.padding))
    assert not replace(shown, group=thinner).leads_to(tree.root)


def test_a_group_s_position_says_nothing_of_how_many_there_are():
    """C16: the upper level is in the order of its random bytes."""
    positions = {seal_tree({"order:a": [{}]}).disclose("order:a").position for _ in range(200)}
    assert positions == set(range(8))


@pytest.mark.parametrize("count", [0, 3, 6])
def test_a_level_that_is_not_padded_has_no_root(count):
    """G9: one shape only, so that nothing can be left out of it."""
    with pytest.raises(ValueError, match="power of two"):
        merkle_root([bytes(32)] * count)


@pytest.mark.parametrize(
    ("groups", "steps"), [(1, 3), (8, 3), (9, 4), (16, 4), (17, 5), (32, 5), (33, 6), (64, 6), (65, 7), (MAX_GROUPS, 7)]
)
def test_a_path_tells_the_range_of_the_number_of_groups_and_no_more(groups, steps):
    """C16: what the page of proofs says shows of the neighbours: every group's path has the length of the range."""
    tree = seal_tree({f"order:{at}": [] for at in range(groups)})
    assert {len(tree.disclose(group.key).path) for group in tree.groups} == {steps}


def test_an_endless_path_is_refused():
    """Limits stand on every input: a proof from elsewhere cannot make the check run long."""
    tree = seal_tree(RECORDS)
    shown = tree.disclose("order:a")
    long = Disclosure(shown.group, shown.position, shown.path + (bytes(32),) * 14)
    assert climb(long.group.root, long.position, long.path) != tree.root
    assert not replace(long, path=(bytes(32),) * 17).leads_to(climb(long.group.root, long.position, (bytes(32),) * 17))


def test_every_node_climbs_to_the_root():
    """G9: paths and roots agree for each position."""
    nodes = [bytes([at]) * 32 for at in range(16)]
    for position, node in enumerate(nodes):
        assert climb(node, position, merkle_path(nodes, position)) == merkle_root(nodes)


def test_equal_records_have_unequal_leaves():
    """C16: salts keep a supplier from guessing another's line from its hash."""
    group = seal_tree({"order:a": [{"beer": "blonde"}, {"beer": "blonde"}]}).groups[0]
    assert group.leaves[0] != group.leaves[1]


def test_a_whole_visit_discloses_nothing_of_its_neighbours():
    """C16: of two orders, empties and cash at one stop, each part holds only its own bytes."""
    tree = seal_tree(make_records())
    for shown in (tree.disclose(group.key) for group in tree.groups):
        told = b"".join((*shown.group.leaves, *shown.group.padding, *shown.path))
        for other in tree.groups:
            if other.key != shown.group.key:
                assert not any(leaf in told or leaf_hash(leaf) in told for leaf in other.leaves)
