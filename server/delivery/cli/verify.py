"""``tournee verify FILE``: is this proof untouched, and what does it say?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from server.delivery.proofs import BrokenArchive, Check, VerifiedProof, check_of, verify_proof
from server.delivery.proofs.archive import MAX_ARCHIVE_BYTES
from server.delivery.proofs.stamping import check_token
from server.delivery.proofs.words import DOUBTS
from shared.keyring import KeyList, read_list
from shared.problems import Problem, Text
from shared.sealing import key_id

EXIT_ALTERED: Final = 1
EXIT_DISTRUSTED: Final = 3
_KEY_DIGITS: Final = 64


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "server_key", default=None, help="a key of the carrier that you trust, 64 hex digits")
@click.option(
    "--keys",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the carrier's published key list (revocations too)",
)
@click.option(
    "--day",
    "day_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the file beside the proof: its way to the day's root",
)
@click.option(
    "--tsa-ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="root certificate (PEM) of the time-stamping authority, to check the day's time-stamp",
)
@click.option("--json", "as_json", is_flag=True, help="print what was found as JSON")
def verify(
    *,
    file: Path,
    server_key: str | None,
    key_file: Path | None,
    day_file: Path | None,
    tsa_ca: Path | None,
    as_json: bool,
) -> None:
    """Vérifier une preuve de livraison · verify a proof of delivery.

    Code de sortie · exit code: 0 intacte · untouched, 1 altérée · altered, 3 intacte, mais une clé était révoquée ·
    untouched, but a key had been revoked.
    """
    try:
        keys = _keys(key_file, _key(server_key))
        day = day_file.read_bytes() if day_file else None
        found = verify_proof(_read(file), server_key=_key(server_key), keys=keys, day=day)
        stamped = check_token(found.day, tsa_ca.read_bytes() if tsa_ca else None) if found.day else None
    except Problem as problem:
        _say_broken(file, problem, as_json=as_json)
        sys.exit(EXIT_ALTERED)
    summary = _summary(found) | {"day": _day(found, stamped)}
    click.echo(json.dumps(summary, ensure_ascii=False, indent=2) if as_json else _words(found, stamped))
    sys.exit(0 if found.is_trusted else EXIT_DISTRUSTED)


def _read(file: Path) -> bytes:
    if file.stat().st_size > MAX_ARCHIVE_BYTES:
        raise BrokenArchive(Text("Le fichier est trop grand.", "The file is too large."), where=file.name)
    return file.read_bytes()


def _keys(file: Path | None, anchor: str | None) -> KeyList | None:
    return read_list(file.read_bytes(), anchor=anchor) if file else None


def _key(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) != _KEY_DIGITS or any(digit not in "0123456789abcdef" for digit in text.lower()):
        raise click.BadParameter("la clé a 64 chiffres hexadécimaux · the key has 64 hex digits", param_hint="--key")
    return text.lower()


def _say_broken(file: Path, problem: Problem, *, as_json: bool) -> None:
    if as_json:
        said = {"untouched": False, "check": check_of(problem), "problem": problem.as_document("fr")}
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    where = f" ({problem.where})" if problem.where else ""
    click.echo(f"✗ {file.name} : {problem.detail.fr}{where}\n✗ {file.name}: {problem.detail.en}{where}", err=True)


def _summary(found: VerifiedProof) -> dict[str, Any]:
    subject, office, finished = found.contents.subject, found.contents.office, found.finished
    return {
        "untouched": True,
        "trusted": found.is_trusted,
        "checks": [check.value for check in Check if check is not Check.DAY or found.day],
        "doubts": [doubt.value for doubt in found.doubts],
        "key_known": found.is_key_known,
        "server_key": found.server_key,
        "manifest_sha256": found.manifest_sha256,
        "sealed_ms": found.contents.sealed_ms,
        "order_number": subject.order_number,
        "seller": subject.seller_name,
        "buyer": subject.buyer_name,
        "outcome": found.order.leaf.outcome,
        "signer": finished.signer_name,
        "signer_role": finished.signer_role,
        "driver": office.driver_name,
        "app_version": finished.app_version,
        "delivered_ms": office.delivered_ms,
        "uncertainty_s": office.uncertainty_s,
        "received_ms": office.received_ms,
        "place": None if finished.place is None else _place(finished.place),
        "corrects": finished.corrects,
        "event": {
            "seq": found.envelope.seq,
            "id": found.envelope.event_id,
            "hash": found.contents.event.hash,
            "prev_hash": found.envelope.prev_hash,
            "device": found.envelope.device_id,
        },
        "lines": [_line(line) for line in found.order.lines],
        "missing_attachments": list(found.contents.missing),
    }


def _place(place: Any) -> dict[str, int]:
    return {"lat_e7": place.lat_e7, "lon_e7": place.lon_e7, "accuracy_m": place.accuracy_m}


def _line(line: Any) -> dict[str, Any]:
    names = ("line_id", "ordered", "delivered", "not_shipped", "lost", "returned", "extra", "reason")
    return {name: getattr(line, name) for name in names} | {"photos": list(line.photos)}


def _day(found: VerifiedProof, stamped_ms: int | None) -> dict[str, Any] | None:
    if found.day is None:
        return None
    root = found.day.root
    return {"day": root.day, "root": root.root, "has_stamp": bool(found.day.token), "stamped_ms": stamped_ms}


def _words(found: VerifiedProof, stamped_ms: int | None) -> str:
    subject, fingerprint = found.contents.subject, key_id(bytes.fromhex(found.server_key))
    descriptions = {line.line_id: line.description_fr for line in found.goods.lines}
    lines = [
        f"  {descriptions[line.line_id]} : {line.delivered}/{line.ordered}" + (f" + {line.extra}" if line.extra else "")
        for line in found.order.lines
    ]
    signer = found.finished.signer_name or "—"
    role = f" ({found.finished.signer_role})" if found.finished.signer_role else ""
    return "\n".join(
        [
            "✓ Preuve intacte · untouched proof",
            f"  {subject.order_number}, {subject.seller_name} → {subject.buyer_name}",
            f"  Signée par · signed by {signer}{role} ; événement · event {found.envelope.seq}",
            *lines,
            f"  Clé du serveur · server key {fingerprint}",
            *_day_words(found, stamped_ms),
            *(f"  ! {DOUBTS[doubt].fr}\n    {DOUBTS[doubt].en}" for doubt in found.doubts),
        ]
    )


def _day_words(found: VerifiedProof, stamped_ms: int | None) -> list[str]:
    if found.day is None:
        return []
    stamp = "horodatée · time-stamped" if stamped_ms else "horodatage non vérifié · time-stamp not checked"
    said = stamp if found.day.token else "sans horodatage externe · without an outside time-stamp"
    return [f"  Dans la racine du · in the root of {found.day.root.day} ({said})"]
