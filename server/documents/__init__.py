"""Rendered papers and their storage."""
