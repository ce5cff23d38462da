"""States as tables of moves: an illegal move raises."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from shared.problems import Problem, Text


class IllegalMove(Problem):
    """The subject is not in a state from which this step is possible."""

    slug = "illegal-move"
    status = 409
    title = Text("Étape impossible dans cet état", "Step not possible in this state")


class StateMachine[S: StrEnum]:
    """A subject's states and the moves between them."""

    def __init__(self, name: str, moves: Mapping[S, frozenset[S]]) -> None:
        """Take every state with the states that may follow it; a state without followers is terminal."""
        self.name = name
        self.moves = dict(moves)

    def step(self, now: S, then: S) -> S:
        """Return ``then`` when the move is allowed.

        Raises:
            IllegalMove: the table has no such move.
        """
        if then not in self.moves[now]:
            raise IllegalMove(
                Text(
                    f"{self.name} : de « {now.value} » à « {then.value} », ce n’est pas permis.",
                    f"{self.name}: from “{now.value}” to “{then.value}” is not allowed.",
                ),
                where=self.name,
            )
        return then

    def allows(self, now: S, then: S) -> bool:
        """Say whether the table has this move."""
        return then in self.moves[now]
