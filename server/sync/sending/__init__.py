"""Runs that are sent again: what tablets have of an order is no longer what it says."""
