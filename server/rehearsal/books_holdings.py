"""The ledgers of empties and of stock held against the visits: who holds which containers, and where goods went.

What rests on a truck is not judged: an order that was changed behind its loading leaves a rest there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from server.rehearsal.ground import Rows
from server.rehearsal.oracle_said import KINDS_OF_COUNT, Expected

type Moved = Counter[tuple[str, str]]
"""Net units by container class and holder, or by format and place."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What one unit of an order's line is, as the morning has it: goods of a format, in containers of a class."""

    format: str
    container: str
    containers: int
    buyer: str
    owner: str


def holding_faults(rows: Rows, expected: Expected) -> Iterator[str]:
    """Yield whose containers, and which goods, have moved since the morning otherwise than the last words say.

    Source: C30; law 20.
    """
    lines, empties = _lines(rows), _brought_back(rows, expected)
    containers, goods = _handed_over(lines, expected)
    containers.update(empties)
    yield from _differing("container class", _containers_moved(rows), containers)
    yield from _differing("format", _goods_moved(rows), goods)


def _differing(what: str, found: Moved, wanted: Moved) -> Iterator[str]:
    for key in sorted({*found, *wanted}):
        if found[key] != wanted[key]:
            yield f"{what} {key[0]} moved {found[key]} to {key[1]}, not {wanted[key]}"


def _handed_over(lines: Mapping[str, _Line], expected: Expected) -> tuple[Moved, Moved]:
    """Return what orders brought to customers and to losses by their last words, the overage counted in."""
    containers, goods = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for order, revisions in expected.delivered.items():
        standing = revisions[-1].keys() - expected.struck.get(order, set())  # of others a person moves the goods
        for line_id, counted in ((one, revisions[-1][one]) for one in revisions[-1] if one in standing):
            line, units = lines[line_id], dict(zip(KINDS_OF_COUNT, counted[: len(KINDS_OF_COUNT)], strict=True))
            handed_over = units["delivered"] + units["extra"]
            goods[line.format, "customer"] += handed_over
            goods[line.format, "lost"] += units["lost"]
            containers[line.container, line.buyer] += handed_over * line.containers
            containers[line.container, line.owner] -= handed_over * line.containers
    return containers, goods


def _brought_back(rows: Rows, expected: Expected) -> Moved:
    """Return what empties went from customers to the classes' owners, by the last word of each stop."""
    buyers = dict(rows.all("SELECT id::text, buyer_id::text FROM morning.stop"))
    classes = {
        (owner, code): one
        for owner, code, one in rows.all("SELECT owner_id::text, code, id::text FROM morning.container_class")
    }
    moved = Counter[tuple[str, str]]()
    for (stop, owner, code), counted in expected.returned.items():
        moved[classes[owner, code], buyers[stop]] -= counted[-1]
        moved[classes[owner, code], owner] += counted[-1]
    return moved


def _lines(rows: Rows) -> dict[str, _Line]:
    found = rows.all(
        "SELECT l.id::text, l.format_id::text, c.id::text, l.containers_a_unit, o.buyer_id::text, c.owner_id::text"
        ' FROM morning.order_line l JOIN morning."order" o ON o.id = l.order_id'
        " JOIN morning.container_class c ON c.id = l.container_class_id"
    )
    return {line_id: _Line(*said) for line_id, *said in found}


def _containers_moved(rows: Rows) -> Moved:
    found = rows.all(
        "SELECT class_id::text, holder_id::text, sum(quantity)::bigint FROM container_entry e"
        " WHERE NOT EXISTS (SELECT FROM morning.container_entry m WHERE m.id = e.id) GROUP BY 1, 2"
    )
    return Counter({(one, holder): units for one, holder, units in found})


def _goods_moved(rows: Rows) -> Moved:
    found = rows.all(
        "SELECT format_id::text, place, sum(units)::bigint FROM (SELECT id, format_id, target AS place,"
        " quantity AS units FROM stock_move UNION ALL SELECT id, format_id, source, -quantity FROM stock_move) s"
        " WHERE place IN ('customer', 'lost') AND NOT EXISTS (SELECT FROM morning.stock_move m WHERE m.id = s.id)"
        " GROUP BY 1, 2"
    )
    return Counter({(one, place): units for one, place, units in found})
