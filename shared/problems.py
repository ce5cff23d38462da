"""Errors that a person can act on, in French and English (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

type Language = Literal["fr", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in the two languages of the product."""

    fr: str
    en: str

    def say(self, language: Language) -> str:
        """Return the sentence in ``language``."""
        return self.en if language == "en" else self.fr


class Problem(Exception):
    """A refusal that says what is wrong, where, and what to do.

    A subclass stands beside what raises it and sets ``slug``, ``title`` and ``status``.
    """

    slug: ClassVar[str] = "problem"
    status: ClassVar[int] = 422
    title: ClassVar[Text] = Text("Demande impossible", "Request not possible")

    def __init__(self, detail: Text, *, where: str = "", **members: Any) -> None:
        """Keep the sentence, the place (a field, a file, a line) and members that machines may read."""
        super().__init__(f"{self.slug}: {detail.en}" + (f" ({where})" if where else ""))
        self.detail = detail
        self.where = where
        self.members = members

    def as_document(self, language: Language) -> dict[str, Any]:
        """Return the RFC 9457 problem document; both languages travel in ``details``."""
        document: dict[str, Any] = {
            "type": f"https://tournee.example/problems/{self.slug}",
            "title": self.title.say(language),
            "status": self.status,
            "detail": self.detail.say(language),
            "slug": self.slug,
            "details": {"fr": self.detail.fr, "en": self.detail.en},
        }
        if self.where:
            document["where"] = self.where
        return document | {key: value for key, value in self.members.items() if key not in document}
