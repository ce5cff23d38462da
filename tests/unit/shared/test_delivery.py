"""What was accepted, what is missing and what is extra."""

import pytest

from shared.delivery import DeliveredLine, UnbalancedLine, outcome, overages, shortages
from shared.wire.event import LineLeaf
from tests.factories.terms import named_id

FULL = DeliveredLine.in_full("full", 10)
BROKEN = DeliveredLine("broken", 10, 7, lost=2, returned=1, reason="breakage")
FORGOTTEN = DeliveredLine("forgotten", 4, 0, not_shipped=4, reason="forgotten")
REFUSED = DeliveredLine("refused", 5, 0, returned=5, reason="refused")
EXTRA = DeliveredLine("extra", 3, 3, extra=2)


def test_shortages_say_how_many_and_where_they_are():
    """R019, R024: in the lines' order, full lines left out, each reason class apart."""
    short = shortages([FULL, BROKEN, FORGOTTEN])
    assert [(line.line_id, line.quantity) for line in short] == [("broken", 3), ("forgotten", 4)]
    assert (short[0].lost, short[0].returned, short[0].reason) == (2, 1, "breakage")


def test_overages_stand_apart_from_the_order():
    """R023: what is extra never hides in the delivered quantity."""
    assert [(line.line_id, line.quantity) for line in overages([FULL, EXTRA])] == [("extra", 2)]
    assert shortages([EXTRA]) == ()


@pytest.mark.parametrize(
    "line",
    [
        DeliveredLine("line", 10, 9),
        DeliveredLine("line", 10, 10, lost=1),
        DeliveredLine("line", 10, 11),
        DeliveredLine("line", 10, 11, returned=-1),
        DeliveredLine("line", 10, 10, extra=-1),
    ],
)
@pytest.mark.parametrize("rule", [shortages, overages, outcome])
def test_a_line_that_does_not_add_up_is_refused(rule, line):
    """R019: ordered = delivered + not shipped + lost + returned, none negative; the line is named."""
    with pytest.raises(UnbalancedLine) as refused:
        rule([FULL, line])
    assert refused.value.where == "line"
    assert "Recompter" in refused.value.detail.fr


@pytest.mark.parametrize(
    ("lines", "unmet", "expected"),
    [
        ([FULL, EXTRA], None, "complete"),
        ([], None, "complete"),
        ([FULL, FORGOTTEN], None, "partial"),
        ([REFUSED, FORGOTTEN], None, "refused"),
        ([FORGOTTEN], None, "failed"),
        ([REFUSED], "failed", "failed"),
        ([FULL, REFUSED], "refused", "partial"),
        ([DeliveredLine("swap", 1, 0, returned=1, extra=1)], None, "partial"),
    ],
)
def test_how_an_order_ended(lines, unmet, expected):
    """R019: complete, partial, refused at the door, or failed (closed shop: the driver's reason says so)."""
    assert outcome(lines, unmet=unmet) == expected


def test_a_sealed_leaf_gives_the_line_back():
    """R025: what was sealed is what is settled."""
    leaf = LineLeaf(
        kind="line",
        line_id=named_id("line"),
        ordered=10,
        delivered=5,
        not_shipped=1,
        lost=2,
        returned=2,
        extra=3,
        reason="breakage",
        photos=(),
        salt="0" * 32,
    )
    assert DeliveredLine.of_leaf(leaf) == DeliveredLine(named_id("line"), 10, 5, 1, 2, 2, 3, "breakage")
