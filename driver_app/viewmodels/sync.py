"""How far the tablet and the office agree, in a few honest words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from driver_app.store.settings import Standing
from driver_app.sync.engine import Backlog
from driver_app.viewmodels import texts
from shared.problems import Language, Text

type Tone = str
_CALLS: Final[Mapping[Standing, Text]] = {
    "fork": texts.FORK_KEPT,
    "refused": texts.FORKED,
    "unknown": texts.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class SyncView:
    """The pill that every screen shows: an icon, words and a tone; ``notice`` is what the driver must know besides."""

    icon: str
    text: str
    tone: Tone
    notice: str = ""


def present_sync(backlog: Backlog, *, is_online: bool, language: Language) -> SyncView:
    """Say what waits, and whether the office was reached the last time."""
    standing = backlog.position.standing
    waiting = backlog.events + backlog.files
    if standing == "revoked":
        left = texts.REVOKED_TO_SEND if waiting else texts.REVOKED_AT_OFFICE
        return SyncView("warning", texts.REVOKED.say(language), "danger", left.say(language))
    if (why := _CALLS.get(standing)) is not None:
        return SyncView("warning", texts.FORKED.say(language), "danger", why.say(language))
    if standing == "outdated":
        return SyncView("warning", texts.OUTDATED.say(language), "danger")
    line, notice = (texts.ONLINE if is_online else texts.OFFLINE).say(language), _notice(backlog, language)
    if waiting:
        icon = "cloud" if is_online else "cloud_off"
        return SyncView(icon, f"{line} · {waiting} {texts.TO_SEND.say(language)}", "warn", notice)
    words = texts.ALL_SENT.say(language) if is_online else f"{line} · 0 {texts.TO_SEND.say(language)}"
    return SyncView("check", words, "good", notice) if is_online else SyncView("cloud_off", words, "warn", notice)


def _notice(backlog: Backlog, language: Language) -> str:
    """Say what the driver alone can see to: a run that this app cannot read, files that do not get through."""
    if backlog.position.unread_runs:
        return texts.UNREAD_RUN.say(language)
    return texts.refused_files(backlog.refused).say(language) if backlog.refused else ""
