"""Threads on orders, clients and runs."""
