"""Writes the documents that the code itself dictates: `make docs`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from server.core.settings import PREFIX, Settings
from server.delivery.contests.model import CONTEST_LIFECYCLE
from server.delivery.sharing.model import PROOF_LIFECYCLE
from server.identity.permissions import ACTIONS, TABLET_PERMISSIONS, WITHOUT_A_DOOR, Column
from server.receivables.model import REFUND_LIFECYCLE
from shared.lifecycle import StateMachine
from shared.lifecycles import ALL_LIFECYCLES
from tools import shown

_DOCS: Final = Path(__file__).parents[1] / "docs"
_NOTE: Final = "<!-- Written by `make docs` from the code; change the code instead. -->"


def lifecycles() -> str:
    """Return docs/lifecycles.md: each state machine as a picture and as a table of moves."""
    parts = [
        "# Lifecycles",
        "",
        _NOTE,
        "",
        "A move that is not in a table is refused, on the tablet and on the server.",
    ]
    for machine in (*ALL_LIFECYCLES, PROOF_LIFECYCLE, CONTEST_LIFECYCLE, REFUND_LIFECYCLE):
        parts += ["", *_lifecycle(machine)]
    return "\n".join(parts) + "\n"


def settings() -> str:
    """Return docs/settings.md: every environment variable with its default."""
    parts = ["# Settings", "", _NOTE, "", "Read once from the environment when a process starts.", ""]
    parts += ["| variable | default | meaning |", "| --- | --- | --- |"]
    for one in fields(Settings):
        default = f"`{one.default}`" if one.default != "" else "–"
        secret = " (secret)" if one.metadata.get("secret") else ""
        parts.append(f"| `{PREFIX}{one.name.upper()}` | {default} | {one.metadata['doc']}{secret} |")
    return "\n".join(parts) + "\n"


def permissions() -> str:
    """Return docs/permissions.md: what each role may do, the whole matrix."""
    people = [column for column in Column if column is not Column.TABLET]
    parts = ["# Permissions", "", _NOTE, ""]
    parts += [
        "● everything, ○ one's own or within a limit that the service checks, – nothing. Every view names the",
        "permission that it needs; a tablet holds " + _tablets_hold() + " alone. Accountants,",
        "dispatchers, drivers and admins work inside suppliers and distributors only.",
        "",
        "| permission | action | " + " | ".join(column.value for column in people) + " |",
        "| --- | --- |" + " :-: |" * len(people),
    ]
    for action in ACTIONS:
        cells = " | ".join(action.grants.split())
        parts.append(f"| `{action.permission}` | {action.says.en} · {action.says.fr} | {cells} |")
    parts += [
        "",
        "A member with several roles may do what any of them allows; what one role limits is lifted only by another",
        "that may do it itself. A driver creates drafts alone: of what its run on the road carries, for a stop of that",
        "run. An agent reads the proofs of the orders that name it. An accountant takes taxes and deposits off an",
        "order, or puts them back, and edits nothing else of it.",
        "",
        "## Held without a door of their own",
        "",
        "| permission | how it is held |",
        "| --- | --- |",
    ]
    parts += [f"| `{permission}` | {how} |" for permission, how in WITHOUT_A_DOOR.items()]
    return "\n".join(parts) + "\n"


def _tablets_hold() -> str:
    """Return the permissions of a tablet, as the matrix has them."""
    return " and ".join(f"`{permission}`" for permission in sorted(TABLET_PERMISSIONS))


def doors() -> str:
    """Return docs/doors.md: what people do on pages, and what programs send instead."""
    table = tomllib.loads((Path(__file__).parent / "doors.toml").read_text(encoding="utf-8"))
    parts = ["# Pages and the API", "", _NOTE, ""]
    parts += [
        "Everything that changes something on a page has a door for programs, with the same permission. `/api/v1/docs`",
        "describes each door: what it takes, what it answers and how it refuses.",
        "",
        "| on a page | through the API |",
        "| --- | --- |",
    ]
    for page, twins in table["twins"].items():
        parts.append(
            f"| `{page}` | {'<br>'.join(f'`{one}`' for one in ([twins] if isinstance(twins, str) else twins))} |"
        )
    parts += ["", "## Otherwise permitted", "", "| on a page | why |", "| --- | --- |"]
    parts += [f"| `{page}` | {why} |" for page, why in table["otherwise"].items()]
    parts += ["", "## For programs alone", "", "| through the API | why |", "| --- | --- |"]
    parts += [f"| `{door}` | {why} |" for door, why in table["programs"].items()]
    parts += ["", "## On pages alone", "", "| on a page | why |", "| --- | --- |"]
    parts += [f"| `{page}` | {why} |" for page, why in table["alone"].items()]
    return "\n".join(parts) + "\n"


GENERATED: Final[dict[str, Callable[[], str]]] = {
    "doors.md": doors,
    "laws.md": shown.laws,
    "lifecycles.md": lifecycles,
    "permissions.md": permissions,
    "requirements.md": shown.requirements,
    "settings.md": settings,
}


def _lifecycle(machine: StateMachine[Any]) -> Iterator[str]:
    yield f"## {machine.title.en} · {machine.title.fr}"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for state, followers in machine.moves.items():
        yield from (f"    {state.value} --> {follower.value}" for follower in sorted(followers))
        if not followers:
            yield f"    {state.value} --> [*]"
    yield "```"
    yield ""
    yield "| state | English | français | may become |"
    yield "| --- | --- | --- | --- |"
    for state, followers in machine.moves.items():
        word = machine.label(state)
        after = ", ".join(f"`{follower.value}`" for follower in sorted(followers)) or "– (final)"
        yield f"| `{state.value}` | {word.en} | {word.fr} | {after} |"


def main() -> None:
    """Write every generated document."""
    for name, text in GENERATED.items():
        (_DOCS / name).write_text(text(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
