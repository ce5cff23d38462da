"""The proof of a day, from the database and the store alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from server.example.check.books import Books, read_books
from server.example.check.deliveries import check_delivered_once, check_external
from server.example.check.files import check_documents, check_tablets
from server.example.check.finding import Finding, Scope
from server.example.check.money import check_amounts, check_books, check_containers
from server.example.check.proofs import check_proofs
from shared.problems import Problem

__all__ = ["CHECKS", "Finding", "Scope", "check_day", "read_books"]

CHECKS: Final[Mapping[str, Callable[[Books], Finding]]] = {
    "delivered-once": check_delivered_once,
    "external": check_external,
    "amounts": check_amounts,
    "containers": check_containers,
    "books": check_books,
    "proofs": check_proofs,
    "documents": check_documents,
    "tablets": check_tablets,
}


def check_day(books: Books) -> Iterator[Finding]:
    """Yield what each check finds, in order; one that meets what cannot even be read does not hold."""
    for slug, check in CHECKS.items():
        try:
            yield check(books)
        except Problem as problem:
            yield Finding(slug=slug, title=problem.title, figures=problem.detail, faults=(problem.where or slug,))
