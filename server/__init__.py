"""The office: API, browser pages and worker over PostgreSQL and an object store."""
