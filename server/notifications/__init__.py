"""Inbox, e-mail and webhooks."""
