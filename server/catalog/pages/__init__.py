"""Browser pages of the catalogue, its prices and its containers."""

from server.catalog.pages.blueprint import pages

__all__ = ["pages"]
