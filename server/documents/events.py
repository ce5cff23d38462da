"""Facts of the documents context."""

RUN_RENDERED = "documents.run_rendered"
DOCUMENT_MADE = "documents.made"
PAPER_LINK_REVOKED = "paper_link.revoked"
