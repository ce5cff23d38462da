"""What a scripted driver is told, as one JSON object.

``{"enrol": code or null, "name": "Tablette 7", "nip": "2468", "wrong_nips": ["1357"], "prefers": {"theme": "dark"},
"pull": true, "runs": [RUN…], "push": true, "clock": "2026-11-24T08:00:00-05:00" or null,
"kill_at": commit point or null}``. The driver misses with each of ``wrong_nips`` before the right one.

A RUN is ``{"run_id": id, name or "*", "stops": [STOP…], "others": "full" or "leave", "return": true}``: stops that
are not listed are delivered in full, or left. A STOP is named by ``stop_id`` or ``position``; its ``outcome`` is
``full``, ``short``, ``refused`` or ``closed``. ``lines`` maps a line's id, or ``#n`` for the n-th line of the stop, to
``{"delivered", "not_shipped", "lost", "returned", "extra", "reason"}``; what is not said is ordered − the rest.
``containers`` maps ``class+owner_id`` to a count, ``cash`` an issuer's id to cents. An ``undone`` stop is taken back
while it is held on the tablet, and signed again; one with ``corrected`` lines is opened again, counted so, and signed a
second time. With a ``clock`` time is virtual: it starts there and moves by the plan.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from driver_app.store.settings import Preferences
from shared.wire.limits import MAX_STOPS, Cents, Code, Quantity, Short

type Outcome = Literal["full", "short", "refused", "closed"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, keyword-only, strict: a misspelt word in a script is an error."""


class LineScript(_Part, frozen=True, kw_only=True):
    """What becomes of one line; ``delivered`` is by default what the rest leaves."""

    delivered: Quantity | None = None
    not_shipped: Quantity = 0
    lost: Quantity = 0
    returned: Quantity = 0
    extra: Quantity = 0
    reason: Code | None = None


class StopScript(_Part, frozen=True, kw_only=True):
    """What happens at one stop; ``kill_at`` names the commit point at which the app dies there, once."""

    stop_id: str | None = None
    position: int | None = None
    outcome: Outcome = "full"
    failure: Code | None = None
    lines: dict[str, LineScript] = {}
    containers: dict[str, Quantity] = {}
    cash: dict[str, Cents] = {}
    photo: bool = False
    signer: Short | None = None
    role: Short = "commis"
    undone: bool = False
    corrected: dict[str, LineScript] = {}
    kill_at: str | None = None


class RunScript(_Part, frozen=True, kw_only=True, rename={"returns": "return"}):
    """What happens on one run, or on every run with ``*``."""

    run_id: str
    stops: Annotated[tuple[StopScript, ...], Meta(max_length=MAX_STOPS)] = ()
    others: Literal["full", "leave"] = "full"
    returns: bool = True


class Script(_Part, frozen=True, kw_only=True):
    """One sitting of the scripted driver, from enrolment to sync; each part may be left out."""

    enrol: str | None = None
    name: Short = "Tablette"
    nip: str = "2468"
    wrong_nips: tuple[str, ...] = ()
    prefers: Preferences | None = None
    pull: bool = True
    runs: tuple[RunScript, ...] = ()
    push: bool = True
    clock: Annotated[datetime, Meta(tz=True)] | None = None
    kill_at: str | None = None
