"""A post with a photo, from the form to the site's media folder, in every engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import faults
from .clock import with_shim
from .engines.page import Browser, Page
from .person import await_shown, press, sign_in, stored, write
from .proxy import Proxy
from .site import Site
from .test_example_posts import NO_STORAGE, REASON
from .waiting import wait_until

ICON = Path(__file__).resolve().parents[2] / "static/example/icon-192.png"
PHOTO = ICON.read_bytes() + bytes(range(256)) * 1200
"""A picture, and more than one chunk on either side."""
PICTURE = "document.querySelector('#posts li .post-photo')"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A file on the device, with a name as cameras give them."""
    return photo_named(tmp_path, "me.PNG")


def test_photo_is_published(site: Site, proxy: Proxy, tab: Page, photo: Path) -> None:
    """The file that was chosen is the file that the site has, byte for byte."""
    write_with_photo(tab, "look at this", photo)
    tab.wait_for(f"{PICTURE}.naturalWidth === 192")
    await_shown(tab, "look at this", "sent")

    assert photos(site) == [PHOTO]
    assert stored(tab, "files") == 0
    tab.reload()
    assert tab.evaluate(f"{PICTURE}.getAttribute('src')") == f"/media/{photo_paths(site)[0]}"


def test_photo_survives_a_reload(site: Site, proxy: Proxy, tab: Page, photo: Path) -> None:
    """Written without a connection, sent by a page that was opened later, when the file itself has long been deleted.

    Answers that are lost make no second one.
    """
    down = proxy.on("POST", "/bgsync/", faults.drop)
    write_with_photo(tab, "from the cellar", photo)
    photo.unlink()
    tab.reload()
    await_shown(tab, "from the cellar", "pending")
    assert stored(tab, "files") == 1
    assert photo_paths(site) == []

    lossy = proxy.on("POST", "/bgsync/", faults.swallow)
    down.lift()
    wait_until(lambda: photos(site) == [PHOTO], because="the photo has arrived")
    lossy.lift()
    await_shown(tab, "from the cellar", "sent")
    assert photos(site) == [PHOTO]
    assert stored(tab, "files") == 0


def test_wrong_kind_of_file(site: Site, proxy: Proxy, tab: Page, tmp_path: Path) -> None:
    """What the serializer refuses stays on the device, with its file, until the user discards it."""
    write_with_photo(tab, "run this", photo_named(tmp_path, "virus.exe"))
    await_shown(tab, "run this", "parked")
    assert "exe" in tab.evaluate(REASON)
    assert stored(tab, "files") == 1

    press(tab, "Discard")
    await_shown(tab, "run this", None)
    assert stored(tab, "files") == 0
    assert photo_paths(site) == []


def test_photo_without_outbox(site: Site, proxy: Proxy, engine: Browser, photo: Path) -> None:
    """The form is an ordinary one."""
    proxy.on("GET", "/", with_shim(NO_STORAGE))
    tab = engine.open()
    sign_in(tab, proxy.url)
    write_with_photo(tab, "the plain way", photo)
    await_shown(tab, "the plain way", "sent")

    assert photos(site) == [PHOTO]


def photo_named(directory: Path, name: str) -> Path:
    path = directory / name
    path.write_bytes(PHOTO)
    return path


def write_with_photo(tab: Page, text: str, photo: Path) -> None:
    tab.choose("#post-form [name=photo]", photo)
    write(tab, text)


def photo_paths(site: Site) -> list[str]:
    return [row["photo"] for row in site.rows("SELECT photo FROM posts_post")]


def photos(site: Site) -> list[bytes]:
    return [(site.files / "media" / path).read_bytes() for path in photo_paths(site)]
