"""Making a tablet known to its carrier, by the one-time code that the dispatcher shows."""

from __future__ import annotations

import re

import msgspec

from driver_app.clock import Moment
from driver_app.store import settings
from driver_app.store.commit_points import ENROL_ANSWERED
from driver_app.store.database import Session
from driver_app.store.settings import Enrolment
from driver_app.sync.office import Office
from driver_app.sync.transport import Transport
from driver_app.tablet import Tablet
from shared.problems import Problem, Text
from shared.wire.enrol import EnrolAnswer

_CODE = re.compile("[0-9a-f]{32}")


class BadEnrolmentCode(Problem):
    """What was scanned or typed is no enrolment code."""

    slug = "tablet-bad-enrolment-code"
    title = Text("Code d’inscription invalide", "Invalid enrolment code")


class EnrolledElsewhere(Problem):
    """The tablet already belongs to a carrier."""

    slug = "tablet-already-enrolled"
    status = 409
    title = Text("Tablette déjà inscrite", "Tablet already enrolled")


def enrol(tablet: Tablet, transport: Transport, *, code: str, name: str, now: Moment) -> Enrolment:
    """Redeem a one-time code and keep who this tablet is from now on.

    The tablet's key is durable before the code is spent, so that an answer that got lost can be asked for again.

    Raises:
        BadEnrolmentCode: not 32 hexadecimal digits.
        EnrolledElsewhere: this tablet was enrolled before.
    """
    cleaned = code.strip().lower()
    if not _CODE.fullmatch(cleaned):
        raise BadEnrolmentCode(
            Text("Scannez de nouveau le code du répartiteur.", "Scan the dispatcher’s code again."), where="code"
        )
    if tablet.store.read(lambda session: settings.load(session, Enrolment)) is not None:
        raise EnrolledElsewhere(
            Text(
                "Cette tablette a déjà son transporteur, et son journal reste ici. N’effacez rien\u00a0: appelez le "
                "répartiteur.",
                "This tablet already has its carrier, and its log stays here. Wipe nothing: call the dispatcher.",
            )
        )
    answer = Office(transport, tablet.key).enrol(cleaned, name)
    tablet.store.reached(ENROL_ANSWERED)
    return _keep(tablet, answer, now)


def _keep(tablet: Tablet, answer: EnrolAnswer, now: Moment) -> Enrolment:
    known = Enrolment(
        device_id=answer.device_id,
        carrier_id=answer.carrier_id,
        carrier_name=answer.carrier_name,
        driver_id=answer.driver_id,
        driver_name=answer.driver_name,
        server_key=answer.server_key,
        attestation=answer.attestation,
    )

    def work(session: Session) -> None:
        settings.save(session, known)
        position = settings.position(session)
        settings.save(session, msgspec.structs.replace(position, epoch=answer.epoch, contact_wall_ms=now.wall_ms))

    tablet.store.write("enrol", work)
    return known
