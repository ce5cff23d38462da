"""The process behind a seat of the pool: reads requests from a pipe, answers with bytes, ends when the pipe does."""

from __future__ import annotations

import resource
import sys
from multiprocessing.connection import Connection

import msgspec

from server.core.problems import Problem
from server.documents.rendering.exchange import Answer, Refusal, Request
from server.documents.rendering.render import render, render_packet


def serve(pipe: Connection) -> None:
    """Answer every request until the other side closes the pipe."""
    while True:
        try:
            request = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send_bytes(msgspec.msgpack.encode(answer(request)))


def answer(written: bytes) -> Answer:
    """Return the document of one request, or the problem of its papers."""
    try:
        return Answer(pdf=_render(msgspec.json.decode(written, type=Request)))
    except msgspec.ValidationError as error:
        return Answer(problem=Refusal(slug="paper-refused", fr=str(error), en=str(error), where="paper"))
    except Problem as problem:
        said = problem.detail
        return Answer(problem=Refusal(slug=problem.slug, fr=said.fr, en=said.en, where=problem.where))


def _render(request: Request) -> bytes:
    if request.packet:
        return render_packet(request.items, title=request.title, author=request.author, issued_at=request.issued_at)
    item = request.items[0]
    return render(item.paper, language=item.language, issued_at=request.issued_at)


def main(arguments: list[str]) -> int:
    """Serve the pipe with the descriptor named first, under the memory limit in bytes named second."""
    descriptor, memory_bytes = (int(argument) for argument in arguments)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    serve(Connection(descriptor))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
