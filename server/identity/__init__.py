"""Users, memberships, permissions, sessions and tablets' keys."""
