"""The road between tablet and office: messages get lost, doubled, late, out of order, cut and damaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from driver_app.sync.transport import Answer, Unreachable, unreachable
from server.rehearsal.damage import Damage
from server.rehearsal.doorway import Request, packed
from server.rehearsal.office import Office, OfficeKilled
from server.rehearsal.surroundings import Surroundings

_TIMEOUT_MS = 30_000
_OK = 200
_FAULT = 500
_BUSY = Answer(503, b'{"slug":"too-busy","detail":"busy"}', {"retry-after": "20"})


class Network:
    """A tablet's transport. ``between`` is called before each message: what happens to the office meanwhile.

    ``news`` counts the answers that brought the office something which an earlier backup does not have; ``broken`` are
    requests that it had no answer to but a fault of its own.
    """

    def __init__(self, office: Office, around: Surroundings, damage: Damage) -> None:
        """Take the office, the weather on the way to it, and what may flip there."""
        self._office, self._around, self._damage = office, around, damage
        self._late: list[Request] = []
        self.news = 0
        self.broken: list[str] = []
        self.between: Callable[[str], None] = lambda _path: None

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Carry one request and its answer, if the weather lets them through.

        Raises:
            Unreachable: no answer came back, whatever became of the request.
        """
        request, falls, weather = packed(method, path, headers, body), self._around.strikes, self._around.weather
        self._around.time.advance(self._around.chance.random.randint(40, 400))
        self.between(path)
        self._deliver_a_late_one()
        if falls("request lost", weather.request_lost):
            raise self._timeout(path)
        if falls("request late", weather.request_late):
            self._late.append(request)
            raise self._timeout(path)
        if falls("office too busy", weather.office_busy):
            return _BUSY
        if body and falls("request cut", weather.request_cut):
            self._deliver(request.cut(self._around.chance.random.randrange(len(request.body))))
            raise self._timeout(path)
        if (damaged := self._damage.of(path, body)) is not None:
            request = packed(method, path, headers, damaged)
        if falls("request doubled", weather.request_doubled):
            self._late.append(request)
        answer = self._deliver(request)
        if answer is None or falls("answer lost", weather.answer_lost):
            raise self._timeout(path)
        return answer

    def deliver_all(self) -> None:
        """Let everything that is still on its way arrive."""
        while self._late:
            self._deliver_a_late_one(always=True)

    def _deliver_a_late_one(self, *, always: bool = False) -> None:
        if self._late and (always or self._around.chance.hits(0.4)):
            self._deliver(self._late.pop(self._around.chance.random.randrange(len(self._late))))

    def _deliver(self, request: Request) -> Answer | None:
        try:
            answer = self._office.answer(request)
        except OfficeKilled as death:
            self._around.injected.note(f"{_said(request)} died {death}")
            return None
        self._around.injected.note(f"{_said(request)} {answer.status}")
        if answer.status == _FAULT:
            self.broken.append(f"{_said(request)} was answered {answer.status}")
        self.news += answer.status == _OK and (request.method == "PATCH" or request.path.endswith("/push"))
        return answer

    def _timeout(self, path: str) -> Unreachable:
        self._around.time.advance(_TIMEOUT_MS)
        return unreachable(path)


def _said(request: Request) -> str:
    return f"{request.method} {request.path.partition('?')[0]}"
