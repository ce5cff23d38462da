"""Pages of signing in, one's account, the members and the tablets."""

from server.identity.pages.account import pages as account
from server.identity.pages.members import pages as members

__all__ = ["account", "members"]
