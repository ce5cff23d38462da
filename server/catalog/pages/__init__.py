"""Browser pages of the catalogue, its prices and its containers."""

from server.catalog.pages import containers, prices, products
from server.catalog.pages.blueprint import pages
from server.catalog.pages.importing import imports

__all__ = ["containers", "imports", "pages", "prices", "products"]
