"""Commands over books and papers: ``tournee ledger check``, ``tournee statement CUSTOMER``."""

from server.documents.cli.books import ledger
from server.documents.cli.statements import statement

__all__ = ["ledger", "statement"]
