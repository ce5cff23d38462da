"""Doors of the sync: the tablets', their streams and pictures for a dispatcher, what is parked, and a run's end."""

from server.sync.api.closing import blp as closing
from server.sync.api.decisions import disputes, parked
from server.sync.api.pictures import blp as pictures
from server.sync.api.streams import blp as streams
from server.sync.api.tablets import blp as tablets

__all__ = ["closing", "disputes", "parked", "pictures", "streams", "tablets"]
