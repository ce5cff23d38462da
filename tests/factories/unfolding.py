"""Whether the totals of a page unfold: each leads to a step of the same amount, and every step is its parts' sum.

Read is what a person reads: the words of the page, and the pages that they lead to, for the same reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus

from tests.factories.elements import Element, Reader
from tests.factories.web import Client

ENDS = (", pourquoi ce montant", ", why this number")
AMOUNT = re.compile(r"^[-−]?\$?[-−]?(\d[\d\s  ,]*[.,]\d\d)[\s ]*\$?$")


@dataclass(frozen=True)
class Step:
    """One amount of an explanation; ``says`` is whether it says or shows where it comes from."""

    words: str
    cents: int | None
    says: bool
    parts: Sequence[Step]

    def every(self) -> Iterator[Step]:
        """Yield the step and all that it unfolds to."""
        yield self
        for part in self.parts:
            yield from part.every()


class Page:
    """One page, read for its totals and its explanations."""

    def __init__(self, html: str) -> None:
        self.elements = Reader(html).elements
        self._below: dict[int, list[Element]] = {}
        for one in self.elements:
            step = next((up for up in one.around() if is_step(up)), None)
            self._below.setdefault(id(step), []).append(one)

    @cached_property
    def totals(self) -> list[tuple[int | None, str]]:
        """Every total with what unfolds it."""
        links = [one for one in self.elements if one.tag == "a" and "why-link" in one.classes]
        return [(cents_of(one.text), one.attributes["href"]) for one in links]

    @cached_property
    def outermost(self) -> list[tuple[Element, Step]]:
        """Return the steps that no other holds."""
        return [(one, self._step(one)) for one in self._below.get(id(None), []) if is_step(one)]

    def steps(self, fragment: str) -> list[Step]:
        """Return the outermost steps of the page, or of its part that has this id."""
        found = self.outermost
        if fragment:
            found = [
                (one, step)
                for one, step in found
                if any(up.attributes.get("id") == fragment for up in (one, *one.around()))
            ]
        return [step for _element, step in found]

    @cached_property
    def ways(self) -> set[str]:
        """Return where the parts and sources of its explanations lead."""
        found = [one for one in self.elements if one.tag == "a" and "why-link" not in one.classes]
        explaining = [one for one in found if any(is_step(up) or "sources" in up.classes for up in one.around())]
        return {one.attributes["href"].partition("#")[0] for one in explaining}

    @cached_property
    def wrong_sums(self) -> list[str]:
        """Return the steps that are not the sum of their parts."""
        return [
            f"{one.words} is {one.cents}, its parts {[part.cents for part in one.parts]}"
            for _element, outer in self.outermost
            for one in outer.every()
            if one.parts and one.cents != sum(part.cents or 0 for part in one.parts)
        ]

    def _step(self, element: Element) -> Step:
        below = self._below.get(id(element), [])
        amount = next((one.text for one in below if "much" in one.classes), "")
        says = any(one.tag in {"a", "abbr"} or "soft" in one.classes for one in below)
        parts = [self._step(one) for one in below if is_step(one)]
        return Step(element.text[:60], cents_of(amount), says, parts)


type Fetch = Callable[[str], tuple[int, Page]]
"""Opens an address as the reader of a page, and gives its status and its page."""


def is_step(one: Element) -> bool:
    """Say whether an element is a step of an explanation."""
    return (one.tag == "details" and "unfold" in one.classes) or (one.tag == "p" and "leaf" in one.classes)


def cents_of(words: str) -> int | None:
    """Return an amount as it is written, in cents, or None for what is none."""
    for end in ENDS:
        words = words.removesuffix(end)
    found = AMOUNT.match(words.strip())
    if found is None:
        return None
    cents = int(re.sub(r"\D", "", found.group(1)))
    return -cents if re.search(r"[-−]", words) else cents


def opening(client: Client) -> Fetch:
    """Return what opens a page as somebody, each address once."""
    known: dict[str, tuple[int, Page]] = {}

    def fetch(path: str) -> tuple[int, Page]:
        if path not in known:
            answer = client.get(path, follow_redirects=True)
            known[path] = (answer.status_code, Page(answer.text if answer.mimetype == "text/html" else ""))
        return known[path]

    return fetch


def unfolded(client: Client, path: str) -> list[int | None]:
    """Return the totals of a page, each of which was found to unfold to the cent."""
    fetch = opening(client)
    status, page = fetch(path)
    wrong = list(faults(path, page, fetch))
    assert (status, wrong) == (200, []), (status, wrong)
    return [cents for cents, _href in page.totals]


def faults(path: str, page: Page, fetch: Fetch) -> Iterator[str]:
    """Yield what is wrong with the totals of a page and with all that they unfold to."""
    yield from (f"{path}: {one}" for one in page.wrong_sums)
    for cents, href in page.totals:
        at, _, fragment = href.partition("#")
        status, there = fetch(at) if at else (200, page)
        if status != HTTPStatus.OK:
            yield f"{path}: {href} answers {status}"
            continue
        yield from (f"{path}: {href}: {one}" for one in (*there.wrong_sums, *_unexplained(cents, at, there, fragment)))
        for way in there.ways:
            if fetch(way)[0] != HTTPStatus.OK:
                yield f"{path}: {href} leads to {way}, which answers {fetch(way)[0]}"


def _unexplained(cents: int | None, at: str, there: Page, fragment: str) -> Iterator[str]:
    """A credit is shown as less where it is beside invoices; what is nothing needs no parts."""
    steps = there.steps(fragment)
    wanted = {cents, -cents} if cents and at.startswith("/credits/") else {cents}
    found = [one for outer in steps for one in outer.every() if one.cents in wanted]
    if cents is None:
        yield "is no amount"
    elif cents and not found:
        yield f"nothing there comes to {cents}: {[one.cents for one in steps]}"
    elif cents and not any(one.parts or one.says for one in found):
        yield f"{cents} stands there without parts, words or document"
