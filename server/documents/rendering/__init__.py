"""Papers to PDF: a frozen struct in, the same bytes out every time; no database, no clock."""
