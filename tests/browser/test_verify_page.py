"""The page that verifies: from a disk, without a network, in two languages, by keyboard, on a phone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, Page, expect

from server.delivery.proofs import Check, manifest_sha256, write_proof
from shared.codes import ProofCode, proof_code
from shared.sealing import public_bytes
from tests.browser.browsing import PHONE
from tests.browser.changed_proofs import command_check, drill
from tests.browser.verifying import WITHOUT_CRYPTO, WITHOUT_ED25519, give, judged, opened
from tests.factories.aged_proofs import (
    AUTHOR,
    REASON,
    corrected_office,
    correction,
    count,
    make_corrected,
    make_purged,
    make_resealed,
)
from tests.factories.aged_proofs import SIGNED as AGED
from tests.factories.changed import changed, doubled
from tests.factories.keys import OTHER_TABLET, make_day, make_key_list
from tests.factories.lies import words as office_words
from tests.factories.proofs import CARRIER_ID, NAMES, SEALED_MS, make_signed, replace_contents

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SIGNED = make_signed()
FILE = SIGNED.file()


def test_200_changed_proofs_are_all_found_without_a_network(browser: Browser, tmp_path: Path) -> None:
    """G9, reduced: command and page find each and every sealed lie; `make nightly` runs 10,000. Under a second each."""
    with opened(browser, tmp_path) as page:
        result = drill(page, count=200, seed=3)
    assert (result["changed"], result["lies"] > 60, result["office_words"]) == (200, True, len(office_words()))
    assert set(result["ways"].values()) <= {16, 20}  # each of twelve ways, of each of four proofs
    assert result["missed"] == {"command": [], "page": []}
    assert result["milliseconds"]["page_untouched"]["median"] < 1000


@pytest.mark.parametrize(
    ("before", "engine"),
    [("", "browser"), (WITHOUT_ED25519, "library"), (WITHOUT_CRYPTO, "library")],
    ids=["own", "no Ed25519", "no WebCrypto"],
)
def test_every_engine_tells_the_same(browser: Browser, tmp_path: Path, before: str, engine: str) -> None:
    """M1: where the browser has no Ed25519, or no crypto at all, a kept library verifies in its place."""
    seal = SIGNED.contents.keys.attestation
    forged = replace_contents(SIGNED.contents.keys, attestation=seal[:-1] + ("0" if seal[-1] != "0" else "1"))
    with opened(browser, tmp_path, before=before) as page:
        assert page.locator("html").get_attribute("data-engine") == engine
        good, bad = judged(page, [FILE, SIGNED.file(keys=forged)])
    assert (good["untouched"], good["fingerprint"]) == (True, manifest_sha256(FILE))
    assert (bad["untouched"], bad["check"]) == (False, "device")


def test_a_person_sees_what_was_signed(browser: Browser, tmp_path: Path) -> None:
    """M1: lines with reasons, the drawn signature, the photo, times with their doubt, place and software, in French."""
    with opened(browser, tmp_path) as page:
        give(page, ("C-0001.proof", FILE))
        expect(page.locator("article")).to_have_attribute("data-verdict", "untouched")
        expect(page.locator("h2")).to_be_focused()
        said = page.locator("article").inner_text()
        for words in (
            "Preuve intacte",
            "3 perdu(s)",
            "Bris",
            "Luce Tremblay, gérante",
            "±\u00a02\u00a0s",
            "à 12 m près",
            "0.1.0",
        ):
            assert words in said
        for words in (
            "Maïka Côté",
            "Tablette 7",
            "Je confirme avoir reçu",
            "eIDAS",
            "art. 2827",
            "Non prouvé",
            "seul l’écrit",
        ):
            assert words in said
        assert page.locator("svg.ink path").get_attribute("d").startswith("M40 ")
        assert page.locator("figure img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 48
        page.get_by_role("button", name="English").click()
        expect(page.locator("h2")).to_have_text("Untouched proof")
        assert "3 lost" in page.locator("article").inner_text()
        assert page.locator("html").get_attribute("lang") == "en"


def test_corrections_purges_and_former_seals_are_told(browser: Browser, tmp_path: Path) -> None:
    """M1: in French: before and after with author and reason; the purge and its rule; each key endorsed."""
    with opened(browser, tmp_path) as page:
        give(page, ("corrected.proof", make_corrected()))
        told = page.locator("[data-corrections]").inner_text()
        for words in (AUTHOR, REASON, "au bureau", "7 – 3 perdu(s) (Bris", "8 – 2 perdu(s)"):
            assert words in told
        assert page.locator("table.lines").first.inner_text().count("3 perdu(s)") == 1  # what was signed stays
        assert page.locator("[data-doubt=corrected]").count() == 1
        give(page, ("purged.proof", make_purged()))
        said = page.locator("article").inner_text()
        assert said.count("Pièce purgée le 21 novembre 2023 selon la règle de conservation\u00a0: 6 ans pleins") == 2
        assert page.locator("[data-doubt=attachment-missing]").count() == 0
        assert "endossée par la précédente" in page.locator("[data-formers='1']").inner_text()
        assert page.locator("article").get_attribute("data-verdict") == "untouched"


def test_the_old_paper_and_the_old_day_fit_a_proof_sealed_anew(browser: Browser, tmp_path: Path) -> None:
    """M1: the printed code names the former seal, the day's file the former file; forged corrections are refused."""
    before = AGED.file()
    old = proof_code("https://x", ProofCode(manifest_sha256(before), "ab" * 8, "C-0001"))
    forged = AGED.file(office=corrected_office(correction(2, count(6, 4), count(8, 2))))
    with opened(browser, tmp_path, behind="#" + old.partition("#")[2]) as page:
        give(page, ("one.proof", make_resealed()), ("one.day.json", make_day(before)))
        expect(page.locator("[data-paper]")).to_have_attribute("data-paper", "same")
        assert "racine signée du 2023-11-14" in page.locator("article").inner_text()
        assert judged(page, [forged])[0]["check"] == "corrections"


def test_what_is_altered_is_named(browser: Browser, tmp_path: Path) -> None:
    """M1: which file inside, which step, and what to do."""
    photo = SIGNED.contents.attachments[NAMES[0]]
    with opened(browser, tmp_path, size=PHONE) as page:
        at = FILE.index(photo) + 100
        give(page, ("one.proof", FILE[:at] + bytes([FILE[at] ^ 1]) + FILE[at + 1 :]))
        expect(page.locator("article")).to_have_attribute("data-verdict", "altered")
        said = page.locator("article").inner_text()
    assert f"attachments/{NAMES[0]}" in said
    assert "un fichier a changé" in said
    assert "Demandez une nouvelle copie" in said


def test_a_forger_with_a_key_of_its_own_is_refused(browser: Browser, tmp_path: Path) -> None:
    """G9: the page came with the carrier's keys; one that knows none says so."""
    forger = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
    keys = replace_contents(SIGNED.contents.keys, server_key=public_bytes(forger).hex())
    file = write_proof(replace_contents(SIGNED.contents, keys=keys), key=forger)
    with opened(browser, tmp_path) as page:
        assert not judged(page, [file])[0]["untouched"]
    with opened(browser, tmp_path, keys=()) as page:
        assert judged(page, [FILE])[0]["doubts"] == ["key-unknown", "revocations-unknown"]


def test_a_file_that_is_there_twice_is_refused(browser: Browser, tmp_path: Path) -> None:
    """G9: an archive in order but for a doubled entry; the command refuses it, too."""
    twice = doubled(FILE)
    assert command_check(twice) is Check.ARCHIVE
    with opened(browser, tmp_path) as page:
        assert judged(page, [twice])[0]["check"] == "archive"


def test_the_paper_and_the_file_are_compared(browser: Browser, tmp_path: Path) -> None:
    """M1: the printed code names one file; the page says whether it is this one, from the address or pasted."""
    mine = proof_code("https://x", ProofCode(manifest_sha256(FILE), "ab" * 8, "C-0001"))
    other = proof_code("https://x", ProofCode("0" * 64, "ab" * 8, "C-0001"))
    with opened(browser, tmp_path, behind="#" + mine.partition("#")[2]) as page:
        expect(page.locator("#paper-notice")).to_contain_text("C-0001")
        give(page, ("one.proof", FILE))
        expect(page.locator("[data-paper]")).to_have_attribute("data-paper", "same")
        page.locator("summary", has_text="Preuve imprimée").click()
        page.locator("#paper").fill(other)
        expect(page.locator("[data-paper]")).to_have_attribute("data-paper", "other")


def test_revocations_and_the_day_come_as_files(browser: Browser, tmp_path: Path) -> None:
    """M1: with the carrier's list the revocation is judged by the receipt's time; the day's file is checked."""
    good = make_key_list(carrier_id=CARRIER_ID, issued_ms=SEALED_MS + 1, revoked_ms=SEALED_MS)
    gone = make_key_list(carrier_id=CARRIER_ID, issued_ms=SEALED_MS + 1, revoked_ms=SEALED_MS - 10_000_000)
    day = make_day(FILE)
    with opened(browser, tmp_path) as page:
        give(page, ("one.proof", FILE), ("one.day.json", day), ("keys.json", good))
        expect(page.locator("article")).to_have_attribute("data-verdict", "untouched")
        assert page.locator("[data-doubt]").count() == 0
        assert "racine signée du 2023-11-14" in page.locator("article").inner_text()
        give(page, ("keys.json", gone))
        expect(page.locator("article")).to_have_attribute("data-verdict", "distrusted")
        expect(page.locator("[data-doubt]")).to_have_attribute("data-doubt", "device-revoked")
        for beside in (next(iter(changed(day, 1))), make_day(SIGNED.file(sealed_ms=SEALED_MS + 5))):
            give(page, ("one.proof", FILE), ("one.day.json", beside))
            expect(page.locator("article")).to_have_attribute("data-check", "day")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, (1200, 900)], ids=["phone", "desk"])
def test_the_page_is_accessible(browser: Browser, tmp_path: Path, size: tuple[int, int], dark: bool) -> None:
    """WCAG 2.2 AA by axe-core, nothing wider than the window, targets large enough for a thumb."""
    with opened(browser, tmp_path, size=size, dark=dark) as page:
        for files in ([], [("one.proof", FILE)], [("one.proof", FILE[:-1])]):
            if files:
                give(page, *files)
                page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
    )
    return [json.dumps([one["id"], [node["html"] for node in one["nodes"]]]) for one in found["violations"]]


def test_a_keyboard_is_enough(browser: Browser, tmp_path: Path) -> None:
    """WCAG: languages, the file's choice and the details are reached by Tab, and opened by a key."""
    with opened(browser, tmp_path) as page:
        reached = []
        for _ in range(4):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        assert reached[:3] == ["Français", "English", "files"]
        assert reached[3].startswith("Preuve imprimée")
        page.keyboard.press("Enter")
        expect(page.locator("#paper")).to_be_visible()


def test_the_other_office_s_tablet_is_nobody_s_business(browser: Browser, tmp_path: Path) -> None:
    """G10: a list of another carrier's is refused, and a revoked tablet that is not this one changes nothing."""
    mine = make_key_list(carrier_id=CARRIER_ID, issued_ms=SEALED_MS + 1, revoked_ms=1, device_key=OTHER_TABLET)
    foreign = make_key_list(carrier_id="0" * 8 + CARRIER_ID[8:], issued_ms=SEALED_MS + 1)
    with opened(browser, tmp_path) as page:
        give(page, ("one.proof", FILE), ("keys.json", mine))
        expect(page.locator("article")).to_have_attribute("data-verdict", "untouched")
        give(page, ("keys.json", foreign))
        expect(page.locator("article")).to_have_attribute("data-check", "keys")


def test_the_key_that_sealed_is_known(browser: Browser, tmp_path: Path) -> None:
    """M1: the list's newest key is not the one that sealed, and still the proof verifies (rotation)."""
    rotated = make_key_list(carrier_id=CARRIER_ID, issued_ms=SEALED_MS + 9, rotated_ms=SEALED_MS + 5)
    early = make_key_list(carrier_id=CARRIER_ID, issued_ms=SEALED_MS + 9, rotated_ms=SEALED_MS - 5)
    with opened(browser, tmp_path) as page:
        give(page, ("one.proof", FILE), ("keys.json", rotated))
        expect(page.locator("article")).to_have_attribute("data-verdict", "untouched")
        give(page, ("keys.json", early))
        expect(page.locator("article")).to_have_attribute("data-check", "keys")
