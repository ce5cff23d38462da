"""Proofs as their readers have them: feed, search, access log."""
