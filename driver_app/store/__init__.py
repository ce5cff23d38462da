"""The tablet's durable memory: one SQLite file, one transaction for everything that a driver does."""
