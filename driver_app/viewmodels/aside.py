"""What the screen says before a log is laid aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from driver_app.actions.lay_aside import LogStanding, log_standing
from driver_app.store import settings
from driver_app.store.settings import Standing
from driver_app.tablet import Tablet
from driver_app.viewmodels import texts
from shared.problems import Language, Text

_WHY: Final[Mapping[Standing, Text]] = {"fork": texts.ASIDE_WHY_FORK, "unknown": texts.ASIDE_WHY_UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideView:
    """Why, what is only here, and whether it may be done now. ``rows`` are label, value, and whether it worries."""

    why: str
    rows: tuple[tuple[str, str, bool], ...]
    notice: str
    can_begin: bool
    exported: str


def present_aside(tablet: Tablet, language: Language) -> AsideView:
    """Return what the screen shows of this tablet's log."""
    standing = log_standing(tablet)
    why = _WHY.get(tablet.store.read(settings.position).standing, texts.ASIDE_WHY_REVOKED)
    rows = [
        (texts.ASIDE_EVENTS.say(language), str(standing.events), standing.events > 0),
        (texts.ASIDE_FILES.say(language), str(standing.files), standing.files > 0),
    ]
    if standing.exported:
        rows.append((texts.ASIDE_EXPORTED.say(language), standing.exported, False))
    return AsideView(
        why=why.say(language),
        rows=tuple(rows),
        notice="" if standing.exported else _notice(standing).say(language),
        can_begin=standing.is_over and standing.is_safe,
        exported=standing.exported,
    )


def _notice(standing: LogStanding) -> Text:
    """An office that does not know the tablet has nothing of it, even where nothing is missing there."""
    if standing.events or standing.files:
        return texts.ASIDE_EXPORT_FIRST
    return texts.ASIDE_NOTHING_LEFT if standing.is_unknown else texts.ASIDE_AT_OFFICE
