"""Files that somebody names on a command line."""

from __future__ import annotations

from pathlib import Path

from server.core.problems import Problem, Text


class UnreadableFile(Problem):
    """There is no such file, or this user may not read it."""

    slug = "unreadable-file"
    status = 404
    title = Text("Fichier illisible", "Unreadable file")


def require_file(path: Path | None) -> None:
    """Pass when ``path`` is a file that can be read, or none was named.

    Raises:
        UnreadableFile: it cannot.
    """
    try:
        if path is not None:
            path.open("rb").close()
    except OSError as error:
        raise UnreadableFile(
            Text(
                "Ce fichier est absent ou illisible. Vérifiez le chemin et les droits.",
                "This file is missing or cannot be read. Check the path and its permissions.",
            ),
            where=str(path),
        ) from error
