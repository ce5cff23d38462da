"""The contexts by name, so that wiring finds their doors without a list for each kind of door."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

CONTEXTS = (
    "identity", "parties", "catalog", "conversations", "stock", "orders", "planning", "delivery", "ledger", "billing",
    "receivables", "documents", "notifications", "insights", "dashboard", "fulfilment", "sync",
)  # fmt: skip


def doors(*kinds: str) -> Iterator[ModuleType]:
    """Yield the ``api``, ``pages`` or ``jobs`` modules of the contexts that have them, lowest context first."""
    for context in CONTEXTS:
        for kind in kinds:
            name = f"server.{context}.{kind}"
            if find_spec(f"server.{context}") is not None and find_spec(name) is not None:
                yield import_module(name)
