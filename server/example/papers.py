"""The day's papers and proofs as files, for people who want to look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from server.core.blobs import blob_store
from server.core.keys import server_keys
from server.core.transaction import transaction
from server.delivery.model import ProofInclusion
from server.delivery.published import published_keys
from server.delivery.verifier import verifier_page
from server.documents.model import Document, DocumentKind
from server.example.check.books import Books
from server.parties.queries import organisation


def write_papers(books: Books, folder: Path) -> None:
    """Write every document under ``documents/<owner>/`` and every proof under ``proofs/``; nothing else stays there.

    A file that is there with the same bytes is left alone.
    """
    written = set(_verifiers(books, folder / "proofs"))
    for owner_id in books.issuers:
        with transaction(acting=owner_id) as session:
            code = organisation(session, org_id=owner_id).code
            documents = session.scalars(
                select(Document).where(Document.owner_id == owner_id).order_by(Document.made_at, Document.id)
            ).all()
        for path, document in _named(documents, code):
            _write(folder / path, blob_store().get(owner_id, document.sha256))
            written.add(folder / path)
    written |= set(_days(books, folder / "proofs"))
    for top in ("documents", "proofs"):
        for path in sorted((folder / top).rglob("*")):
            if path.is_file() and path not in written:
                path.unlink()


def _verifiers(books: Books, folder: Path) -> Iterator[Path]:
    """The page that verifies without a network, and the signed list of the keys that it knows."""
    files = {"verifier.html": verifier_page(server_keys()).html}
    for owner_id in {proof.owner_id for proof in books.proofs}:
        newest = max(proof.made_at for proof in books.proofs)  # so that the same day leaves the same list
        with transaction(acting=owner_id) as session:
            files["tournee-cles.json"] = published_keys(session, issued_at=newest)
    for name, payload in files.items():
        _write(folder / name, payload)
        yield folder / name


def _days(books: Books, folder: Path) -> Iterator[Path]:
    """Beside each proof, its way up to the day's root."""
    names = {proof.id: books.orders[proof.order_id].number.replace("/", "-") for proof in books.proofs}
    for owner_id in {proof.owner_id for proof in books.proofs}:
        with transaction(acting=owner_id) as session:
            found = session.scalars(select(ProofInclusion).where(ProofInclusion.proof_id.in_(names))).all()
        for one in found:
            path = folder / f"{names[one.proof_id]}.day.json"
            _write(path, one.payload)
            yield path


def _named(documents: Sequence[Document], code: str) -> Iterator[tuple[Path, Document]]:
    """The last revision has the document's name; earlier ones say which they are."""
    newest: dict[tuple[DocumentKind, UUID, str], int] = {}
    for one in documents:
        key = (one.kind, one.subject_id, one.language)
        newest[key] = max(one.revision, newest.get(key, 0))
    for one in documents:
        name = Path(one.name.replace("/", "-"))
        if one.revision != newest[one.kind, one.subject_id, one.language]:
            name = Path(f"{name.stem}-r{one.revision}{name.suffix}")
        yield Path("proofs", name) if one.kind is DocumentKind.PROOF_FILE else Path("documents", code, name), one


def _write(path: Path, payload: bytes) -> None:
    if path.exists() and path.read_bytes() == payload:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(payload)
