"""First words of a sync: both sides say how far they are, so that a restored server is noticed."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from shared.wire.limits import MAX_MISSING_FILES, Identifier, Kept, OptionalSha256, Sequence, Sha256, Short


class Hello(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``acked`` is the last sequence that the server confirmed, ``head`` the last one that cannot be taken back.

    ``held`` is how many events stand behind ``head`` that may still be taken back; they are announced later.
    ``broken_at`` is the first sequence after ``acked`` that the tablet can no longer read, 0 if it can read all.
    ``asks_missing`` asks for the files that the office misses of this tablet's events. ``strays_seq`` is the last
    sequence of which the tablet believes that the office keeps a copy beside the log that it follows, 0 if of none,
    ``hash_at_strays`` the chain's hash there. ``is_laid_aside`` says that this log is over on its tablet: it takes no
    runs and seals nothing more. What is as by default is left out: an office that does not know a field refuses it.
    """

    device_id: Identifier
    app_version: Kept
    protocols: tuple[int, ...]
    epoch: Kept
    acked: Sequence
    hash_at_acked: Sha256
    head: Sequence
    held: Sequence = 0
    broken_at: Sequence = 0
    asks_missing: bool = False
    strays_seq: Sequence = 0
    hash_at_strays: OptionalSha256 = ""
    is_laid_aside: bool = False


class HelloAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """``standing``: ``ok``; ``rewind``: send again from ``last_seq`` + 1; ``fork``: keep all, a person decides.

    ``revoked``: hand in what is left, from ``last_seq`` + 1; it is kept for a person, and nothing comes down any more.
    ``safe_ms`` is until when a verified backup holds everything received, 0 while there is none. ``missing_files``, at
    most ``MAX_MISSING_FILES``, are named by events that the office has and are not there: offer them again.
    ``holds_strays`` says that the office holds the event at ``strays_seq``, or that none was asked about; where it does
    not, it lost copies, and the log is handed in from its beginning.
    """

    protocol: int
    epoch: Short
    last_seq: Sequence
    hash_at_last: Sha256
    safe_seq: Sequence
    server_ms: int
    min_app: Short
    standing: Literal["ok", "rewind", "fork", "revoked"]
    safe_ms: int = 0
    missing_files: Annotated[tuple[Sha256, ...], msgspec.Meta(max_length=MAX_MISSING_FILES)] = ()
    holds_strays: bool = False
