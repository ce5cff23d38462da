"""The project's own source files, read once: what the tests of the architecture look at."""

from __future__ import annotations

import ast
import gc
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("server", "shared", "driver_app")

type Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file with its syntax tree; ``path`` is relative to the checkout."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Return the dotted name."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Return every node of the tree, walked once for all that look at it."""
        return tuple(ast.walk(self.tree))

    def functions(self) -> Iterator[Function]:
        """Yield every function and method, nested ones too."""
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def imports(self) -> Iterator[str]:
        """Yield the dotted name of everything imported, wherever it stands in the file."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                yield node.module


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Return the Python files below the folders, the three packages' by default."""
    paths = sorted(path for folder in folders or PACKAGES for path in (ROOT / folder).rglob("*.py"))
    gc.disable()  # trees live as long as the tests: looking through them for cycles at each growth takes half the time
    try:
        return tuple(_read(path) for path in paths)
    finally:
        gc.freeze()
        gc.enable()


@cache
def kept_files() -> tuple[Path, ...]:
    """Return every file of the project that git keeps or would keep, relative to the checkout."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


@cache
def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(ROOT), text, ast.parse(text, str(path)))
