"""The verbs that span contexts, with their doors."""
