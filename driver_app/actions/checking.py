"""What must be said before a stop can be signed."""

from __future__ import annotations

from driver_app.store.drafts import LineDraft, StopDraft
from shared.problems import Problem, Text
from shared.wire.bundle import BundleRun


class ReasonMissing(Problem):
    """A line is short and nobody said why."""

    slug = "tablet-reason-missing"
    title = Text("Raison à donner", "Reason needed")


class PhotoMissing(Problem):
    """The reason of a line asks for a photo."""

    slug = "tablet-photo-missing"
    title = Text("Photo à prendre", "Photo needed")


def unexplained(draft: StopDraft) -> tuple[LineDraft, ...]:
    """Return the lines that are short without a reason."""
    return tuple(line for line in draft.lines.values() if not line.is_explained)


def unphotographed(run: BundleRun, draft: StopDraft) -> tuple[LineDraft, ...]:
    """Return the lines whose reason asks for a photo that was not taken."""
    demanding = {reason.code for reason in run.reasons if reason.photo_required}
    return tuple(line for line in draft.lines.values() if line.reason in demanding and not line.photos)


def require_complete(run: BundleRun, draft: StopDraft) -> None:
    """Refuse to end a stop whose differences are not explained.

    Raises:
        ReasonMissing: a short line has no reason.
        PhotoMissing: a reason asks for a photo.
    """
    for line in unexplained(draft):
        raise ReasonMissing(
            Text("Dites pourquoi il manque des unités.", "Say why units are missing."), where=line.line_id
        )
    for line in unphotographed(run, draft):
        raise PhotoMissing(
            Text("Prenez la photo que cette raison demande.", "Take the photo that this reason asks for."),
            where=line.line_id,
        )
