"""The proof of a day, from the database and the store alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from server.example.check.books import Books, read_books
from server.example.check.deliveries import check_delivered_once, check_external
from server.example.check.drills import check_drills
from server.example.check.files import check_documents, check_tablets
from server.example.check.finding import Drills, Finding, Scope
from server.example.check.joined import check_joined
from server.example.check.money import check_amounts, check_books, check_containers
from server.example.check.news import check_news
from server.example.check.proofs import check_proofs
from shared.problems import Problem

__all__ = ["CHECKS", "Drills", "Finding", "Scope", "check_day", "read_books"]

CHECKS: Final[Mapping[str, Callable[[Books], Finding]]] = {
    "delivered-once": check_delivered_once,
    "external": check_external,
    "amounts": check_amounts,
    "joined": check_joined,
    "containers": check_containers,
    "books": check_books,
    "proofs": check_proofs,
    "news": check_news,
    "documents": check_documents,
    "tablets": check_tablets,
    "drills": check_drills,
}


def check_day(books: Books) -> Iterator[Finding]:
    """Yield what each check finds, in order; one that meets what cannot even be read does not hold."""
    for slug, check in CHECKS.items():
        if check is check_drills and books.scope.drills is None:
            continue  # nothing was to happen to a tablet
        try:
            yield check(books)
        except Problem as problem:
            yield Finding(slug=slug, title=problem.title, figures=problem.detail, faults=(problem.where or slug,))
