"""A catalogue from a spreadsheet's CSV: one row for each format, found by the seller's own reference."""

from server.catalog.importing.rows import COLUMNS, read_catalogue
from server.catalog.importing.taking import import_catalogue, preview_catalogue

__all__ = ["COLUMNS", "import_catalogue", "preview_catalogue", "read_catalogue"]
