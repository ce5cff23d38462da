"""Organisations, sites, relations, agreements and groups of clients."""
