"""JSON doors of the catalogue, its prices and its containers."""

from server.catalog.api.containers import classes
from server.catalog.api.prices import allocations, rules
from server.catalog.api.products import products

__all__ = ["allocations", "classes", "products", "rules"]
