"""Refusals: what, where and what to do, in two languages, and never a stack trace."""

from __future__ import annotations

import functools

import pytest
from flask import Blueprint, Flask
from marshmallow import fields

from server.app import create_app
from server.core.problems import Text
from server.core.web import Schema, public, requires
from server.core.web.access import UnmarkedView, seal_access
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Permission
from shared.problems import Problem
from tests.factories.web import Client, Organisation, browser_of, make_member, program_of

SUPPLIER = Organisation(OrganisationKind.SUPPLIER)


class Shut(Problem):
    """The shop is shut."""

    slug = "shut"
    status = 409
    title = Text("Fermé", "Shut")


def _raise_problem() -> str:
    raise Shut(Text("Revenez demain.", "Come back tomorrow."), where="door")


def _raise_fault() -> str:
    raise RuntimeError("the secret of the stack")


@pytest.fixture
def app(database: object) -> Flask:
    """The application of this file, with views that fail, for strangers; no test changes it."""
    return _failing()


@functools.cache
def _failing() -> Flask:
    return make_failing()


def make_failing() -> Flask:
    """Make an application with views that fail; making one takes longer than most requests."""
    app = create_app()
    for prefix in ("", "/api/v1"):
        app.add_url_rule(f"{prefix}/probleme", f"problem{prefix}", public("a test")(_raise_problem))
        app.add_url_rule(f"{prefix}/panne", f"fault{prefix}", public("a test")(_raise_fault))
    seal_access(app)
    return app


def test_a_program_gets_problem_details_in_both_languages(stranger: Client) -> None:
    """Architecture rule 10: RFC 9457 with slug, French and English."""
    answer = stranger.get("/api/v1/probleme")
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    said = answer.json
    assert (said["slug"], said["where"], said["status"]) == ("shut", "door", 409)
    assert said["details"] == {"fr": "Revenez demain.", "en": "Come back tomorrow."}
    assert said["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("accept", "sentence"), [("fr-CA", "Revenez demain."), ("en", "Come back tomorrow."), ("de", "Revenez demain.")]
)
def test_the_sentence_follows_the_readers_language(stranger: Client, accept: str, sentence: str) -> None:
    """Language: French first."""
    assert stranger.get("/api/v1/probleme", headers={"Accept-Language": accept}).json["detail"] == sentence
    assert sentence in stranger.get("/probleme", headers={"Accept-Language": accept, "Accept": "text/html"}).text


@pytest.mark.parametrize("path", ["/panne", "/api/v1/panne"])
def test_a_fault_of_ours_shows_a_number_and_no_trace(stranger: Client, path: str) -> None:
    """Platform: never a stack trace; the request's id leads to the log."""
    answer = stranger.get(path, headers={"X-Request-Id": "0123456789abcdef", "Accept": "text/html"})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "0123456789abcdef" in answer.text


@pytest.mark.parametrize("wrong", ["<script>", "x" * 65, "short"])
def test_a_strange_request_id_is_not_taken_over(stranger: Client, wrong: str) -> None:
    """Platform: logs hold no foreign bytes."""
    assert stranger.get("/healthz", headers={"X-Request-Id": wrong}).headers["X-Request-Id"] != wrong


def test_http_refusals_are_problems_too(app: Flask, stranger: Client) -> None:
    """API: 404, 405 and 413 as problems, with the Allow header."""
    assert stranger.get("/api/v1/nowhere").json["slug"] == "not-found"
    wrong_method = stranger.delete("/healthz", headers={"Accept": "application/json"})
    assert wrong_method.status_code == 405
    assert "GET" in wrong_method.headers["Allow"]
    assert wrong_method.json["slug"] == "method-not-allowed"
    app.config["MAX_CONTENT_LENGTH"] = 100
    too_large = stranger.flask.post("/api/v1/devices/enrol", data=b"x" * 101)
    assert (too_large.status_code, too_large.mimetype) == (413, "application/problem+json")


def test_a_page_refusal_is_a_page(stranger: Client) -> None:
    """Pages: people get a page in their language, with a way back."""
    answer = stranger.get("/nulle-part", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Introuvable" in answer.text


def test_each_refused_field_is_named(stranger: Client) -> None:
    """Architecture rule 10: every wrong field at once, in both languages."""
    answer = stranger.flask.post("/api/v1/session", json={"email": 3, "surprise": 1})
    assert answer.status_code == 422
    places = {error["where"]: (error["fr"], error["en"]) for error in answer.json["errors"]}
    assert places["password"] == ("Ce champ est obligatoire.", "Missing data for required field.")
    assert places["surprise"] == ("Ce champ n’existe pas.", "Unknown field.")
    assert places["email"] == ("Un texte est attendu.", "Not a valid string.")


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"{", 400, "bad-request"),
        (b"\xff", 400, "bad-request"),
        (b"{}", 422, "invalid-message"),
        (b'{"device_id": "x"}', 422, "invalid-message"),
        (b'{"device_id": "01a203b8-6460-7124-9f6b-161ba3efbd87", "x": 1}', 422, "invalid-message"),
    ],
)
def test_a_message_outside_the_protocol_is_refused_whole(stranger: Client, body: bytes, status: int, slug: str) -> None:
    """Sync: every message is checked before it is read."""
    answer = stranger.flask.post("/api/v1/devices/challenge", data=body)
    assert (answer.status_code, answer.json["slug"]) == (status, slug)


def test_a_schema_takes_integers_as_integers() -> None:
    """Platform: ``"3"`` and ``3.0`` are not 3, unknown fields are errors."""

    class Crates(Schema):
        count = fields.Integer()

    assert Crates().validate({"count": "3"}) == {"count": ["Not a valid integer."]}
    assert Crates().validate({"count": 3.5}) == {"count": ["Not a valid integer."]}
    assert Crates().validate({"count": 3}) == {}
    assert Crates().validate({"kegs": 3}) == {"kegs": ["Unknown field."]}


def test_an_unmarked_view_keeps_the_application_from_starting(database: object) -> None:
    """Architecture rule 8: denied by default."""
    app, pages = make_failing(), Blueprint("careless", __name__)
    pages.add_url_rule("/careless", "careless", lambda: "open to all")
    app.register_blueprint(pages)
    with pytest.raises(UnmarkedView, match=r"careless\.careless"):
        seal_access(app)


def test_a_view_without_the_permission_stays_shut(database: object) -> None:
    """Architecture rule 8: 403 for people and programs who do not hold the permission."""
    app = make_failing()
    app.add_url_rule("/shut-door", "shut_door", requires(Permission.CREDIT_CREATE)(lambda: "open"))
    app.add_url_rule("/api/v1/shut-door", "shut_door_api", requires(Permission.CREDIT_CREATE)(lambda: "open"))
    seal_access(app)
    retailer = make_member(Organisation(OrganisationKind.RETAILER))
    seller = make_member(SUPPLIER)
    assert browser_of(app, retailer).get("/shut-door").status_code == 403
    assert program_of(app, retailer).get("/api/v1/shut-door").json["permission"] == "credit.create"
    assert browser_of(app, seller).get("/shut-door").text == "open"


def test_a_stranger_is_led_to_the_sign_in_page_and_back(stranger: Client) -> None:
    """Pages: after signing in, one lands where one wanted to go."""
    assert stranger.get("/tablettes?a=b").location == "/connexion?next=/tablettes?a%3Db"
    assert stranger.get("/api/v1/devices").status_code == 401
    assert "Bearer" in stranger.get("/api/v1/devices").headers["WWW-Authenticate"]


def test_a_browsers_script_needs_the_forms_token(app: Flask) -> None:
    """Platform: CSRF token and Origin check on the API too, when a cookie brings the caller in."""
    browser = browser_of(app, make_member(SUPPLIER, Role.ADMIN))
    body = {"json": {"driver_id": "01a203b8-6460-7124-9f6b-161ba3efbd87"}}
    assert browser.post("/api/v1/devices/codes", **body).status_code == 404
    assert browser.flask.post("/api/v1/devices/codes", **body).json["slug"] == "forged-request"


def test_pages_run_their_own_scripts_alone(stranger: Client) -> None:
    """Platform: CSP with nonces, nosniff, no frames."""
    first, second = stranger.get("/connexion"), stranger.get("/connexion")
    policy = first.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert policy != second.headers["Content-Security-Policy"]
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Cache-Control"] == "no-store"
    assert "<script>" not in first.text
    assert "style=" not in first.text


def test_probes_answer(stranger: Client) -> None:
    """Operations: /healthz, /readyz, /version, /metrics."""
    assert stranger.get("/healthz").json == {"status": "ok"}
    ready = stranger.get("/readyz")
    assert ready.status_code == 200
    assert ready.json["checks"] == {"database": True, "schema": True, "disk": True, "store": True}
    assert stranger.get("/version").json["name"] == "tournee"
    assert 'tournee_requests_total{method="GET",status="200",view="operations.health"}' in stranger.get("/metrics").text


def test_metrics_are_for_neighbours(stranger: Client) -> None:
    """Operations: the counts do not leave the network."""
    answer = stranger.flask.get("/metrics", environ_base={"REMOTE_ADDR": "8.8.8.8"})
    assert answer.status_code == 404


def test_a_database_that_is_away_is_said(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations: not ready, and a problem that says to try again; being alive needs no database."""
    from server.core.settings import reload_settings

    monkeypatch.setenv(
        "TOURNEE_DATABASE_URL", "postgresql+psycopg://nobody@/nothing?host=/nonexistent&connect_timeout=2"
    )
    reload_settings()
    assert stranger.get("/healthz").status_code == 200
    assert stranger.get("/readyz").status_code == 503
    answer = stranger.flask.post("/api/v1/session", json={"email": "a@b.ca", "password": "whatever-it-is"})
    assert (answer.status_code, answer.json["slug"]) == (503, "database-unavailable")


def test_files_come_from_here_alone(stranger: Client) -> None:
    """Platform: no third party's server is asked; addresses hold the file's hash."""
    page = stranger.get("/api/v1/docs").text
    assert "//" not in page.replace("</", "")
    path = page.split('<script src="')[1].split('"')[0]
    answer = stranger.get(path)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/npm/../package.json",
        "/static/npm/axe-core/axe.min.js",
        "/static/../api.py",
        "/static/npm/htmx.org/../../pyproject.toml",
        "/static/nothing.js",
    ],
)
def test_nothing_else_is_served(stranger: Client, path: str) -> None:
    """Platform: only the pages' files leave the disk."""
    assert stranger.get(path).status_code == 404
