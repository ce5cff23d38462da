"""Pages of signing in and out, one's account, and the carrier's tablets."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.problems import BadRequest, Language, Problem, Text
from server.core.settings import settings
from server.core.transaction import transaction
from server.core.web import actor, caller, public, requires, stamp
from server.core.web.caller import LANGUAGE_COOKIE
from server.core.web.cookies import drop_cookie, set_cookie
from server.identity import queries
from server.identity.api.callers import SESSION_COOKIE
from server.identity.api.signing_in import sign_in_with_password
from server.identity.permissions import Permission
from server.identity.qr import code_payload, code_svg
from server.identity.service import (
    SignInRefused,
    TooManyTries,
    close_session,
    leave_organisation,
    make_enrolment_code,
    revoke_device,
    switch_language,
    switch_membership,
)
from server.identity.service.sessions import LONGEST
from server.identity.wording import ROLES

pages = Blueprint("identity", __name__, template_folder="../templates")
_YEAR_S = 365 * 24 * 3600


@pages.get("/connexion")
@public("nobody is signed in before signing in")
def sign_in() -> str:
    """Show the sign-in form."""
    caller()
    return _form(None)


@pages.post("/connexion")
@public("nobody is signed in before signing in; tries are counted")
def submit_sign_in() -> Response:
    """Open a session; a refusal shows the form again."""
    opened = sign_in_with_password(
        email=request.form.get("email", "")[:254], password=request.form.get("password", ""), for_browser=True
    )
    response = make_response(redirect(_inside(request.form.get("next", "")), code=303))
    set_cookie(response, SESSION_COOKIE, opened.token, max_age_s=int(LONGEST.total_seconds()))
    return response


@pages.errorhandler(SignInRefused)
@pages.errorhandler(TooManyTries)
def show_refusal(refusal: Problem) -> Response:
    """Show the sign-in form again, with the reason."""
    return make_response(_form(refusal), refusal.status)


@pages.post("/deconnexion")
@requires(Permission.ACCOUNT_USE)
def sign_out() -> Response:
    """End the session."""
    with transaction(IDENTITY_ORG) as session:
        close_session(session, actor().session_id)
    response = make_response(redirect(url_for("identity.sign_in"), code=303))
    drop_cookie(response, SESSION_COOKIE)
    return response


@pages.post("/langue")
@public("strangers read French or English, too")
def choose_language() -> Response:
    """Keep the language in this browser, and with the account of who is signed in."""
    chosen: Language = "en" if request.form.get("language") == "en" else "fr"
    who = caller()
    if who is not None and who.session_id is not None:
        with transaction(IDENTITY_ORG) as session:
            switch_language(session, who.session_id, chosen)
    response = make_response(redirect(_inside(urlsplit(request.headers.get("Referer", "")).path), code=303))
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=settings().secure_cookies
    )
    return response


@pages.get("/compte")
@requires(Permission.ACCOUNT_USE)
def account() -> str:
    """Show who one is, where one works, and one's other organisations."""
    with transaction(IDENTITY_ORG) as session:
        places = queries.memberships_of(session, actor().user_id)
    email = next((one.email for one in places if one.owner_id == actor().org_id), "")
    return render_template("identity/account.html", places=places, email=email, roles=ROLES)


@pages.post("/organisation")
@requires(Permission.ACCOUNT_USE)
def choose_organisation() -> Response:
    """Go on in another organisation of the same person, under a new token."""
    who = actor()
    if who.session_id is None:
        raise _unreadable("session")
    with transaction(IDENTITY_ORG) as session:
        token = switch_membership(session, who.session_id, _id("membership_id"))
    response = make_response(redirect("/", code=303))
    set_cookie(response, SESSION_COOKIE, token, max_age_s=int(LONGEST.total_seconds()))
    return response


@pages.post("/compte/quitter")
@requires(Permission.ACCOUNT_USE)
def leave() -> Response:
    """Leave the organisation in which one works, once the box is ticked; its last administrator stays."""
    if request.form.get("sure") != "yes":
        raise _unreadable("sure")
    with transaction(actor().org_id) as session:
        leave_organisation(session, stamp=stamp())
    return redirect("/connexion", code=303)


@pages.get("/tablettes")
@requires(Permission.DEVICE_ADMINISTER)
def tablets() -> str:
    """Show the carrier's tablets and the drivers for whom one can be enrolled."""
    with transaction(actor().org_id) as session:
        return render_template(
            "identity/tablets.html", devices=queries.devices(session), drivers=queries.drivers(session)
        )


@pages.post("/tablettes/code")
@requires(Permission.DEVICE_ADMINISTER)
def make_code() -> str:
    """Show a one-time code as a QR code for ten minutes."""
    with transaction(actor().org_id) as session:
        driver = queries.driver(session, _id("driver_id"))
        made = make_enrolment_code(session, driver=driver, stamp=stamp())
    drawing = code_svg(code_payload(settings().public_url, made.code))
    minutes = round((made.expires_at - clock.now()).total_seconds() / 60)
    return render_template("identity/code.html", code=made.code, svg=drawing, driver=driver, minutes=minutes)


@pages.post("/tablettes/<uuid:device_id>/revoquer")
@requires(Permission.DEVICE_ADMINISTER)
def revoke(device_id: UUID) -> Response:
    """Revoke a tablet."""
    with transaction(actor().org_id) as session:
        revoke_device(session, device_id, stamp=stamp())
    return redirect(url_for("identity.tablets"), code=303)


def _form(refusal: Problem | None) -> str:
    return render_template(
        "identity/sign_in.html",
        refusal=refusal,
        email=request.form.get("email", ""),
        next=request.values.get("next", ""),
    )


def _inside(path: str) -> str:
    """Return the path when it leads to a page of ours, else the start: no open redirects."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if is_ours and "\\" not in path else "/"


def _id(field: str) -> UUID:
    try:
        return UUID(request.form.get(field, ""))
    except ValueError as error:
        raise _unreadable(field) from error


def _unreadable(field: str) -> BadRequest:
    return BadRequest(
        Text("Le formulaire est incomplet. Rechargez la page.", "The form is incomplete. Reload the page."), where=field
    )
