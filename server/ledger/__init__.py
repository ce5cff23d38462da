"""The journal: append-only double entry per issuer."""
