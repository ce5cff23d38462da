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
from driver_app.store.database import FILE, Store
from driver_app.store.vault import KEY_BYTES, Vault
from shared.problems import Problem, Text

_STORE_KEY, _DEVICE_KEY = "store-key", "device-key"


class NotEnrolled(Problem):
    """The tablet belongs to no carrier yet."""

    slug = "tablet-not-enrolled"
    status = 409
    title = Text("Tablette non inscrite", "Tablet not enrolled")


class KeysLost(Problem):
    """A log stands here without the key under which it was written or sealed."""

    slug = "tablet-keys-lost"
    status = 409
    title = Text("Clé de la tablette perdue", "Tablet key lost")


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

    Raises:
        KeysLost: a log stands there, and a key of it is gone; nothing is made or changed.
    """
    aside.go_on(home, keys)
    has_log = (home / FILE).exists()
    store_key, device_key = (_load_or_make(keys, name, has_log=has_log) for name in (_STORE_KEY, _DEVICE_KEY))
    return Tablet(Store(home, Vault(store_key), reached=reached), Ed25519PrivateKey.from_private_bytes(device_key))


def _load_or_make(keys: Secrets, name: str, *, has_log: bool) -> bytes:
    known = keys.load(name)
    if known is not None:
        return known
    if has_log:
        raise KeysLost(
            Text(
                "Une clé de cette tablette a disparu, et son journal ne s’ouvre plus sans elle. Ne supprimez rien et "
                "appelez le bureau\u00a0: il révoque cette tablette, et un code neuf l’inscrit dans un dossier vide.",
                "A key of this tablet is gone, and its log no longer opens without it. Delete nothing and call the "
                "office: it revokes this tablet, and a new code enrols it in an empty folder.",
            ),
            where=name,
        )
    made = secrets.token_bytes(KEY_BYTES)
    keys.keep(name, made)
    return made
