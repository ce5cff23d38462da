"""Pictures of every page, tablet screen and document: ``make shots``, into var/shots (or the folder that is named).

Each family is drawn by its own walk, in a process of its own; a family that fails does not keep the others from being
drawn, and the command then ends with code 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

FAMILIES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("documents", "server.documents.rendering.samples", {}),
    ("tablette", "tests.tablet.shots", {"SDL_VIDEODRIVER": "offscreen"}),
    ("pages", "tests.browser.shots", {}),
)


def main(arguments: list[str] | None = None) -> int:
    """Draw every family, or those that are named behind the folder; return the exit code."""
    names = [name for name, _module, _environment in FAMILIES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("var/shots"))
    parser.add_argument("families", nargs="*", metavar="family", help=", ".join(names))
    asked = parser.parse_args(arguments)
    folder, chosen = asked.folder, set(asked.families) or set(names)
    if unknown := sorted(chosen - set(names)):
        parser.error(f"famille inconnue · unknown family: {', '.join(unknown)} ({', '.join(names)})")
    failed = [
        name
        for name, module, environment in FAMILIES
        if name in chosen and not _drawn(folder / name, module, environment)
    ]
    print(f"images · pictures: {folder}")
    if failed:
        print(f"sans images · without pictures: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _drawn(folder: Path, module: str, environment: dict[str, str]) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    print(f"… {folder.name}", flush=True)
    ended = subprocess.run([sys.executable, "-m", module, str(folder)], env=os.environ | environment, check=False)
    return ended.returncode == 0 and any(folder.rglob("*.png"))


if __name__ == "__main__":
    sys.exit(main())
