"""The columns of a file of orders: one row for each line, the rows of one reference are one order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from server.catalog.service.bounds import MAX_REFERENCE, MAX_UNIT_PRICE
from server.core.csv_cells import calendar_day, exact, whole, words
from server.core.csv_rows import Column, Row, RowFault, read_sheet
from server.core.imports import require_faultless
from server.core.problems import Text
from server.orders.service.creating import MAX_NOTE
from server.orders.service.lines import MAX_QUANTITY
from shared.wire.limits import MAX_LINES_AN_ORDER

MAX_ORDERS: Final = 500  # each is priced, stocked and answered as any other
REFERENCE: Final = Column(
    key="reference", title=Text("No commande", "Order number"), read=words(MAX_REFERENCE), required=True
)
CLIENT: Final = Column(key="client", title=Text("No client", "Client number"), read=words(60), required=True)
FORMAT: Final = Column(
    key="format", title=Text("Référence du format", "Format reference"), read=words(MAX_REFERENCE), required=True
)
CARRIER: Final = Column(key="carrier", title=Text("Distributeur", "Distributor"), read=words(120))
COLUMNS: Final = (
    REFERENCE,
    CLIENT,
    FORMAT,
    Column(key="quantity", title=Text("Quantité", "Quantity"), read=whole(1, MAX_QUANTITY), required=True),
    Column(key="unit_price", title=Text("Prix", "Price"), read=exact(4, Decimal(0), MAX_UNIT_PRICE)),
    CARRIER,
    Column(key="planned_on", title=Text("Jour prévu", "Planned day"), read=calendar_day),
    Column(key="note", title=Text("Note", "Note"), read=words(MAX_NOTE)),
)
_SAME: Final = ("client", "carrier", "planned_on", "note")
_BY_KEY: Final = {column.key: column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class OrderRows:
    """One order: its reference and its rows, in the order of the file."""

    reference: str
    rows: tuple[Row, ...]

    def said(self, key: str) -> Any:
        """Return what the order's rows say of the whole order; the first that says something."""
        return next((value for row in self.rows if (value := row.values.get(key)) is not None), None)


def read_orders(content: bytes) -> tuple[OrderRows, ...]:
    """Return the orders of a file, each with its rows, by their first line.

    Raises:
        UnreadableSheet: it is no such table.
        FaultyRows: a cell cannot be read, the rows of one order disagree, or there are too many orders.
    """
    sheet = read_sheet(content, COLUMNS)
    require_faultless(sheet.faults)
    ordered = sorted(sheet.rows, key=lambda row: row.values["reference"])
    found = [OrderRows(key, tuple(rows)) for key, rows in groupby(ordered, key=lambda row: row.values["reference"])]
    found.sort(key=lambda one: one.rows[0].line)
    require_faultless((*_too_many(found), *(fault for one in found for fault in _disagreements(one))))
    return tuple(found)


def _too_many(found: list[OrderRows]) -> Iterator[RowFault]:
    for one in found[MAX_ORDERS : MAX_ORDERS + 1]:
        text = Text(
            f"Le fichier a plus de {MAX_ORDERS} commandes. Le partager en plusieurs.",
            f"The file has over {MAX_ORDERS} orders. Split it.",
        )
        yield RowFault(line=one.rows[0].line, column=None, text=text)
    for one in found:
        for row in one.rows[MAX_LINES_AN_ORDER : MAX_LINES_AN_ORDER + 1]:
            text = Text(
                f"Une commande a {MAX_LINES_AN_ORDER} lignes au plus.",
                f"An order has {MAX_LINES_AN_ORDER} lines at most.",
            )
            yield RowFault(line=row.line, column=None, text=text)


def _disagreements(one: OrderRows) -> Iterator[RowFault]:
    for key in _SAME:
        said = one.said(key)
        for row in one.rows:
            if (value := row.values.get(key)) is not None and value != said:
                text = Text(
                    f"La commande {one.reference} dit «\u00a0{said}\u00a0» plus haut. Écrire la même chose.",
                    f"Order {one.reference} says “{said}” above. Write the same.",
                )
                yield RowFault(line=row.line, column=_BY_KEY[key].title, text=text)
