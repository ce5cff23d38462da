"""The office in memory behind a real HTTP server on the loopback, for tablets that run as processes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from driver_app.sync.transport import Unreachable
from tests.factories.protocol_peer import OfficePeer
from tests.factories.waiting import end_of


@contextmanager
def serving(office: OfficePeer) -> Iterator[str]:
    """Serve ``office`` on a free port and yield its address; a cut call gets no answer at all."""
    lock = Lock()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            try:
                with lock:
                    answer = office.send(self.command, self.path, headers=dict(self.headers), body=body)
            except Unreachable:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_HEAD = do_PATCH = _serve  # noqa: N815 - the names that http.server looks for

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        end_of(thread, "the office in memory")
