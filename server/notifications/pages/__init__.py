"""The pages of who is told what: the inbox, and the webhooks."""

from server.notifications.pages.choices import pages as choices
from server.notifications.pages.inbox import pages as inbox
from server.notifications.pages.webhooks import pages as webhooks

__all__ = ["choices", "inbox", "webhooks"]
