"""``python -m tests.browser.shots OUTDIR``: a picture of each page, as each kind of person.

With ``--url`` it looks at an office that runs, ``--day`` says which day, and ``--dispatcher``, ``--supplier`` and
``--retailer`` are ``email:password``; without, it makes an office of its own.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from server.app import create_app
from tests.browser.browsing import DESK, PHONE, chromium, settle, sign_in, speak, visit
from tests.browser.samples import ANYONE, Shown, shown_pages


@dataclass(frozen=True)
class Look:
    """One way to look at the pages."""

    name: str
    language: str = "fr"
    size: tuple[int, int] = DESK
    dark: bool = False


LOOKS = (Look("fr"), Look("en", language="en"), Look("sombre", dark=True), Look("mobile", size=PHONE))


@dataclass(frozen=True)
class Office:
    """Where to look, on which day, as whom."""

    url: str
    day: str
    people: dict[str, tuple[str, str]]
    further: tuple[Shown, ...] = ()  # every page of the URL map, where the office is our own


def walk(page: Page, who: str, day: str) -> Iterator[str]:
    """Go through the pages of somebody and yield the name of each."""
    lists = {
        "dispatcher": ["tableau", "commandes", "planification", "tournees", "preuves", "factures", "credits", "avis"],
        "supplier": ["accueil", "commandes", "preuves", "factures", "credits", "avis"],
        "retailer": ["accueil", "commandes", "preuves", "factures"],
    }
    for name in lists[who]:
        dated = name in {"tableau", "planification", "tournees"}
        page.goto(f"/{name}?jour={day}" if dated else f"/{name}")
        yield name
        if link := _first(page, name):
            page.goto(link)
            yield f"{name}-un"
    yield from _order_forms(page)
    for name, path in _FURTHER[who]:
        page.goto(path)
        yield name
    if who == "supplier" and (link := _first(page, "webhooks")):
        page.goto(link)
        yield "webhooks-un"
    if who == "supplier":
        yield from _imports(page)
    page.goto("/compte")
    yield "compte"
    page.goto("/commandes/00000000-0000-0000-0000-000000000000")
    yield "introuvable"


def _imports(page: Page) -> Iterator[str]:
    """Try a file that is good and one that has a fault; nothing is written."""
    goods = "Référence,Produit,Format,Prix,Poids (kg)\nBL-24,Blanche de la baie,caisse de 24,48.50,12.4\n"
    clients = "No client,Nom,Courriel\n12,Bar Zénith,pas un courriel\n"
    for name, path, told in (("essai", "/catalogue/importer", goods), ("refus", "/clients/importer", clients)):
        page.goto(path)
        file = {"name": "liste.csv", "mimeType": "text/csv", "buffer": told.encode()}
        page.locator("main input[type=file]").set_input_files(file)
        page.locator("button[value=preview]").click()
        page.locator("main tbody tr").first.wait_for()
        yield f"importer-{name}"


def _order_forms(page: Page) -> Iterator[str]:
    """Order something, and change an order where one may."""
    page.goto("/commandes/nouvelle")
    yield "commande-avec-qui"
    while page.locator("main select[name=vendeur], main select[name=client]").count():
        for chosen in page.locator("main select[name=vendeur], main select[name=client]").all():
            chosen.select_option(index=1)
        page.locator("main form button[type=submit]").click()
    if page.locator("#pad input").count():
        page.locator("#pad input").first.fill("3")
        page.wait_for_selector("#totals .total")
        yield "commande-nouvelle"
    page.goto("/commandes?livraison=upcoming")
    for link in [one.get_attribute("href") for one in page.locator("td.lead a").all()][:3]:
        page.goto(str(link))
        if (edit := page.locator("main a[href$='/modifier']")).count():
            edit.click()
            page.wait_for_selector("#totals .total")
            yield "commande-modifier"
            return


_FURTHER = {
    "dispatcher": [
        ("preuves-papier", "/preuves/papier"),
        ("archives", "/preuves/exports"),
        ("tablettes", "/tablettes"),
        ("flotte", "/flotte"),
    ],
    "supplier": [
        ("preuves-contestee", "/preuves?etat=contested"),
        ("archives", "/preuves/exports"),
        ("webhooks", "/webhooks"),
        ("partenaires", "/partenaires"),
        ("entreprise", "/entreprise"),
        ("membres", "/membres"),
        ("stock", "/stock"),
    ],
    "retailer": [
        ("preuves-aucune", "/preuves?signataire=personne"),
        ("offre", "/offre"),
        ("partenaires", "/partenaires"),
    ],
}


def _first(page: Page, name: str) -> str | None:
    whole = re.compile(rf"^/{name}/[0-9a-f-]{{36}}$")
    links = (one.get_attribute("href") or "" for one in page.locator(f"main a[href^='/{name}/']").all())
    return next((link for link in links if whole.match(link)), None)


def take(browser: Browser, office: Office, folder: Path, look: Look) -> list[Path]:
    """Take every page in one look; return the pictures."""
    made = []
    for who, (email, password) in office.people.items():
        with visit(browser, office.url, size=look.size, language=look.language, dark=look.dark) as page:
            if who == "dispatcher":
                made += [_shoot(page, folder, look, "", name) for name in _outside(page)]
                made += [_shoot(page, folder, look, "", name) for name in _further(page, ANYONE, office.further)]
            sign_in(page, email, password)
            speak(page, look.language)
            made += [_shoot(page, folder, look, who, name) for name in walk(page, who, office.day)]
            made += [_shoot(page, folder, look, who, name) for name in _further(page, who, office.further)]
    return made


def _further(page: Page, who: str, pages: tuple[Shown, ...]) -> Iterator[str]:
    """Go through the pages of somebody that the walk may have left out, each by its endpoint's name."""
    for shown in pages:
        if shown.who == who:
            page.goto(shown.path)
            yield shown.endpoint


def _outside(page: Page) -> Iterator[str]:
    page.goto("/")
    yield "bienvenue"
    page.goto("/connexion")
    yield "connexion"


def _shoot(page: Page, folder: Path, look: Look, who: str, name: str) -> Path:
    settle(page)
    path = folder / "-".join(part for part in ("page", who, name, look.name) if part)
    page.screenshot(path=f"{path}.png", full_page=True)
    return Path(f"{path}.png")


def main(arguments: list[str] | None = None) -> None:
    """Take every page in every look into a folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.shots")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--day", default="2026-11-19")
    parser.add_argument("--looks", default=",".join(look.name for look in LOOKS))
    for who in ("dispatcher", "supplier", "retailer"):
        parser.add_argument(f"--{who}", metavar="EMAIL:PASSWORD")
    asked = parser.parse_args(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    with _office(asked) as office:
        for look in LOOKS:
            if look.name in asked.looks.split(","):
                with chromium(look.language) as browser:
                    made = take(browser, office, asked.folder, look)
                print(f"{look.name}: {len(made)}", flush=True)  # noqa: T201  # the report of a command


@contextmanager
def _office(asked: argparse.Namespace) -> Iterator[Office]:
    named = {who: getattr(asked, who) for who in ("dispatcher", "supplier", "retailer") if getattr(asked, who)}
    if asked.url:
        people = {who: (said.partition(":")[0], said.partition(":")[2]) for who, said in named.items()}
        yield Office(asked.url, asked.day, people)
        return
    from tests.browser.standing import standing_day

    with standing_day() as day:
        people = {
            who: (getattr(day, who).email, getattr(day, who).password) for who in ("dispatcher", "supplier", "retailer")
        }
        yield Office(day.url, asked.day, people, tuple(shown_pages(create_app(), day)))


if __name__ == "__main__":
    main()
