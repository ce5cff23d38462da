"""The proof of a day, from the database and the store alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from server.example.check.books import Books, read_books
from server.example.check.deliveries import check_delivered_once, check_external
from server.example.check.files import check_documents, check_tablets
from server.example.check.finding import Finding, Scope
from server.example.check.money import check_amounts, check_books, check_containers
from server.example.check.proofs import check_proofs

__all__ = ["CHECKS", "Finding", "Scope", "check_day", "read_books"]

CHECKS: Final[tuple[Callable[[Books], Finding], ...]] = (
    check_delivered_once,
    check_external,
    check_amounts,
    check_containers,
    check_books,
    check_proofs,
    check_documents,
    check_tablets,
)


def check_day(scope: Scope) -> Iterator[Finding]:
    """Yield what each check finds, in order."""
    books = read_books(scope)
    for check in CHECKS:
        yield check(books)
