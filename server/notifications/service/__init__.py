"""Telling an organisation something: inbox, e-mail and webhook, each once under one key."""
