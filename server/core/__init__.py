"""What every context stands on: database, transaction, facts, jobs, problems, storage, settings, web plumbing."""
