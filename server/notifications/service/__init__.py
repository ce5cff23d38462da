"""Telling an organisation something: inbox, e-mail and webhook, each once under one key."""

from server.notifications.service.telling import News, tell

__all__ = ["News", "tell"]
