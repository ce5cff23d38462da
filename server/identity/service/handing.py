"""Whose a log is that a person hands in as a file: a tablet that is known, was once, or is vouched for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.identity.model import Device
from server.identity.service.attesting import Attested, read_attested, take_back
from server.identity.service.gone import DeviceGone
from shared.problems import Problem, Text
from shared.sealing import key_id
from shared.wire.enrol import Attestation

_NAME: Final = Text("Tablette d’un journal remis", "Tablet of a log handed in")


class LogOfUnknownTablet(Problem):
    """The office does not know the tablet of this log, and nobody vouches for it."""

    slug = "log-of-unknown-tablet"
    status = 422
    title = Text("Tablette inconnue", "Unknown tablet")


class LogOfAnotherKey(Problem):
    """The log is not signed by the key of the tablet that it names, or it was changed."""

    slug = "log-of-another-key"
    status = 422
    title = Text("Journal d’une autre clé", "Log of another key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a log says of its tablet; nothing of it is believed for being written there."""

    device_id: UUID
    carrier_id: UUID
    driver_id: UUID
    driver_name: str
    public_key: bytes
    attestation: Attestation | None


def known_by_log(
    session: Session,
    said: Handed,
    *,
    is_signed_by: Callable[[bytes], bool],
    vouched_key: str,
    restored_at: datetime,
    at: datetime,
) -> Device:
    """Return the tablet whose log is handed in; one that a restore lost is made known again first.

    It comes back by the office's word for its enrolment (``restored_at`` says when the office was restored); where a
    person vouches for it instead, by the name of the key that the tablet shows (``vouched_key``), it is known as
    revoked, and whatever it handed in waits for a decision. ``is_signed_by`` says whether a key signed the log.

    Raises:
        LogOfUnknownTablet: neither, or its carrier is not here, or its key is another tablet's.
        LogOfAnotherKey: the log is another's than the tablet's that it names.
    """
    known = session.get(Device, said.device_id)
    word = None if known else read_attested(said.attestation, device_id=said.device_id, restored_at=restored_at)
    if known is None and word is None and vouched_key.lower() != key_id(said.public_key):
        raise _unknown(said)
    found = known or word or _vouched(said, at)
    if not is_signed_by(found.public_key):
        raise LogOfAnotherKey(
            Text(
                "Ce journal n’est pas signé par la clé de la tablette qu’il nomme, ou son contenu fut changé.",
                "This log is not signed by the key of the tablet that it names, or what it says was changed.",
            ),
            where=str(said.device_id),
        )
    if isinstance(found, Device):
        return found
    try:
        return take_back(session, found, at=at, is_trusted=word is not None)
    except DeviceGone as gone:
        raise _unknown(said) from gone


def _vouched(said: Handed, at: datetime) -> Attested:
    return Attested(
        carrier_id=str(said.carrier_id),
        device_id=str(said.device_id),
        driver_id=str(said.driver_id),
        driver_name=said.driver_name,
        enrolled_ms=int(at.timestamp() * 1000),
        name=_NAME.fr,
        key_hex=said.public_key.hex(),
    )


def _unknown(said: Handed) -> LogOfUnknownTablet:
    name = key_id(said.public_key)
    return LogOfUnknownTablet(
        Text(
            f"Ce bureau ne connaît pas la tablette de ce journal, de {said.driver_name}, clé {name}. Une machine "
            "ramenée à un état antérieur la reconnaît après «\u00a0tournee sync restored\u00a0». Sinon, comparez "
            "cette clé à celle que la tablette montre à «\u00a0Aide et diagnostic\u00a0», et si elle est la vôtre, "
            "donnez-la à --vouch\u00a0: la tablette sera connue comme révoquée, et chaque événement attendra une "
            "décision. Si même cela est refusé, son distributeur n’est pas ici, ou sa clé est celle d’une autre "
            "tablette.",
            f"This office does not know the tablet of this log, of {said.driver_name}, key {name}. A machine that "
            "was rolled back knows it again after “tournee sync restored”. Else compare this key with the one that "
            "the tablet shows under “Help and diagnostic”, and if it is yours, give it to --vouch: the tablet will "
            "be known as revoked, and each event will wait for a decision. If even that is refused, its "
            "distributor is not here, or its key is another tablet’s.",
        ),
        where=str(said.device_id),
    )
