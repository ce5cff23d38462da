"""Payments and allocations."""
