"""What a schema refuses, field by field, in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.exceptions import HTTPException

from server.core.problems import Problem, Text

MAX_FIELDS = 50
_FRENCH = {
    "Missing data for required field.": "Ce champ est obligatoire.",
    "Unknown field.": "Ce champ n’existe pas.",
    "Field may not be null.": "Ce champ ne peut pas être vide.",
    "Not a valid integer.": "Un nombre entier est attendu.",
    "Not a valid number.": "Un nombre est attendu.",
    "Not a valid string.": "Un texte est attendu.",
    "Not a valid boolean.": "Vrai ou faux est attendu.",
    "Not a valid UUID.": "Un identifiant (UUID) est attendu.",
    "Not a valid date.": "Une date (AAAA-MM-JJ) est attendue.",
    "Not a valid datetime.": "Un instant avec son fuseau est attendu.",
    "Not a valid list.": "Une liste est attendue.",
    "Not a valid mapping type.": "Un objet est attendu.",
    "Invalid input type.": "Un objet est attendu.",
    "Invalid JSON body.": "Le corps n’est pas du JSON.",
    "Not a valid email address.": "Une adresse de courriel est attendue.",
    "Not a valid URL.": "Une adresse (URL) est attendue.",
}


class InvalidFields(Problem):
    """The body or the parameters do not have the form that the API's document gives; ``errors`` says each place."""

    slug = "invalid-fields"
    status = 422
    title = Text("Champs à corriger", "Fields to correct")

    def __init__(self, errors: list[dict[str, str]]) -> None:
        """Name the first place in the sentence and all of them in ``errors``."""
        first = errors[0]
        super().__init__(
            Text(f"«\u00a0{first['where']}\u00a0»\u00a0: {first['fr']}", f"“{first['where']}”: {first['en']}"),
            where=first["where"],
            errors=errors,
        )


def is_about_fields(error: HTTPException) -> bool:
    """Say whether a schema refused the request."""
    return bool(getattr(error, "data", None)) and "messages" in error.data  # type: ignore[attr-defined]  # webargs


def read_fields(error: HTTPException) -> list[dict[str, str]]:
    """Return each refused place with its words in both languages, at most ``MAX_FIELDS``."""
    messages: Any = error.data["messages"]  # type: ignore[attr-defined]  # webargs puts the schema's refusals there
    found = [{"where": where, "fr": french(said), "en": said} for where, said in _flat(messages, ())]
    return found[:MAX_FIELDS] or [{"where": "body", "fr": "Champ refusé.", "en": "Field refused."}]


def french(said: str) -> str:
    """Return the French words of a schema's message; those of our own validators already are in French and English."""
    return _FRENCH.get(said, f"Valeur refusée ({said})")


def _flat(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            yield from _flat(value, (*path, str(key)))
    elif isinstance(messages, list | tuple):
        for value in messages:
            yield from _flat(value, path)
    else:
        yield ".".join(path[1:] if len(path) > 1 else path), str(messages)
