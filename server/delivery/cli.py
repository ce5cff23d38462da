"""``tournee verify FILE``: is this proof untouched, and what does it say?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from server.delivery.proofs import VerifiedProof, verify_proof
from server.delivery.proofs.archive import MAX_ARCHIVE_BYTES, BrokenArchive
from shared.problems import Problem, Text
from shared.sealing import key_id


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "server_key", default=None, help="the carrier's published key, 64 hex digits")
@click.option("--json", "as_json", is_flag=True, help="print what was found as JSON")
def verify(file: Path, server_key: str | None, as_json: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Vérifier une preuve de livraison · verify a proof of delivery. Exit code 0 only for an untouched one."""
    try:
        found = verify_proof(_read(file), server_key=_key(server_key))
    except Problem as problem:
        _say_broken(file, problem, as_json=as_json)
        sys.exit(1)
    click.echo(json.dumps(_summary(found), ensure_ascii=False, indent=2) if as_json else _words(found))


def _read(file: Path) -> bytes:
    if file.stat().st_size > MAX_ARCHIVE_BYTES:
        raise BrokenArchive(Text("Le fichier est trop grand.", "The file is too large."), where=file.name)
    return file.read_bytes()


def _key(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) != 64 or any(digit not in "0123456789abcdef" for digit in text.lower()):  # noqa: PLR2004  # 32 bytes
        raise click.BadParameter("la clé a 64 chiffres hexadécimaux · the key has 64 hex digits", param_hint="--key")
    return text.lower()


def _say_broken(file: Path, problem: Problem, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"untouched": False, "problem": problem.as_document("fr")}, ensure_ascii=False, indent=2))
        return
    where = f" ({problem.where})" if problem.where else ""
    click.echo(f"✗ {file.name} : {problem.detail.fr}{where}\n✗ {file.name}: {problem.detail.en}{where}", err=True)


def _summary(found: VerifiedProof) -> dict[str, Any]:
    subject = found.contents.subject
    return {
        "untouched": True,
        "key_known": found.is_key_known,
        "server_key": found.server_key,
        "order_number": subject.order_number,
        "seller": subject.seller_name,
        "buyer": subject.buyer_name,
        "outcome": found.order.leaf.outcome,
        "signer": found.finished.signer_name,
        "event": {"seq": found.envelope.seq, "hash": found.contents.event.hash, "device": found.envelope.device_id},
        "lines": [
            {"line_id": line.line_id, "ordered": line.ordered, "delivered": line.delivered, "extra": line.extra}
            for line in found.order.lines
        ],
        "missing_attachments": list(found.contents.missing),
    }


def _words(found: VerifiedProof) -> str:
    subject, fingerprint = found.contents.subject, key_id(bytes.fromhex(found.server_key))
    descriptions = {line.line_id: line.description_fr for line in found.goods.lines}
    trust = (
        "clé connue · known key"
        if found.is_key_known
        else "à comparer à celle que publie le transporteur · compare with the one that the carrier publishes"
    )
    lines = [
        f"  {descriptions[line.line_id]} : {line.delivered}/{line.ordered}" + (f" + {line.extra}" if line.extra else "")
        for line in found.order.lines
    ]
    return "\n".join(
        [
            "✓ Preuve intacte · untouched proof",
            f"  {subject.order_number}, {subject.seller_name} → {subject.buyer_name}",
            f"  Signée par · signed by {found.finished.signer_name or '—'} ; événement · event {found.envelope.seq}",
            *lines,
            f"  Clé du serveur · server key {fingerprint} ({trust})",
        ]
    )
