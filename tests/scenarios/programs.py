"""A person's program: signed in with a password, it asks the office over HTTP for what that person may see and do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import requests

from server.delivery.proofs import VerifiedProof, verify_proof
from tests.factories.web import PASSWORD

API: Final = "/api/v1"
_PATIENCE_S: Final = 60
_PAGE: Final = 200


@dataclass
class Program:
    """One caller of the office at ``url``; answers come as what they are, with dots for members."""

    url: str
    email: str
    _client: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        return self._send("GET", path, params=query)

    def post(self, path: str, **body: Any) -> Any:
        """Ask for something to be made or done."""
        return self._send("POST", path, json=body)

    def put(self, path: str, **body: Any) -> Any:
        """Ask for something to be as told."""
        return self._send("PUT", path, json=body)

    def all(self, path: str, **query: Any) -> list[Any]:
        """Read a list that comes by pages, whole."""
        found: list[Any] = []
        while len(page := self.get(path, limit=_PAGE, **query)) == _PAGE:
            found += page
            query["after"] = page[-1].id
        return found + page

    def file(self, path: str) -> bytes:
        """Download a file."""
        return self._answer("GET", path).content

    def orders(self) -> list[Any]:
        """Return every order, with its lines, by number."""
        listed = self.get("/orders", limit=_PAGE).orders
        return [self.get(f"/orders/{one.id}") for one in sorted(listed, key=lambda order: order.number)]

    def invoices(self) -> list[Any]:
        """Return the invoices in the order in which they were made."""
        return self.all("/invoices")

    def credits(self) -> list[Any]:
        """Return the credit notes in the order in which they were made."""
        return self.all("/credit-notes")

    def proofs(self) -> list[Any]:
        """Return the proofs, oldest first."""
        feed = self.get("/proofs")
        assert not feed.more
        return sorted(feed.proofs, key=lambda proof: proof.made_at)

    def verified(self, proof: Any) -> VerifiedProof:
        """Download the file of a proof and verify it, as anybody can."""
        return verify_proof(self.file(proof.file.href))

    def _send(self, method: str, path: str, **options: Any) -> Any:
        answer = self._answer(method, f"{API}{path}", **options)
        return json.loads(answer.text, object_hook=lambda members: SimpleNamespace(**members))

    def _answer(self, method: str, path: str, **options: Any) -> requests.Response:
        if "Authorization" not in self._client.headers:
            self._sign_in()
        answer = self._client.request(method, self.url + path, timeout=_PATIENCE_S, **options)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def _sign_in(self) -> None:
        opened = requests.post(
            f"{self.url}{API}/session", json={"email": self.email, "password": PASSWORD}, timeout=_PATIENCE_S
        )
        assert opened.status_code == 201, opened.text
        self._client.headers["Authorization"] = f"Bearer {opened.json()['token']}"
