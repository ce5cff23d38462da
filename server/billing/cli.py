"""``tournee facts``: amounts that others published, recomputed by the code that prices orders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from server.billing.facts.checked import Checked
from server.billing.facts.reading import check_facts

EXIT_DIFFERS: Final = 1


@click.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
def facts(files: tuple[Path, ...]) -> None:
    """Recalculer des montants publiés · Recompute published invoices, taxes and credits.

    Ends with 0 when every fact agrees to the cent, with 1 when one does not; each is named.
    """
    differs = False
    for path in files:
        checked = check_facts(path)
        _say(path, checked)
        differs = differs or bool(checked.disagreements)
    if differs:
        sys.exit(EXIT_DIFFERS)


def _say(path: Path, checked: Checked) -> None:
    for one in checked.disagreements:
        text = one.say()
        click.echo(f"{text.fr}\n{text.en}", err=True)
    agreeing, amounts = f"{checked.agreeing}/{checked.facts}", checked.amounts
    click.echo(f"{path.name}\u00a0: {agreeing} justes au cent ({amounts} montants)")
    click.echo(f"{path.name}: {agreeing} agree to the cent ({amounts} amounts)")
    for remark in checked.remarks:
        click.echo(f"  {remark.fr}\n  {remark.en}")
