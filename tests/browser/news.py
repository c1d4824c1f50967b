"""The example's news: what an editor does, and what the pages of a device say of it."""

from __future__ import annotations

from typing import Any

from .engines.page import Page
from .site import Site
from .waiting import wait_until

FEED = "latest-news"
READ = f"bgsync.feed('{FEED}').read()"
TITLES = f"{READ}.then(({{items}}) => items.map(({{title}}) => title))"


def publish(site: Site, *titles: str) -> None:
    """As the admin would, each article with a change of its own."""
    for title in titles:
        site.execute(
            "INSERT INTO news_article (title, text, published_at, is_withdrawn, change) "
            "SELECT ?, 'text', '2026-11-26 10:00:00', 0, COALESCE(MAX(change), 0) + 1 FROM news_article",
            title,
        )


def withdraw(site: Site, title: str) -> None:
    site.execute(
        "UPDATE news_article SET is_withdrawn = 1, change = (SELECT MAX(change) + 1 FROM news_article) WHERE title = ?",
        title,
    )


def only(site: Site, *titles: str) -> None:
    """Let these be all the news there is."""
    site.execute("DELETE FROM news_article")
    publish(site, *titles)


def register(tab: Page, **options: Any) -> str:
    """What the browser makes of it: registered, unavailable or denied."""
    return tab.evaluate(f"bgsync.periodic.register('{FEED}', {options or '{}'})")


def refresh(tab: Page) -> str:
    return tab.evaluate(f"bgsync.feed('{FEED}').refresh()")


def read(tab: Page) -> list[str]:
    """The titles that this device has, in their order."""
    return tab.evaluate(TITLES)


def await_titles(tab: Page, *titles: str) -> None:
    """Wait until the device has these, and nothing is missing any more, pages of the site included."""
    tab.wait_for(f"{READ}.then(({{updatedAt}}) => updatedAt)")
    wait_until(lambda: read(tab) == list(titles), because=f"the device has {titles}, not {read(tab)}", timeout=30)


def pulls(site: Site) -> list[dict[str, Any]]:
    """Every pull that the server remembers, in order."""
    return site.rows("SELECT * FROM django_bgsync_feedpull ORDER BY started_at")
