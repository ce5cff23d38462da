"""People come in through one door, and it gives nothing away."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from server.identity.model import OrganisationKind, Role
from server.identity.service.limits import SIGN_IN_ACCOUNT
from tests.factories.web import PASSWORD, Client, Organisation, browser_of, make_account, make_member, program_of

CARRIER = Organisation(OrganisationKind.DISTRIBUTOR, name="Distribution Boréale")


def sign_in(stranger: Client, email: str, password: str = PASSWORD, **headers: str):
    form = stranger.get("/connexion").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    return stranger.flask.post(
        "/connexion",
        data={"email": email, "password": password, "csrf_token": token, "next": "/tablettes"},
        headers={"Origin": "http://localhost"} | headers,
    )


def test_a_member_signs_in_and_lands_where_they_wanted(stranger: Client) -> None:
    """Platform: browser sign-in; the cookie is out of scripts' reach."""
    member = make_member(CARRIER, Role.DISPATCHER)
    answer = sign_in(stranger, f" {member.email.upper()} ")
    assert (answer.status_code, answer.location) == (303, "/tablettes")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = stranger.get("/compte").text
    assert "Distribution Boréale" in page


def test_cookies_are_bound_to_the_host_where_they_are_secure(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Platform: ``__Host-`` cookies over HTTPS."""
    from server.core.settings import reload_settings

    member = make_member(CARRIER)
    monkeypatch.setenv("TOURNEE_SECURE_COOKIES", "1")
    reload_settings()
    options = {"base_url": "https://localhost"}
    form = stranger.flask.get("/connexion", **options).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    answer = stranger.flask.post(
        "/connexion",
        data={"email": member.email, "password": PASSWORD, "csrf_token": token},
        headers={"Origin": "https://localhost"},
        **options,
    )
    assert answer.headers["Set-Cookie"].startswith("__Host-tournee=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert stranger.flask.get("/compte", **options).status_code == 200


@pytest.mark.parametrize("fault", ["password", "account", "no place"])
def test_every_failed_sign_in_reads_the_same(stranger: Client, fault: str) -> None:
    """Platform: what is wrong is not said, so that nobody learns who has an account."""
    email = make_account().email if fault == "no place" else make_member(CARRIER).email
    answer = sign_in(
        stranger,
        "personne@exemple.test" if fault == "account" else email,
        "not it at all" if fault == "password" else PASSWORD,
    )
    assert answer.status_code == 401
    assert "ne vont pas ensemble" in answer.text


def test_guessing_ends_after_a_few_tries(stranger: Client) -> None:
    """Platform: tries are counted in PostgreSQL, and the right password does not help any more."""
    member = make_member(CARRIER)
    for _ in range(SIGN_IN_ACCOUNT.tries):
        assert sign_in(stranger, member.email, "guess-guess-guess").status_code == 401
    answer = sign_in(stranger, member.email)
    assert answer.status_code == 429
    assert "Réessayez dans" in answer.text


@pytest.mark.parametrize("origin", ["https://mauvais.example", "null", ""])
def test_another_sites_form_is_refused(stranger: Client, origin: str) -> None:
    """Platform: CSRF token and Origin check, at sign-in, too."""
    member = make_member(CARRIER)
    assert sign_in(stranger, member.email, Origin=origin).status_code == 403


def test_a_form_without_its_token_changes_nothing(app: Flask) -> None:
    """Platform: an unsafe page request carries the session's own token."""
    browser = browser_of(app, make_member(CARRIER))
    browser.csrf_token = "guess"
    assert browser.post("/deconnexion").status_code == 403
    assert browser.get("/compte").status_code == 200


def test_signing_out_ends_the_session_on_the_server(app: Flask) -> None:
    """Platform: sessions live on the server; a kept cookie is worth nothing."""
    browser = browser_of(app, make_member(CARRIER))
    cookie = browser.flask.get_cookie("tournee").value
    assert browser.post("/deconnexion").status_code == 303
    browser.flask.set_cookie("tournee", cookie)
    assert browser.get("/compte").location.startswith("/connexion?next=")


def test_a_program_signs_in_with_json(stranger: Client) -> None:
    """API: a bearer session for programs, which is no cookie."""
    member = make_member(CARRIER, Role.ACCOUNTANT)
    answer = stranger.flask.post("/api/v1/session", json={"email": member.email, "password": PASSWORD})
    assert answer.status_code == 201
    token = answer.json["token"]
    known = stranger.flask.get("/api/v1/session", headers={"Authorization": f"Bearer {token}"}).json
    assert (known["roles"], known["organisation_id"]) == (["accountant"], str(CARRIER.id))
    assert "invoice.publish" in known["permissions"]
    stranger.flask.set_cookie("tournee", token.removeprefix("program."))
    assert stranger.get("/compte").status_code == 303


def test_a_disabled_member_is_out_at_once(app: Flask) -> None:
    """Platform: the membership is read at every request."""
    from datetime import UTC, datetime

    from server.core.transaction import transaction
    from server.identity.model import Membership

    member = make_member(CARRIER)
    program = program_of(app, member)
    assert program.get("/api/v1/session").status_code == 200
    with transaction(CARRIER.id) as session:
        session.get_one(Membership, member.id).disabled_at = datetime.now(UTC)
    assert program.get("/api/v1/session").status_code == 401


def test_a_person_of_two_organisations_changes_places_under_a_new_token(app: Flask) -> None:
    """Platform: session rotation when rights change."""
    account = make_account()
    first = make_member(CARRIER, Role.DISPATCHER, account)
    other = Organisation(OrganisationKind.SUPPLIER, name="Brasserie Zénith")
    second = make_member(other, Role.OWNER, account)
    browser = browser_of(app, first)
    old = browser.flask.get_cookie("tournee").value
    assert "Brasserie Zénith" in browser.get("/compte").text
    assert browser.post("/organisation", data={"membership_id": str(second.id)}).status_code == 303
    assert browser.flask.get_cookie("tournee").value != old
    assert browser.flask.get("/api/v1/session").json["organisation_id"] == str(other.id)


def test_somebody_elses_place_cannot_be_taken(app: Flask) -> None:
    """Platform: a membership of another person is refused."""
    browser = browser_of(app, make_member(CARRIER))
    foreign = make_member(Organisation(OrganisationKind.SUPPLIER))
    assert browser.post("/organisation", data={"membership_id": str(foreign.id)}).status_code == 404


def test_the_language_is_kept_with_the_account(app: Flask) -> None:
    """Language: French first, English complete; the choice outlives the browser."""
    member = make_member(CARRIER)
    browser = browser_of(app, member)
    assert "Mon compte" in browser.get("/compte").text
    assert browser.post("/langue", data={"language": "en"}).status_code == 303
    assert "My account" in browser.get("/compte").text
    assert "My account" in browser_of(app, member).get("/compte").text


@pytest.mark.parametrize("elsewhere", ["https://mauvais.example", "//mauvais.example", "/\\mauvais.example", "x"])
def test_sign_in_leads_to_our_pages_only(stranger: Client, elsewhere: str) -> None:
    """Platform: no open redirect."""
    member = make_member(CARRIER)
    token = re.search(r'name="csrf_token" value="([^"]+)"', stranger.get("/connexion").text)[1]
    answer = stranger.flask.post(
        "/connexion",
        data={"email": member.email, "password": PASSWORD, "csrf_token": token, "next": elsewhere},
        headers={"Origin": "http://localhost"},
    )
    assert answer.location == "/"
