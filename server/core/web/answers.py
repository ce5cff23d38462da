"""Refusals as people and programs read them: a page, or RFC 9457 problem details. Never a stack trace."""

from __future__ import annotations

import errno
from functools import cache
from http import HTTPStatus

import orjson
import sqlalchemy.exc
from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from server.core.logs import log
from server.core.problems import BadRequest, Problem, Text
from server.core.web.caller import language
from server.core.web.fields import InvalidFields, is_about_fields, read_fields
from server.core.web.messages import BodyTooLarge
from server.core.web.request_kind import is_api
from server.core.web.tracing import request_id

MEDIA_TYPE = "application/problem+json"


class Broken(Problem):
    """A fault of ours: the log tells more under the request's id."""

    slug = "internal-error"
    status = 500
    title = Text("Erreur interne", "Internal error")


class DatabaseAway(Problem):
    """The database does not answer."""

    slug = "database-unavailable"
    status = 503
    title = Text("Base de données indisponible", "Database unavailable")


class DiskFull(Problem):
    """There is no room for what was sent; nothing of it counts."""

    slug = "office-disk-full"
    status = 507
    title = Text("Disque du bureau plein", "Office disk full")


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_ROOM_IN_S = 30
_OTHER = Text("La demande n’est pas acceptée sous cette forme.", "The request is not accepted in this form.")
_WORDS: dict[int, tuple[Text, Text]] = {
    400: (
        Text("Demande illisible", "Unreadable request"),
        Text("La demande ne se lit pas. Vérifiez sa forme.", "The request cannot be read. Check its form."),
    ),
    404: (
        Text("Introuvable", "Not found"),
        Text("Rien ne se trouve à cette adresse. Vérifiez-la.", "There is nothing at this address. Check it."),
    ),
    405: (
        Text("Méthode refusée", "Method not allowed"),
        Text(
            "Cette adresse ne prend pas cette méthode. L’en-tête Allow dit lesquelles.",
            "This address does not take this method. The Allow header says which.",
        ),
    ),
    406: (
        Text("Format indisponible", "Not acceptable"),
        Text("Aucun format demandé n’est offert.", "None of the formats asked for is on offer."),
    ),
    413: (
        Text("Demande trop grosse", "Request too large"),
        Text("Envoyez moins à la fois.", "Send less at a time."),
    ),
    415: (
        Text("Format refusé", "Unsupported media type"),
        Text("Envoyez du JSON (application/json).", "Send JSON (application/json)."),
    ),
}


def install_answers(app: Flask) -> None:
    """Answer every error of ``app`` with a problem."""
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(sqlalchemy.exc.OperationalError, _answer_database)
    app.register_error_handler(OSError, _answer_system)
    app.register_error_handler(RecursionError, _answer_nesting)
    app.register_error_handler(ValueError, _answer_digits)
    app.register_error_handler(Exception, _answer_fault)


def answer(problem: Problem) -> Response:
    """Return the problem in the caller's language, as a page for people and JSON for programs."""
    if is_api() or _wants_json():
        document = problem.as_document(language()) | {"request_id": request_id()}
        response = Response(orjson.dumps(document, default=str), status=problem.status, mimetype=MEDIA_TYPE)
    else:
        page = render_template("problem.html", problem=problem, request_id=request_id())
        response = Response(page, status=problem.status, mimetype="text/html")
    return _with_hints(response, problem)


def _with_hints(response: Response, problem: Problem) -> Response:
    if problem.status == HTTPStatus.UNAUTHORIZED and is_api():
        response.headers["WWW-Authenticate"] = 'Bearer realm="tournee"'
    if (wait_s := problem.members.get("retry_after_s")) is not None:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _answer_http(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    problem: Problem = InvalidFields(read_fields(error)) if is_about_fields(error) else _http_problem(error)
    response = answer(problem)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            response.headers[name] = value
    return response


def _http_problem(error: HTTPException) -> Problem:
    status = error.code or int(HTTPStatus.INTERNAL_SERVER_ERROR)
    _, detail = _WORDS.get(status, (_OTHER, _OTHER))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return BodyTooLarge(detail, where="body")  # one slug, whoever counts the bytes
    return _http_kind(status)(detail, where=request.path)


@cache
def _http_kind(status: int) -> type[Problem]:
    phrase = HTTPStatus(status).phrase
    title, _ = _WORDS.get(status, (Text(phrase, phrase), _OTHER))
    slug = phrase.lower().replace(" ", "-").replace("'", "")
    return type("HttpProblem", (Problem,), {"slug": slug, "status": status, "title": title})


def _answer_database(error: Exception) -> Response:
    log(__name__).error("database unavailable", exc_info=error)
    return answer(
        DatabaseAway(
            Text(
                "La base de données ne répond pas. Rien n’a été enregistré; réessayez dans une minute.",
                "The database does not answer. Nothing was saved; try again in a minute.",
            )
        )
    )


def _answer_system(error: OSError) -> Response:
    """A full disk passes: whoever asked keeps what they have and comes again."""
    if error.errno not in _NO_ROOM:
        return _answer_fault(error)
    log(__name__).error("disk full", exc_info=error)
    return answer(
        DiskFull(
            Text(
                "Le disque du bureau est plein. Rien n’a été enregistré et rien n’est perdu\u00a0: faites de la place "
                "sur le serveur, l’envoi reprendra de lui-même.",
                "The office’s disk is full. Nothing was saved and nothing is lost: make room on the server, "
                "sending will go on by itself.",
            ),
            retry_after_s=_ROOM_IN_S,
        )
    )


def _answer_nesting(error: Exception) -> Response:
    """Only a body that nests without end makes us go this deep; without one it is a fault of ours."""
    if not request.content_length:
        return _answer_fault(error)
    return answer(
        BadRequest(
            Text(
                "Le corps imbrique trop de niveaux. Envoyez la forme que le document de l’API décrit.",
                "The body nests too many levels. Send the form that the API’s document describes.",
            ),
            where="body",
        )
    )


def _answer_digits(error: Exception) -> Response:
    """Python reads no whole number of thousands of digits; only a body holds one, and its reader lets this pass."""
    if not (request.content_length and str(error).startswith("Exceeds the limit")):
        return _answer_fault(error)
    return answer(
        BadRequest(
            Text(
                "Le corps contient un nombre démesuré. Envoyez la forme que le document de l’API décrit.",
                "The body holds a number beyond measure. Send the form that the API’s document describes.",
            ),
            where="body",
        )
    )


def _answer_fault(error: Exception) -> Response:
    log(__name__).error("fault", exc_info=error)
    return answer(
        Broken(
            Text(
                f"Une erreur de notre côté. Rien n’a été enregistré. Numéro à citer\u00a0: {request_id()}.",
                f"A fault of ours. Nothing was saved. Number to quote: {request_id()}.",
            )
        )
    )


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json", MEDIA_TYPE], default="text/html")
    return best != "text/html"
