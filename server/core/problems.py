"""Refusals that every door knows how to show."""

from __future__ import annotations

from shared.problems import Language, Problem, Text

__all__ = [
    "BadRequest",
    "Conflict",
    "Forbidden",
    "Language",
    "NotFound",
    "Problem",
    "Text",
    "Unauthenticated",
    "say_problem",
]


def say_problem(problem: Problem) -> str:
    """Return what, where and what to do, in French and English, as a terminal shows it."""
    where = f" ({problem.where})" if problem.where else ""
    return f"{problem.title.fr}\u00a0: {problem.detail.fr}{where}\n{problem.title.en}: {problem.detail.en}{where}"


class NotFound(Problem):
    """There is no such thing, or it is somebody else's: the answer is the same."""

    slug = "not-found"
    status = 404
    title = Text("Introuvable", "Not found")


class Forbidden(Problem):
    """The role does not hold the permission."""

    slug = "forbidden"
    status = 403
    title = Text("Permission manquante", "Permission missing")


class Unauthenticated(Problem):
    """Nobody is signed in, or the token is no longer good."""

    slug = "unauthenticated"
    status = 401
    title = Text("Connexion requise", "Sign-in required")


class Conflict(Problem):
    """The subject's state does not allow it."""

    slug = "conflict"
    status = 409
    title = Text("Incompatible avec l’état actuel", "In conflict with the present state")


class BadRequest(Problem):
    """The request cannot be read."""

    slug = "bad-request"
    status = 400
    title = Text("Demande illisible", "Unreadable request")
