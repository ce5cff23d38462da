"""The blueprint of the catalogue's pages."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("catalog", __name__, template_folder="../templates")
