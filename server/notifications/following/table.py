"""Which fact is told to whom, and in which words. A row's ``kind`` has its switch in ``notifications.choosing``."""

from __future__ import annotations

from typing import Final

from server.notifications.following.lines import Rows
from server.notifications.following.rows.goods import GOODS
from server.notifications.following.rows.invoices import INVOICES
from server.notifications.following.rows.links import LINKS
from server.notifications.following.rows.money import MONEY
from server.notifications.following.rows.orders import ORDERS

TABLE: Final[Rows] = ORDERS | GOODS | INVOICES | MONEY | LINKS
