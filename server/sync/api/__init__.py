"""Doors of the sync: the tablets', their streams and pictures for a dispatcher, and the end of a run."""

from server.sync.api.closing import blp as closing
from server.sync.api.pictures import blp as pictures
from server.sync.api.streams import blp as streams
from server.sync.api.tablets import blp as tablets

__all__ = ["closing", "pictures", "streams", "tablets"]
