"""Why a run waits for one of its tablets, in words."""

from __future__ import annotations

from datetime import datetime

from server.sync.model import DeviceStream, StreamState
from shared.problems import Text


def forked(stream: DeviceStream | None) -> Text | None:
    """Say that a log has two branches, of which a person has to choose one."""
    if stream is None or stream.state is not StreamState.FORKED:
        return None
    return Text("deux journaux divergent, décidez lequel garder", "two logs differ, decide which one to keep")


def lost_by_restore(stream: DeviceStream | None, here: str) -> Text | None:
    """Say what a tablet may hold that the office had before it was restored."""
    if stream is None or stream.state is StreamState.RETIRED:
        return None
    if stream.heard_epoch not in {"", here} and not _is_over_and_here(stream):
        return Text(
            "Le bureau a été rétabli\u00a0: pas de nouvelles depuis, allumez-la",
            "The office was restored: not heard of since, switch it on",
        )
    owed = stream.owed_seq - stream.last_seq
    if owed <= 0:
        return None
    return Text(
        f"Le bureau a été rétabli\u00a0: il manque {owed} événement{'s' if owed > 1 else ''} déjà "
        f"reçu{'s' if owed > 1 else ''}, laissez-la synchroniser",
        f"The office was restored: {owed} event{'s' if owed > 1 else ''} received before {'are' if owed > 1 else 'is'} "
        "missing, let it sync",
    )


def not_heard_out(stream: DeviceStream | None, *, returned: bool, back_at: datetime | None) -> Text | None:
    """Say what a tablet announced and the office has not, or that it was not heard to the end after the return.

    A log that was laid aside announced all that it will ever hold: no word of it after the return is waited for.
    """
    if stream is not None and stream.state is StreamState.RETIRED:
        return None
    missing = stream.announced_seq - stream.last_seq if stream is not None else 0
    if missing > 0:
        return Text(
            f"il manque {missing} événement{'s' if missing > 1 else ''}, laissez-la synchroniser",
            f"{missing} event{'s are' if missing > 1 else ' is'} missing, let it sync",
        )
    if stream is not None and stream.laid_aside_at is not None:
        return None
    heard_at = stream.heard_at if stream is not None else None
    if returned or (heard_at is not None and back_at is not None and heard_at >= back_at):
        if stream is None or stream.told_all_at == heard_at:
            return None
        return Text(
            "ce qu’elle vient de finir peut encore changer, laissez-la synchroniser",
            "what it just finished may still change, let it sync",
        )
    return Text("pas de nouvelles depuis le retour, allumez-la", "not heard of since the return, switch it on")


def _is_over_and_here(stream: DeviceStream) -> bool:
    return stream.laid_aside_at is not None and stream.announced_seq <= stream.last_seq
