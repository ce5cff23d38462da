"""Whether the feed of the tablets ends with the runs and orders as they are at the office."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from server.rehearsal.ground import Rows

type Units = dict[str, int]


def behind(rows: Rows, run_id: UUID | None = None) -> Iterator[str]:
    """Yield where a run's newest body says otherwise than the run and its orders: its name, an order's units.

    Looks at one run that was just sent or, without one, at every run that is still to be driven: whoever changes one
    sends it.
    """
    ordered = _ordered(rows)
    for run, name, body in rows.all(
        "SELECT DISTINCT ON (b.run_id) b.run_id, r.name, b.body FROM run_bundle b JOIN run r ON r.id = b.run_id"
        " WHERE b.run_id = coalesce(%s, b.run_id)"
        " AND (b.run_id = %s OR r.state NOT IN ('synced', 'settled', 'closed', 'cancelled'))"
        " ORDER BY b.run_id, b.version DESC",
        run_id,
        run_id,
    ):
        said = json.loads(bytes(body))
        if said["name"] != name:
            yield f"run {run} is fed as “{said['name']}”, and is “{name}”"
        for order in (order for stop in said["stops"] for order in stop["orders"]):
            units = {line["line_id"]: line["quantity"] for line in order["goods"]["lines"]}
            if units != ordered[order["order_id"]]:
                yield f"order {order['order_id']} is fed with {units}, and is of {ordered[order['order_id']]}"


def _ordered(rows: Rows) -> dict[str, Units]:
    """Return the units of each line that rides, by its order."""
    found: dict[str, Units] = defaultdict(dict)
    for order, line, quantity in rows.all(
        "SELECT l.order_id, l.id, l.quantity FROM order_line l JOIN stop_order s ON s.order_id = l.order_id"
    ):
        found[str(order)][str(line)] = quantity
    return found
