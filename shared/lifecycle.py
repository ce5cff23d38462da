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

    def __init__(
        self,
        name: str,
        moves: Mapping[S, frozenset[S]],
        *,
        title: Text | None = None,
        labels: Mapping[S, Text] | None = None,
    ) -> None:
        """Take every state with the states that may follow it; a state without followers is terminal.

        ``title`` and ``labels`` are the words that people read; without them the slugs stand in.
        """
        self.name = name
        self.moves = dict(moves)
        self.title = title or Text(name, name)
        self.labels = dict(labels or {})

    def step(self, now: S, then: S) -> S:
        """Return ``then`` when the move is allowed.

        Raises:
            IllegalMove: the table has no such move.
        """
        if then not in self.moves[now]:
            raise IllegalMove(self._refusal(now, then), where=self.name, now=now.value, then=then.value)
        return then

    def allows(self, now: S, then: S) -> bool:
        """Say whether the table has this move."""
        return then in self.moves[now]

    def is_terminal(self, state: S) -> bool:
        """Say whether nothing may follow ``state``."""
        return not self.moves[state]

    def label(self, state: S) -> Text:
        """Return the word that people read for ``state``."""
        return self.labels.get(state, Text(state.value, state.value))

    def _refusal(self, now: S, then: S) -> Text:
        before, after = self.label(now), self.label(then)
        followers = [self.label(state) for state in sorted(self.moves[now])]
        possible_fr = ", ".join(f"«\u00a0{label.fr}\u00a0»" for label in followers) or "aucune"
        possible_en = ", ".join(f"“{label.en}”" for label in followers) or "none"
        return Text(
            f"{self.title.fr}\u00a0: passer de «\u00a0{before.fr}\u00a0» à «\u00a0{after.fr}\u00a0» n’est pas permis. "
            f"Suites possibles\u00a0: {possible_fr}.",
            f"{self.title.en}: going from “{before.en}” to “{after.en}” is not allowed. Possible next: {possible_en}.",
        )
