"""The web application: every context's doors, wired and guarded."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import flask
import flask_smorest
from flask import Flask, redirect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from server.core.logs import configure_logs
from server.core.modules import doors
from server.core.settings import settings
from server.core.structs import all_structs, make_ready
from server.core.web import assets, public, reference
from server.core.web.access import seal_access
from server.core.web.answers import install_answers
from server.core.web.api import install_gauge, operations
from server.core.web.caller import install_identify
from server.core.web.forgery import install_forgery
from server.core.web.guard import install_guard
from server.core.web.headers import install_headers
from server.core.web.openapi import install_api
from server.core.web.rendering import install_rendering
from server.core.web.request_kind import API_PREFIX
from server.core.web.tracing import install_tracing
from server.identity.api.callers import identify
from server.identity.api.devices import install_epoch
from server.identity.matrix import doors_of_the_matrix
from server.parties.wording import badge_of
from server.subscriptions import install_subscriptions
from server.sync.api.tablets import backup_age_s
from server.sync.service.streams import epoch, epoch_began


def create_app() -> Flask:
    """Return the application, with every door mounted.

    Raises:
        UnmarkedView: a view names no permission and is not declared public.
    """
    app = Flask("server.core.web", template_folder="templates", static_folder=None)
    configure_logs(settings().log_level)
    app.config |= {"MAX_CONTENT_LENGTH": settings().max_body_bytes, "JSON_SORT_KEYS": False}
    if settings().proxies:
        hops = settings().proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # flask's way
    api = install_api(app, doors_of_the_matrix())
    for install in (install_tracing, install_headers, install_forgery, install_answers, install_rendering):
        install(app)
    install_subscriptions()
    install_identify(app, identify)
    install_epoch(app, epoch, epoch_began)
    install_gauge(app, "tournee_backup_age_seconds", "Age of the newest verified backup", backup_age_s)
    install_guard(app)
    _mount(app, api)
    seal_access(app)
    app.jinja_env.globals["badge_of"] = badge_of
    make_ready(all_structs())
    return app


def blueprints(module: ModuleType) -> Iterator[flask.Blueprint]:
    """Yield the blueprints that a door module made."""
    seen: set[int] = set()
    for value in vars(module).values():
        if isinstance(value, flask.Blueprint) and id(value) not in seen:
            seen.add(id(value))
            yield value


def _mount(app: Flask, api: flask_smorest.Api) -> None:
    app.register_blueprint(operations)
    app.register_blueprint(assets.pages)
    app.register_blueprint(reference.pages)
    for module in doors("api", "pages"):
        for blueprint in blueprints(module):
            _register(app, api, blueprint)
    if not any(rule.rule == "/" for rule in app.url_map.iter_rules()):
        app.add_url_rule("/", "start", start)


def _register(app: Flask, api: flask_smorest.Api, blueprint: flask.Blueprint) -> None:
    if not isinstance(blueprint, flask_smorest.Blueprint):
        app.register_blueprint(blueprint)
        return
    prefix = blueprint.url_prefix or ""
    api.register_blueprint(blueprint, url_prefix=prefix if prefix.startswith(API_PREFIX) else API_PREFIX + prefix)


@public("leads to the first page that the caller may see")
def start() -> Response:
    """Lead to the account."""
    return redirect("/compte", code=303)
