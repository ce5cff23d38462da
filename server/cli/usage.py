"""What click says of a command that cannot be read, as a problem in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

from shared.problems import Problem, Text

_BOTH: Final = " · "
_EXTRA: Final = re.compile(r"extra arguments? \((.*)\)\Z")
_KINDS: Final[dict[type[click.ParamType[Any]], Text]] = {
    click.DateTime: Text("\u00a0: écrivez le jour comme 2026-11-25", ": write the day like 2026-11-25"),
    click.Path: Text("\u00a0: donnez le chemin d’un fichier", ": give the path of a file"),
    click.types.UUIDParameterType: Text("\u00a0: donnez un identifiant (UUID)", ": give an id (UUID)"),
    click.types.IntParamType: Text("\u00a0: donnez un nombre entier", ": give a whole number"),
    click.types.FloatParamType: Text("\u00a0: donnez un nombre", ": give a number"),
}


class BadUsage(Problem):
    """The words after ``tournee`` are no command, or an option or argument of it does not fit."""

    slug = "bad-usage"
    title = Text("Commande mal écrite", "Command not understood")


def as_problem(error: click.UsageError) -> BadUsage:
    """Return the refusal with what is wrong, in which command, and which help says more."""
    path = error.ctx.command_path if error.ctx else "tournee"
    said = _said(error)
    return BadUsage(
        Text(f"{said.fr} Voyez «\u00a0{path} --help\u00a0».", f"{said.en} See “{path} --help”."), where=path
    )


def _said(error: click.UsageError) -> Text:
    match error:
        case click.MissingParameter():
            name = _named(error)
            return Text(f"Il manque {name}.", f"{name} is missing.")
        case click.NoSuchOption(option_name=name, possibilities=near):
            return _unknown(Text("L’option", "The option"), name, near)
        case click.exceptions.NoSuchCommand(command_name=name, possibilities=near):
            return _unknown(Text("La commande", "The command"), name, near)
        case click.BadOptionUsage(option_name=name):
            return Text(f"L’option {name} n’a pas les valeurs qu’il lui faut.", _plain(error))
        case click.BadParameter():
            return _unfit(error)
        case _:
            return _misplaced(error)


def _misplaced(error: click.UsageError) -> Text:
    if extra := _EXTRA.search(error.message):
        return Text(f"De trop\u00a0: {extra[1]}.", f"Too much: {extra[1]}.")
    return Text("Les mots de la commande ne vont pas ensemble.", _plain(error))


def _unknown(kind: Text, name: str, near: Sequence[str] | None) -> Text:
    instead = _alternatives(near or ())
    return Text(
        f"{kind.fr} {name} n’existe pas." + (f" Vouliez-vous dire {instead.fr}?" if near else ""),
        f"{kind.en} {name} does not exist." + (f" Did you mean {instead.en}?" if near else ""),
    )


def _unfit(error: click.BadParameter) -> Text:
    """Words of our own in both languages pass as they are; click's are said by the kind of the parameter."""
    name = _named(error)
    if _BOTH in error.message:
        french, _, english = error.message.partition(_BOTH)
        return Text(f"{name}\u00a0: {french}.", f"{name}: {english}.")
    wanted = _wanted(error.param.type if error.param else None)
    return Text(f"La valeur de {name} ne convient pas{wanted.fr}.", f"The value of {name} does not fit{wanted.en}.")


def _wanted(kind: click.ParamType[Any] | None) -> Text:
    """Return what would fit, after a colon; nothing for a kind that says nothing of itself."""
    match kind:
        case click.Choice(choices=choices):
            either = _alternatives([str(one) for one in choices])
            return Text(f"\u00a0: choisissez {either.fr}", f": choose {either.en}")
        case click.IntRange() | click.FloatRange():
            bounds = f"{_bound(kind.min)} … {_bound(kind.max)}"
            return Text(f"\u00a0: donnez un nombre, {bounds}", f": give a number, {bounds}")
        case _:
            return next((text for one, text in _KINDS.items() if isinstance(kind, one)), Text("", ""))


def _bound(bound: float | None) -> str:
    return "" if bound is None else f"{bound}"


def _alternatives(words: Iterable[str]) -> Text:
    *others, last = list(words) or [""]
    return Text(
        f"{', '.join(others)} ou {last}" if others else last, f"{', '.join(others)} or {last}" if others else last
    )


def _named(error: click.BadParameter) -> str:
    hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param else "")
    return hint.replace("'", "") if isinstance(hint, str) else " / ".join(hint)


def _plain(error: click.UsageError) -> str:
    return error.format_message().rstrip(".") + "."
