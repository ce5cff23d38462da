"""``tournee verify-page``: the page that verifies proofs in a browser, as one file."""

from __future__ import annotations

from pathlib import Path

import click

from server.core.keys import server_keys
from server.delivery.verifier import verifier_page


@click.command("verify-page")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="where to write the page")
def verify_page(out: Path) -> None:
    """Écrire la page qui vérifie sans réseau · write the page that verifies without a network."""
    page = verifier_page(server_keys())
    out.write_bytes(page.html)
    click.echo(f"{out} ({len(page.html) // 1024} KB, sha256 {page.sha256})")
