"""GET sw.js: one body for everybody, that a browser can take as a service worker."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.test.utils import override_script_prefix
from django.urls import reverse

import django_bgsync
from django_bgsync import feeds, service_worker
from django_bgsync.handlers import Registry
from tests.deliveries import Device

SW = "/bgsync/sw.js"
BUNDLES = Path(django_bgsync.__file__).parent / "static" / "django_bgsync"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


def get(path=SW, **headers):
    return Client().get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def configuration_in(text: str):
    return json.loads(re.search(r"self\.__bgsync = (\{.*?\});", text)[1])


@pytest.mark.parametrize("path", [SW, "/bgsync/worker.js"])
def test_feeds_are_a_part(path, monkeypatch):
    """The worker of a site without feeds has nothing of them; with them the part comes before the core."""
    part, core = ((BUNDLES / f"bgsync-worker{name}.min.js").read_text().splitlines()[1] for name in ("-feeds", ""))
    text = get(path).content.decode()
    assert 0 < text.index("self.__bgsync") < text.index(part) < text.index(core)

    monkeypatch.setattr(feeds, "registry", Registry())
    assert part not in get(path).content.decode()


def test_headers():
    """A script that is asked for again each time, may control the whole site, and depends on no cookie."""
    response = get()

    assert response.status_code == 200
    assert response["Content-Type"] == "text/javascript"
    assert response["Cache-Control"] == "no-cache"
    assert response["Service-Worker-Allowed"] == "/"
    assert re.fullmatch(r'"[0-9a-f]{32}"', response["ETag"])
    assert "Vary" not in response
    assert not response.cookies


def test_body():
    """Configuration first, then the bundle, without the comment that names its source map."""
    text = get().content.decode()
    bundle = (BUNDLES / "bgsync-worker.min.js").read_text()
    version = configuration_in(text).pop("version")

    assert configuration_in(text) == {
        "base": "/bgsync/",
        "scope": "/",
        "csrfCookie": "csrftoken",
        "csrfHeader": "X-CSRFTOKEN",
        "maxAge": 30 * 24 * 3_600_000,
        "lifecycle": True,
        "version": version,
    }
    assert re.fullmatch("[0-9a-f]{16}", version)
    assert text.index("self.__bgsync") < text.index(bundle.splitlines()[1])
    assert "sourceMappingURL" not in text


def test_debug(settings):
    """With DEBUG the readable bundle is served."""
    settings.DEBUG = True

    assert (BUNDLES / "bgsync-worker.js").read_text().splitlines()[1] in get().content.decode()


def test_parts(monkeypatch):
    """What this site needs beside the core stands between it and the configuration, and makes another version."""
    bundles = {"bgsync-worker": "core();", "bgsync-worker-needed": "needed();", "bgsync-worker-spare": "spare();"}
    monkeypatch.setattr(service_worker, "_bundle", lambda name, *, readable: bundles[name])
    monkeypatch.setattr(service_worker, "PARTS", {})
    without = configuration_in(get().content.decode())["version"]
    monkeypatch.setattr(service_worker, "PARTS", {"needed": lambda: True, "spare": lambda: False})
    text = get().content.decode()

    assert re.search(r"self\.__bgsync = .*\bneeded\(\);\s+core\(\);", text, re.DOTALL)
    assert "spare" not in text
    assert configuration_in(text)["version"] != without


def test_names_of_the_project(settings):
    """The worker is told the project's own cookie, header, scope and prefix."""
    settings.CSRF_COOKIE_NAME = "token"
    settings.CSRF_HEADER_NAME = "HTTP_X_MY_TOKEN"
    settings.BGSYNC = {"CLIENT_MAX_AGE": 60, "SERVICE_WORKER": {"SCOPE": "/shop/"}}
    response = get()
    configuration = configuration_in(response.content.decode())

    assert response["Service-Worker-Allowed"] == "/shop/"
    assert configuration["maxAge"] == 60_000
    assert (configuration["csrfCookie"], configuration["csrfHeader"], configuration["scope"]) == (
        "token",
        "X-MY-TOKEN",
        "/shop/",
    )


def test_configuration_cannot_end_the_script(settings):
    """Whatever the project's names hold, the configuration stays one statement."""
    settings.CSRF_COOKIE_NAME = "</script>\u2028\"'"

    text = get().content.decode()
    assert "</script>\u2028" not in text
    assert configuration_in(text)["csrfCookie"] == "</script>\u2028\"'"


def test_same_for_everybody(device):
    """A signed-in user, a visitor and a machine get the same body and the same ETag."""
    mine, nobodys = device.http.get(SW), get(Accept_Language="fr", Authorization="Basic eDp5")

    assert (mine.content, mine["ETag"]) == (nobodys.content, nobodys["ETag"])
    assert "Vary" not in mine
    assert b"ada" not in re.search(rb"self\.__bgsync.*", mine.content)[0]


def test_no_database():
    """The worker is served without asking the database (this test may not)."""
    assert get().status_code == 200


def test_not_modified():
    """Who has this body already is told so, weak or strong."""
    etag = get()["ETag"]
    again = get(If_None_Match=etag)

    assert (again.status_code, again.content, again["ETag"], again["Cache-Control"]) == (304, b"", etag, "no-cache")
    assert get(If_None_Match=f"W/{etag}").status_code == 304
    assert get(If_None_Match='"other"').status_code == 200


def test_etag_follows_the_body(settings):
    """Another configuration is another ETag."""
    before = get()["ETag"]
    settings.CSRF_COOKIE_NAME = "token"

    assert get()["ETag"] != before


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("OPTIONS", 200), ("POST", 405), ("DELETE", 405)])
def test_methods(method, status):
    """Only reading is allowed."""
    assert Client().generic(method, SW).status_code == status


def test_login_required_middleware(settings, visitor):
    """LoginRequiredMiddleware does not redirect the worker: a browser refuses one that was redirected."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_REQUIRED]

    assert visitor.http.get(SW).status_code == 200


def test_removal_worker(settings):
    """ENABLED False serves a worker that takes the place of the former one and removes itself."""
    before = get()["ETag"]
    settings.BGSYNC = {"SERVICE_WORKER": {"ENABLED": False}}
    response = get()
    text = response.content.decode()

    assert (response.status_code, response["Content-Type"]) == (200, "text/javascript")
    assert "self.registration.unregister()" in text
    assert "skipWaiting" in text
    assert "__bgsync" not in text
    assert response["ETag"] != before


def test_template_can_be_extended(settings, tmp_path):
    """A project's template of the same name may extend ours: its blocks stand where the contract says."""
    place = tmp_path / "django_bgsync" / "service_worker.js"
    place.parent.mkdir()
    place.write_text(
        '{% extends "django_bgsync/service_worker.js" %}'
        "{% block before %}/* first */{% endblock %}"
        "{% block extra %}/* last {{ request }}{{ user }} */{% endblock %}"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    text = get().content.decode().strip()

    assert text.startswith("/* first */")
    assert text.endswith("/* last  */")


def test_at_the_root(settings):
    """The view can be served at the root, where the scope needs no header; it knows the package's prefix."""
    settings.ROOT_URLCONF = "tests.app.root_urls"
    text = get("/sw.js").content.decode()

    assert configuration_in(text)["base"] == "/deep/er/"
    assert reverse("django_bgsync:service-worker") == "/deep/er/sw.js"


def test_under_a_script_prefix():
    """A site below a path of its server tells its worker so."""
    with override_script_prefix("/site/"):
        assert configuration_in(get().content.decode())["base"] == "/site/bgsync/"


def test_worker_and_page_agree(device: Device):
    """The addresses that the worker is told are those that answer."""
    base = configuration_in(get().content.decode())["base"]

    assert device.http.get(f"{base}v1/session/").status_code == 200


def test_worker_to_import():
    """worker.js is the same without a life cycle of its own."""
    text = get("/bgsync/worker.js").content.decode()

    assert configuration_in(text) == {**configuration_in(get().content.decode()), "lifecycle": False}


def test_nothing_to_import(settings):
    """Switched off, worker.js must not remove the worker that imports it."""
    settings.BGSYNC = {"SERVICE_WORKER": {"ENABLED": False}}

    assert "addEventListener" not in get("/bgsync/worker.js").content.decode()
