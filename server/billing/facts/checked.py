"""What a recomputation says: how many facts agree, which do not, and what their file keeps to itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.money import format_money
from shared.problems import Problem, Text


class UnreadableFacts(Problem):
    """The file holds no published facts in a form that is known."""

    slug = "unreadable-facts"
    title = Text("Faits illisibles", "Unreadable facts")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One amount that is not the published one."""

    name: str
    what: Text
    published_cents: int
    computed_cents: int

    def say(self) -> Text:
        """Return the sentence in both languages."""
        amounts = [
            (format_money(self.published_cents, "", language), format_money(self.computed_cents, "", language))
            for language in ("fr", "en")
        ]
        return Text(
            f"{self.name}\u00a0: {self.what.fr} publié {amounts[0][0].strip()}, calculé {amounts[0][1].strip()}",
            f"{self.name}: published {self.what.en} {amounts[1][0].strip()}, computed {amounts[1][1].strip()}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer for one file. ``remarks`` say what else a reader should know."""

    facts: int
    amounts: int
    disagreements: Sequence[Disagreement]
    remarks: Sequence[Text] = field(default=())

    @property
    def agreeing(self) -> int:
        """How many facts agree in every amount."""
        return self.facts - len({one.name for one in self.disagreements})


class Comparison:
    """Compares amount after amount, and keeps what differs."""

    def __init__(self) -> None:
        self.amounts = 0
        self.disagreements: list[Disagreement] = []

    def compare(self, name: str, what: Text, *, published_cents: int | None, computed_cents: int) -> None:
        """Compare one amount to the cent; one that was not published is not compared."""
        if published_cents is None:
            return
        self.amounts += 1
        if published_cents != computed_cents:
            self.disagreements.append(Disagreement(name, what, published_cents, computed_cents))

    def checked(self, facts: int, *remarks: Text) -> Checked:
        """Return the answer for ``facts`` facts."""
        return Checked(facts=facts, amounts=self.amounts, disagreements=self.disagreements, remarks=remarks)
