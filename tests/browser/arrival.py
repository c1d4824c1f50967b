"""The end that every story here must come to: on the server once, and no longer in the outbox."""

from __future__ import annotations

from .site import Site
from .waiting import wait_until


def await_posts(site: Site, texts: list[str], *, author: str = "demo", timeout: float = 30) -> None:
    """Return when these posts of the author are in the site's database; extra ones fail at once."""
    expected = [(author, text) for text in sorted(texts)]

    def have_arrived() -> bool:
        posts = site.posts()
        assert len(posts) <= len(expected), posts
        return posts == expected

    wait_until(have_arrived, because=f"{expected} have arrived", timeout=timeout)


def assert_applied_once(site: Site, texts: list[str], *, author: str = "demo") -> None:
    """One post, one item and one successful attempt for each text, and nothing beside them."""
    assert site.posts() == [(author, text) for text in sorted(texts)]
    items = site.items()
    assert [item["state"] for item in items] == ["applied"] * len(texts)
    applied = [attempt["item_id"] for attempt in site.attempts() if attempt["outcome"] == "applied"]
    assert sorted(applied) == sorted(item["id"] for item in items)
