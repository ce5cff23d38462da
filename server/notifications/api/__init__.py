"""The doors for programs: the inbox, and the webhooks."""

from server.notifications.api.inbox import blp as inbox
from server.notifications.api.webhooks import blp as webhooks

__all__ = ["inbox", "webhooks"]
