"""Facts of the documents context."""

RUN_RENDERED = "documents.run_rendered"
DOCUMENT_MADE = "documents.made"
PAPER_LINK_REVOKED = "paper_link.revoked"
FILE_ADDED = "documents.file_added"
FILE_REMOVED = "documents.file_removed"
PAPERS_ASKED = "documents.papers_asked"
