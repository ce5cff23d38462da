"""A distributor’s day, built through the services, driven by real tablets, and proven from what it left."""
