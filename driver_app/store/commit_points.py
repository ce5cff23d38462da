"""Every place where the app may die between two durable states, by name.

A write to the store has two points, ``NAME:before_commit`` and ``NAME:after_commit``; the sync adds those where the
server already knows more than the tablet. Drills stop the app at each of them.
"""

from __future__ import annotations

from collections.abc import Callable

type CommitPoint = str
type Reached = Callable[[CommitPoint], None]

ACTION_WRITES = (
    "start_run",
    "arrive",
    "set_line",
    "set_containers",
    "collect_cash",
    "add_photo",
    "fail_stop",
    "finish_stop",
    "undo_finish",
    "correct_stop",
    "end_run",
)
DOOR_WRITES = ("enrol", "set_nip", "unlock", "set_preference")
SYNC_WRITES = ("contact", "standing", "take_batch", "receive", "keep_upload", "pull", "keep_file", "prune")
WRITES = ACTION_WRITES + DOOR_WRITES + SYNC_WRITES

ENROL_ANSWERED = "enrol:answered"
UPLOAD_CHUNK_SENT = "upload:chunk_sent"
UPLOAD_ANSWERED = "upload:answered"
PUSH_ANSWERED = "push:answered"
PULL_ANSWERED = "pull:answered"
SYNC_POINTS = (ENROL_ANSWERED, UPLOAD_CHUNK_SENT, UPLOAD_ANSWERED, PUSH_ANSWERED, PULL_ANSWERED)

COMMIT_POINTS: tuple[CommitPoint, ...] = (
    *(f"{name}:{side}" for name in WRITES for side in ("before_commit", "after_commit")),
    *SYNC_POINTS,
)


def pass_by(_: CommitPoint) -> None:
    """Go on: what the app does at every point in a driver's hands."""
