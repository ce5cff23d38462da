"""The driver's NIP: chosen once, checked without a network, slower to guess at each miss."""

from __future__ import annotations

import re
import secrets

import msgspec
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from driver_app.clock import Moment
from driver_app.store import settings
from driver_app.store.database import Session
from driver_app.store.settings import Nip, Preferences
from driver_app.tablet import Tablet
from shared.problems import Problem, Text

ITERATIONS, MEMORY_KIB, LANES, LENGTH_BYTES = 2, 19_456, 1, 32
FREE_MISSES = 4
FIRST_WAIT_MS, LONGEST_WAIT_MS = 30_000, 3_600_000
_NIP = re.compile("[0-9]{4,8}")


class BadNip(Problem):
    """A NIP is four to eight digits."""

    slug = "tablet-bad-nip"
    title = Text("NIP invalide", "Invalid PIN")


class WrongNip(Problem):
    """Not this driver's NIP."""

    slug = "tablet-wrong-nip"
    status = 403
    title = Text("NIP incorrect", "Wrong PIN")


class TooManyMisses(Problem):
    """The NIP was missed too often; the next try has to wait."""

    slug = "tablet-too-many-misses"
    status = 429
    title = Text("Trop d’essais", "Too many tries")


def has_nip(tablet: Tablet) -> bool:
    """Say whether a NIP was chosen."""
    return tablet.store.read(lambda session: settings.load(session, Nip)) is not None


def choose_nip(tablet: Tablet, *, nip: str) -> None:
    """Keep a new NIP as its argon2id hash.

    Raises:
        BadNip: not four to eight digits.
    """
    if not _NIP.fullmatch(nip):
        raise BadNip(Text("Choisissez de 4 à 8 chiffres.", "Choose 4 to 8 digits."), where="nip")
    phc = _kdf(secrets.token_bytes(16)).derive_phc_encoded(nip.encode())
    tablet.store.write("set_nip", lambda session: settings.save(session, Nip(phc=phc)))


def unlock(tablet: Tablet, *, nip: str, now: Moment) -> None:
    """Let the driver in.

    After ``FREE_MISSES`` misses each further one doubles the wait, from 30 s to an hour, on the clock that nobody
    can set; a restart of the tablet starts the wait anew.

    Raises:
        WrongNip: another NIP.
        TooManyMisses: the wait is not over.
    """
    known = tablet.store.read(lambda session: settings.load(session, Nip))
    if known is None:
        raise BadNip(Text("Choisissez d’abord un NIP.", "Choose a PIN first."), where="nip")
    _require_wait_over(known, now)
    right = _is_right(nip, known.phc)
    counted = Nip(phc=known.phc) if right else _missed(known, now)
    if counted != known:
        tablet.store.write("unlock", lambda session: settings.save(session, counted))
    if not right:
        raise WrongNip(Text("Ce n’est pas le bon NIP. Réessayez.", "Not the right PIN. Try again."), where="nip")


def prefer(tablet: Tablet, preferences: Preferences) -> None:
    """Keep how this driver likes the screens."""

    def work(session: Session) -> None:
        settings.save(session, preferences)

    tablet.store.write("set_preference", work)


def _is_right(nip: str, phc: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(nip.encode(), phc)
    except InvalidKey:
        return False
    return True


def _missed(known: Nip, now: Moment) -> Nip:
    return msgspec.structs.replace(
        known, misses=known.misses + 1, missed_boot_id=now.boot_id, missed_monotonic_ms=now.monotonic_ms
    )


def _require_wait_over(known: Nip, now: Moment) -> None:
    over = known.misses - FREE_MISSES
    if over < 0:
        return
    wait_ms = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(over, 16))
    elapsed_ms = now.elapsed_since_ms(known.missed_boot_id, known.missed_monotonic_ms)
    left_ms = wait_ms - (now.monotonic_ms if elapsed_ms is None else elapsed_ms)
    if left_ms > 0:
        seconds = -(-left_ms // 1000)
        raise TooManyMisses(
            Text(f"Attendez {seconds} secondes avant de réessayer.", f"Wait {seconds} seconds before trying again."),
            where="nip",
            wait_s=seconds,
        )


def _kdf(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=LENGTH_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)
