"""The commands of ``tournee``; those of a context are found in its ``cli`` module when they are called."""

from __future__ import annotations

import signal
import sys
from typing import Final

import click

from server.cli.lazy import LazyCommands
from server.cli.usage import as_problem
from server.core.imports import FaultyRows, told_faults
from server.core.problems import Problem, say_problem

_EXIT_PROBLEM: Final = 2
_EXIT_INTERRUPTED: Final = 1
_COMMANDS: Final = {
    "backup": "server.sync.cli:backup",
    "day": "server.example.cli:day",
    "facts": "server.billing.cli:facts",
    "import": "server.cli.importing:import_",
    "keys": "server.delivery.cli:keys",
    "ledger": "server.documents.cli:ledger",
    "migrate": "server.cli.writing:migrate",
    "openapi": "server.cli.writing:openapi",
    "organisation": "server.parties.cli:organisation",
    "plan": "server.planning.cli:plan",
    "rehearse": "server.rehearsal.cli:rehearse",
    "restore": "server.sync.cli:restore",
    "restore-drill": "server.sync.cli:restore_drill",
    "restore-objects": "server.sync.cli:restore_objects",
    "retention": "server.sync.cli:retention",
    "roads": "server.planning.cli:roads",
    "serve": "server.cli.serving:serve",
    "statement": "server.documents.cli:statement",
    "sync": "server.sync.cli:sync",
    "verify": "server.delivery.cli:verify",
    "verify-page": "server.delivery.cli:verify_page",
    "worker": "server.cli.serving:worker",
}


@click.group(cls=LazyCommands, places=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tournee")
def tournee() -> None:
    """Tournée : des commandes aux preuves signées · from orders to signed proofs."""


def main() -> None:
    """Run the command line; a problem is said in both languages and ends with code 2, as does a wrong command."""
    signal.signal(signal.SIGTERM, _end)
    try:
        sys.exit(_run())
    except Problem as problem:
        click.echo(say_problem(problem), err=True)
        for row in told_faults(problem.faults) if isinstance(problem, FaultyRows) else ():
            click.echo(row, err=True)
        sys.exit(_EXIT_PROBLEM)


def _run() -> int:
    """Run the command and return its exit code; what click refuses is said in our words.

    Raises:
        Problem: what a command refuses, or a command that cannot be read.
    """
    try:
        ended = tournee.main(prog_name="tournee", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        raise as_problem(error) from error
    except click.Abort:
        click.echo("Interrompu · interrupted", err=True)
        return _EXIT_INTERRUPTED
    return ended if isinstance(ended, int) else 0


def _end(_number: int, _frame: object) -> None:
    sys.exit(0)  # unwinds, so that what this process started is stopped
