"""Facts of the documents context."""

RUN_RENDERED = "documents.run_rendered"
DOCUMENT_MADE = "documents.made"
