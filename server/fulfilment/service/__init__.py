"""The verbs that span contexts."""
