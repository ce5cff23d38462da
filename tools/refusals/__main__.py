"""Writes ``server/core/web/refusals.json``, from which the API's document names every refusal: ``make docs``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from server.app import create_app
from server.core.web.openapi import document
from tools.refusals.table import table, titles

FILE: Final = Path(__file__).parents[2] / "server/core/web/refusals.json"


def text() -> str:
    """Return the file's text: one line for each operation and for each problem, so that branches merge."""
    app = create_app()
    found = table(app, document(app))
    said = titles()
    named = {slug for statuses in found.values() for slugs in statuses.values() for slug in slugs}
    parts: dict[str, dict[str, Any]] = {"operations": found, "problems": {slug: said[slug] for slug in sorted(named)}}
    return "{\n" + ",\n".join(f'"{name}": {_lines(part)}' for name, part in parts.items()) + "\n}\n"


def _lines(part: dict[str, Any]) -> str:
    rows = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in part.items()]
    return "{\n" + ",\n".join(rows) + "\n}"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(FILE.relative_to(Path.cwd()) if FILE.is_relative_to(Path.cwd()) else FILE)
