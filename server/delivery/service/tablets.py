"""A tablet that the office did not know any more and took back: a person looks at it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.stamp import Stamp
from server.delivery.model import Discrepancy
from server.delivery.service.discrepancies import open_discrepancy
from server.identity.model import Device
from shared.problems import Text

TABLET_TAKEN_BACK: Final = "tablet_taken_back"


def ask_about_tablet(session: Session, device_id: UUID, *, stamp: Stamp) -> Discrepancy:
    """Ask whether a tablet of after the backup is still to be trusted: a revocation since then is lost as well."""
    device = session.get_one(Device, device_id)
    return open_discrepancy(
        session,
        kind=TABLET_TAKEN_BACK,
        subject_id=device.id,
        text=_left(device) if device.revoked_at is not None else _came_back(device),
        stamp=stamp,
    )


def ask_about_vouched_tablet(session: Session, device_id: UUID, *, stamp: Stamp) -> Discrepancy:
    """Tell that an operator took the log of a tablet that the office did not know."""
    device = session.get_one(Device, device_id)
    return open_discrepancy(session, kind=TABLET_TAKEN_BACK, subject_id=device.id, text=_vouched(device), stamp=stamp)


def _came_back(device: Device) -> Text:
    return Text(
        f"Tablette connue avant la restauration, reprise\u00a0: «\u00a0{device.name}\u00a0» de {device.driver_name}. "
        "Vérifiez qu’elle est encore à ce livreur. Si elle avait été révoquée depuis la sauvegarde, révoquez-la de "
        "nouveau.",
        f"Tablet known before the restore, taken back: “{device.name}” of {device.driver_name}. Check that it is still "
        "this driver’s. If it had been revoked since the backup, revoke it again.",
    )


def _left(device: Device) -> Text:
    return Text(
        f"Tablette connue avant la restauration\u00a0: «\u00a0{device.name}\u00a0» de {device.driver_name}, qui n’est "
        "pas livreur ici. Elle est reprise comme révoquée\u00a0: ce qu’elle remet attend votre décision.",
        f"Tablet known before the restore: “{device.name}” of {device.driver_name}, who is not a driver here. It is "
        "taken back as revoked: what it hands in waits for your decision.",
    )


def _vouched(device: Device) -> Text:
    return Text(
        f"Journal d’une tablette inconnue d’ici, pris sur la parole d’un opérateur\u00a0: de {device.driver_name}, "
        "dit-il. Elle est connue comme révoquée\u00a0: ce qu’elle remet attend votre décision.",
        f"Log of a tablet that is not known here, taken on an operator’s word: of {device.driver_name}, it says. It is "
        "known as revoked: what it hands in waits for your decision.",
    )
