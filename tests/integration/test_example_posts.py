"""The example's posts page as a visitor without JavaScript meets it, and its handler."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.browser.site import ROOT, Installation, Site

from .example_site import Inline, Visitor


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("installation"))
    installation.make()
    return installation


@pytest.fixture(scope="module")
def site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site"), installation) as site:
        yield site


@pytest.fixture
def visitor(site: Site) -> Visitor:
    site.execute("DELETE FROM posts_post")
    visitor = Visitor(site)
    visitor.sign_in()
    return visitor


def test_posts_need_a_login(site: Site):
    """A visitor who is not signed in is led to the login page, and back."""
    assert Visitor(site).get("/").url == f"{site.url}/accounts/login/?next=/posts/"


def test_login_leads_to_the_posts(site: Site):
    """Who signs in lands on the posts page."""
    assert Visitor(site).sign_in().url == f"{site.url}/posts/"


def test_wrong_password_is_said(site: Site):
    """A wrong password brings the form back with a message."""
    answer = Visitor(site).submit("/accounts/login/", username="demo", password="wrong")

    assert 'role="alert"' in answer.text


def test_sign_out(visitor: Visitor):
    """The button in the header ends the session."""
    answer = visitor.submit("/posts/", to="/accounts/logout/")

    assert (answer.url, "sessionid" in visitor.http.cookies) == (f"{visitor.site.url}/accounts/login/", False)


def test_form_works_without_javascript(visitor: Visitor):
    """A plain POST of the form publishes, and the page shows the post as sent."""
    page = visitor.submit("/posts/", text="the old way")

    [(row, state)] = re.findall(r'<li class="card post" data-id="([^"]+)" data-state="(\w+)"', page.text)
    assert (uuid.UUID(row).version, state, visitor.site.posts()) == (4, "sent", [("demo", "the old way")])


def test_newest_post_comes_first(visitor: Visitor):
    """Posts are listed from the newest to the oldest."""
    for text in ("first", "second", "third"):
        page = visitor.submit("/posts/", text=text)

    assert re.findall(r'class="post-text">(\w+)', page.text) == ["third", "second", "first"]


@pytest.mark.parametrize("text", ["", "cheap SPAM", "x" * 1001], ids=["empty", "spam", "long"])
def test_form_validates(visitor: Visitor, text: str):
    """What the form refuses is not published, and the reason stands by the field."""
    page = visitor.submit("/posts/", text=text)

    assert 'class="error" role="alert"' in page.text
    assert visitor.site.posts() == []


@pytest.mark.parametrize("path", ["/accounts/login/", "/posts/"])
def test_nothing_is_inline(visitor: Visitor, path: str):
    """The pages run under a strict Content Security Policy."""
    if path == "/accounts/login/":
        visitor.http.cookies.clear()
    page = visitor.get(path)

    assert (page.url, Inline(page.text).found) == (f"{visitor.site.url}{path}", [])


def test_manifest_and_icons_are_served(visitor: Visitor):
    """The web app manifest leads to icons that exist."""
    link = re.search(r'rel="manifest" href="([^"]+)"', visitor.get("/posts/").text)
    assert link
    manifest = visitor.get(link[1])
    icons = [icon["src"] for icon in manifest.json()["icons"]]

    assert manifest.headers["Content-Type"] == "application/manifest+json"
    assert [visitor.get(f"/static/example/{icon}").status_code for icon in icons] == [200] * len(icons)


def test_handler_publishes_under_the_items_id(visitor: Visitor):
    """An item becomes a post of its author with the item's id."""
    item_id = str(uuid.uuid4())
    answer = visitor.deliver(id=item_id, tag="post", payload={"text": "from the tunnel"})

    assert answer.json() | {"id": item_id, "status": "applied", "result": {"id": item_id}} == answer.json()
    assert visitor.site.posts() == [("demo", "from the tunnel")]
    assert f'data-id="{item_id}" data-state="sent"' in visitor.get("/posts/").text


@pytest.mark.parametrize("payload", [{}, {"text": ""}, {"text": "spam"}, {"text": "x" * 1001}, "text", None])
def test_handler_validates(visitor: Visitor, payload: object):
    """What the form refuses, the handler refuses too."""
    answer = visitor.deliver(id=str(uuid.uuid4()), tag="post", payload=payload)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert visitor.site.posts() == []


def test_handler_refuses_an_id_that_is_taken(visitor: Visitor):
    """Somebody else's item with the id of an existing post changes nothing."""
    item_id = str(uuid.uuid4())
    visitor.deliver(id=item_id, tag="post", payload={"text": "mine"})
    other = Visitor(visitor.site)
    other.sign_in("second")
    answer = other.deliver(id=item_id, tag="post", payload={"text": "yours"})

    assert (answer.json()["status"], answer.json()["code"]) == ("rejected", "id_taken")
    assert visitor.site.posts() == [("demo", "mine")]


def test_thanks(visitor: Visitor):
    """An ordinary endpoint, which counts everybody once."""
    visitor.submit("/posts/", text="a favour")
    other = Visitor(visitor.site)
    other.sign_in("second")
    [post] = re.findall(r'data-id="([^"]+)"', visitor.get("/posts/").text)

    assert [thank(each, post).json() for each in (visitor, visitor, other)] == [{"thanks": n} for n in (1, 1, 2)]
    assert 'aria-pressed="true" hidden>Thanks <span>2</span>' in visitor.get("/posts/").text


def test_thanks_to_nobody(visitor: Visitor):
    """There has to be a post, and somebody who thanks for it."""
    assert thank(visitor, str(uuid.uuid4())).status_code == 404
    visitor.http.cookies.clear()
    assert thank(visitor, str(uuid.uuid4())).status_code == 403


def thank(visitor: Visitor, post: str) -> requests.Response:
    token = visitor.get("/bgsync/v1/session/").json()["csrf_token"]
    url = f"{visitor.site.url}/api/posts/{post}/thanks/"
    return visitor.http.post(url, headers={"X-CSRFToken": token}, timeout=10)


def test_admin_shows_the_posts(visitor: Visitor):
    """The posts are in the stock admin."""
    visitor.submit("/posts/", text="seen by the admin")
    admin = Visitor(visitor.site)
    admin.sign_in("admin")

    assert "seen by the admin" in admin.get("/admin/posts/post/").text


def test_seed_can_be_repeated(site: Site, installation: Installation):
    """A second run changes no user and says nothing."""
    query = "SELECT username, password, is_superuser FROM auth_user ORDER BY username"
    before = site.rows(query)
    said = seed_again(installation, site.database)

    assert (site.rows(query), said) == (before, "")
    assert [row["username"] for row in before] == ["admin", "demo", "second"]


def seed_again(installation: Installation, database: Path) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", "seed_demo"],
        cwd=ROOT,
        env=installation.environment(database),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
