"""Many orders' papers in one archive: each order's latest, frozen as a list by a job, streamed when fetched (R060)."""
