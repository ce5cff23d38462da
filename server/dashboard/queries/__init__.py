"""Reads of the pages, over every context below."""
