"""How far the tablet and the office agree, in a few honest words."""

from __future__ import annotations

from dataclasses import dataclass

from driver_app.sync.engine import Backlog
from driver_app.viewmodels import texts
from shared.problems import Language

type Tone = str


@dataclass(frozen=True, slots=True)
class SyncView:
    """The pill that every screen shows: an icon, words and a tone."""

    icon: str
    text: str
    tone: Tone


def present_sync(backlog: Backlog, *, is_online: bool, language: Language) -> SyncView:
    """Say what waits, and whether the office was reached the last time."""
    standing = backlog.position.standing
    if standing in ("fork", "refused", "revoked"):
        return SyncView("warning", texts.FORKED.say(language), "danger")
    if standing == "outdated":
        return SyncView("warning", texts.OUTDATED.say(language), "danger")
    waiting = backlog.events + backlog.files
    line = (texts.ONLINE if is_online else texts.OFFLINE).say(language)
    if waiting:
        return SyncView(
            "cloud" if is_online else "cloud_off", f"{line} · {waiting} {texts.TO_SEND.say(language)}", "warn"
        )
    words = texts.ALL_SENT.say(language) if is_online else f"{line} · 0 {texts.TO_SEND.say(language)}"
    return SyncView("check", words, "good") if is_online else SyncView("cloud_off", words, "warn")
