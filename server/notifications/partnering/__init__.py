"""News of relations and agreements."""
