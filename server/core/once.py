"""Commands that carry their maker's key: told twice they are done once; a key that made something else is refused."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from server.core.problems import Conflict, Text

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('once:' || :name, 0))")


class KeyUsed(Conflict):
    """The same key came with another content: what is asked now would be lost in silence."""

    slug = "key-used"
    title = Text("Formulaire déjà envoyé", "Form sent already")


def lock_key(session: Session, *, asker_id: UUID, key: UUID) -> None:
    """Let a command that is told twice at once wait for itself: who comes second finds what the first one made."""
    session.execute(_LOCK, {"name": f"{asker_id}:{key}"})


def require_same(asked: object, made: object, *, what: Text, path: str = "") -> None:
    """Refuse a key that comes back with another content than what it made; the same is the same command again.

    ``asked`` and ``made`` say the same things in the same order. ``what`` names what was made, as it follows « a déjà
    servi à », and ``path`` is its page.

    Raises:
        KeyUsed: they differ. Nothing was done.
    """
    if asked != made:
        raise KeyUsed(
            Text(
                f"Ce formulaire a déjà servi à {what.fr}, autrement rempli\u00a0: rien de ce qui vient d’être demandé "
                "n’est fait. Ouvrir un nouveau formulaire.",
                f"This form already served to {what.en}, filled in differently: nothing of what was asked now is done. "
                "Open a new form.",
            ),
            where="key",
            **({"page": path} if path else {}),
        )
