"""The doors for programs: papers and their bytes, links, files of orders, archives, statements as PDF."""

from server.documents.api.links import paper_links
from server.documents.api.papers import blp, order_files, paper_archives
from server.documents.api.statements import account_statements, payable_statements

__all__ = ["account_statements", "blp", "order_files", "paper_archives", "paper_links", "payable_statements"]
