"""The schema's history: dated, linear, each step safe while the former release still runs."""
