"""A post with a photo, from the form to the site's media folder."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from . import faults
from .posts_page import PostsPage
from .proxy import Proxy
from .site import Site
from .waiting import wait_until

ICON = Path(__file__).resolve().parents[2] / "static/example/icon-192.png"
PHOTO = ICON.read_bytes() + bytes(range(256)) * 1200
"""A picture, and more than one chunk on either side."""
STORED = "new Promise(done => { const open = indexedDB.open('django-bgsync'); open.onsuccess = () => { \
const count = open.result.transaction('files').objectStore('files').count(); \
count.onsuccess = () => { open.result.close(); done(count.result) } } })"


def test_photo_is_published(site: Site, page: Page) -> None:
    """The file that was chosen is the file that the site has, byte for byte."""
    posts = PostsPage(page, site.url)
    posts.sign_in()
    write_with_photo(posts, "look at this")
    expect(page.locator("#posts li .post-photo")).to_be_visible()
    posts.expect_state("look at this", "sent")

    assert photos(site) == [PHOTO]
    assert page.evaluate(STORED) == 0
    posts.open()
    expect(page.locator("#posts li .post-photo")).to_have_attribute("src", f"/media/{photo_paths(site)[0]}")


def test_photo_survives_a_reload(site: Site, proxy: Proxy, page: Page) -> None:
    """Written without a connection, sent by a page that was opened later; answers that are lost make no second one."""
    posts = PostsPage(page, proxy.url)
    posts.sign_in()
    down = proxy.on("POST", "/bgsync/", faults.drop)
    write_with_photo(posts, "from the cellar")
    posts.open()
    posts.expect_state("from the cellar", "pending")
    assert page.evaluate(STORED) == 1
    assert photo_paths(site) == []

    lossy = proxy.on("POST", "/bgsync/", faults.swallow)
    down.lift()
    wait_until(lambda: photos(site) == [PHOTO], because="the photo has arrived")
    lossy.lift()
    posts.expect_state("from the cellar", "sent")
    assert photos(site) == [PHOTO]
    assert page.evaluate(STORED) == 0


def test_wrong_kind_of_file(site: Site, page: Page) -> None:
    """What the serializer refuses stays on the device, with its file, until the user discards it."""
    posts = PostsPage(page, site.url)
    posts.sign_in()
    write_with_photo(posts, "run this", name="virus.exe")
    posts.expect_state("run this", "parked")
    row = page.locator("#posts li[data-state=parked]")
    expect(row.locator(".reason")).to_contain_text("exe")
    assert page.evaluate(STORED) == 1

    row.get_by_role("button", name="Discard").click()
    expect(row).to_have_count(0)
    assert page.evaluate(STORED) == 0
    assert photo_paths(site) == []


def test_photo_without_outbox(site: Site, page: Page) -> None:
    """The form is an ordinary one."""
    page.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    posts = PostsPage(page, site.url)
    posts.sign_in()
    write_with_photo(posts, "the plain way")
    posts.expect_state("the plain way", "sent")

    assert photos(site) == [PHOTO]


def write_with_photo(posts: PostsPage, text: str, name: str = "me.PNG") -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": PHOTO}
    posts.page.set_input_files("#post-form [name=photo]", file)
    posts.write(text)


def photo_paths(site: Site) -> list[str]:
    return [row["photo"] for row in site.rows("SELECT photo FROM posts_post")]


def photos(site: Site) -> list[bytes]:
    return [(site.files / "media" / path).read_bytes() for path in photo_paths(site)]
