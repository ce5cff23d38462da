"""Browser pages of the catalogue, its prices and its containers."""

from server.catalog.pages import containers, offers, prices, products
from server.catalog.pages.blueprint import pages

__all__ = ["containers", "offers", "pages", "prices", "products"]
