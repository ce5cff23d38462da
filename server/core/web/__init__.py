"""Web plumbing: who may enter a view, who is there, what a refusal looks like.

A context's ``api.py`` holds flask-smorest blueprints (mounted under ``/api/v1``), its ``pages.py`` Flask ones. Every
view is marked ``@requires(Permission.X)`` or ``@public("why")``; the app refuses to start with an unmarked one.
"""

from server.core.web.access import Public, Required, public, requires
from server.core.web.caller import Actor, actor, caller, language, stamp
from server.core.web.messages import carries, read_message, send_message
from server.core.web.schemas import QuerySchema, Schema

__all__ = [
    "Actor",
    "Public",
    "QuerySchema",
    "Required",
    "Schema",
    "actor",
    "caller",
    "carries",
    "language",
    "public",
    "read_message",
    "requires",
    "send_message",
    "stamp",
]
