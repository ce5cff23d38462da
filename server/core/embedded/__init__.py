"""The servers that a machine without Docker starts by itself: PostgreSQL and an S3 store, inside the checkout."""
