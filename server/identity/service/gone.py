"""The one refusal of a tablet that the office does not recognise."""

from __future__ import annotations

from server.core.problems import Problem, Text


class DeviceGone(Problem):
    """The tablet is unknown, or its proof is not its key's."""

    slug = "device-refused"
    status = 401
    title = Text("Tablette refusée", "Tablet refused")


def device_gone() -> DeviceGone:
    """Return the one refusal of every failed proof: which one failed is not said.

    It asks for no new code: what the tablet sealed belongs to the key that it has.
    """
    return DeviceGone(
        Text(
            "Le bureau ne connaît plus cette tablette. Rien n’est perdu\u00a0: appelez le répartiteur.",
            "The office does not know this tablet any more. Nothing is lost: call the dispatcher.",
        )
    )
