"""What a rendering process is asked and what it answers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.documents.rendering.papers import PacketItem


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One paper, or a packet of them under a title."""

    items: tuple[PacketItem, ...]
    issued_at: datetime
    title: str = ""
    author: str = ""
    packet: bool = False


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A problem as it travels between the processes."""

    slug: str
    fr: str
    en: str
    where: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes, or why there are none."""

    pdf: bytes = b""
    problem: Refusal | None = None
