"""Who reads a catalogue of its own: companies that sell. Who only buys reads what is offered to it."""

from __future__ import annotations

from typing import Final

from server.core.problems import NotFound, Text
from server.core.web.caller import Actor
from server.identity.model import OrganisationKind

_KEEPERS: Final = frozenset({OrganisationKind.SUPPLIER, OrganisationKind.DISTRIBUTOR})


class NoCatalogue(NotFound):
    """An organisation that only buys has no catalogue to be read: it may read what is offered to it."""

    slug = "no-catalogue"
    title = Text("Aucun catalogue", "No catalogue")


def require_catalogue(who: Actor) -> None:
    """Let by whoever is of a company that sells, whether they keep its catalogue or only read it.

    Raises:
        NoCatalogue: the organisation only buys.

    Source: R050; section 3, what the matrix leaves to the reader.
    """
    if who.org_kind not in _KEEPERS:
        raise NoCatalogue(
            Text(
                "Votre organisation ne tient pas de catalogue. Ce qu’un fournisseur lui offre est à la page Catalogue.",
                "Your organisation keeps no catalogue. What a supplier offers to it is on the page Catalogue.",
            )
        )
