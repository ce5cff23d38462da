"""One tablet put together: its store, its key, and nothing of screens or network."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from driver_app import aside
from driver_app.platform.protocols import Secrets
from driver_app.store import settings
from driver_app.store.commit_points import Reached, pass_by
from driver_app.store.database import Store
from driver_app.store.vault import KEY_BYTES, Vault
from shared.problems import Problem, Text

_STORE_KEY, _DEVICE_KEY = "store-key", "device-key"


class NotEnrolled(Problem):
    """The tablet belongs to no carrier yet."""

    slug = "tablet-not-enrolled"
    status = 409
    title = Text("Tablette non inscrite", "Tablet not enrolled")


@dataclass(frozen=True, slots=True)
class Tablet:
    """What every action works with: the durable store and the key that seals."""

    store: Store
    key: Ed25519PrivateKey

    @property
    def enrolment(self) -> settings.Enrolment:
        """Who this tablet is.

        Raises:
            NotEnrolled: no code was ever redeemed here.
        """
        found = self.store.read(lambda session: settings.load(session, settings.Enrolment))
        if found is None:
            raise NotEnrolled(
                Text(
                    "Cette tablette n’est pas inscrite. Demandez un code au répartiteur.",
                    "This tablet is not enrolled. Ask the dispatcher for a code.",
                )
            )
        return found

    @property
    def preferences(self) -> settings.Preferences:
        """How this driver likes the screens."""
        return self.store.read(lambda session: settings.load(session, settings.Preferences)) or settings.Preferences()


def open_tablet(home: Path, keys: Secrets, *, reached: Reached = pass_by) -> Tablet:
    """Open the tablet in ``home``, making its two keys the first time.

    The keys are durable before anything is written under them. A log that was being laid aside is laid aside first.
    """
    aside.go_on(home, keys)
    store_key = _load_or_make(keys, _STORE_KEY)
    device_key = _load_or_make(keys, _DEVICE_KEY)
    return Tablet(Store(home, Vault(store_key), reached=reached), Ed25519PrivateKey.from_private_bytes(device_key))


def _load_or_make(keys: Secrets, name: str) -> bytes:
    known = keys.load(name)
    if known is not None:
        return known
    made = secrets.token_bytes(KEY_BYTES)
    keys.keep(name, made)
    return made
