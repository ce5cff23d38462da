"""The verify page in Chromium without any network: opened from a disk, given files, asked what it found."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from server.delivery.verifier import verifier_page
from shared.keyring import KeyLink, ServerKey, endorse
from shared.sealing import public_bytes
from tests.browser.browsing import DESK
from tests.factories.proofs import NEXT, SERVER, SERVER_KEY

KNOWN = (
    ServerKey(link=KeyLink(public_key=SERVER_KEY, from_ms=0)),
    ServerKey(link=endorse(KeyLink(public_key=public_bytes(NEXT).hex(), from_ms=0), SERVER)),
)
WITHOUT_ED25519 = """
const real = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (form, key, kind, ...rest) => {
  if (kind.name === "Ed25519") return Promise.reject(new DOMException("no", "NotSupportedError"));
  return real(form, key, kind, ...rest);
};
"""
WITHOUT_CRYPTO = 'Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined });'
_JUDGE = """async (files) => {
  const found = [];
  for (const file of files) {
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    const began = performance.now();
    const said = await tournee.verify(bytes);
    found.push({ ...said, milliseconds: performance.now() - began });
  }
  return found;
}"""


@contextmanager
def opened(
    browser: Browser,
    folder: Path,
    *,
    size: tuple[int, int] = DESK,
    locale: str = "fr-CA",
    dark: bool = False,
    before: str = "",
    behind: str = "",
    keys: tuple[ServerKey, ...] = KNOWN,
) -> Iterator[Page]:
    """Open the page from a file, offline; whatever it asks of a network fails the block."""
    path = folder / "verifier.html"
    path.write_bytes(verifier_page(keys).html)
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=locale,
        color_scheme="dark" if dark else "light",
        offline=True,
    )
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    if before:
        page.add_init_script(before)
    try:
        page.goto(path.as_uri() + behind)
        page.wait_for_selector("html[data-ready=yes]")
        yield page
        outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
        assert outside == []
        assert wrong == []
    finally:
        context.close()


def give(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files, as a person does, and wait for the verdicts."""
    page.set_input_files(
        "#files", [{"name": name, "mimeType": "application/octet-stream", "buffer": payload} for name, payload in files]
    )
    page.wait_for_function("() => document.getElementById('status').textContent.match(/vérifiée|verified|noté|noted/i)")


def judged(page: Page, files: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return what the page finds of each file, with the time that it took."""
    found: list[dict[str, Any]] = page.evaluate(_JUDGE, [base64.b64encode(file).decode() for file in files])
    return found
