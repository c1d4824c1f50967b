"""What a person does in a tab of the browser that leaves workers alone."""

from __future__ import annotations

import json

from .cdp import Chromium, Tab
from .posts_page import KNOW_WHO_IT_IS

SIGN_IN = """
for (const input of document.querySelectorAll("[name=username], [name=password]")) input.value = %s;
document.querySelector("main form").submit();
"""


def sign_in(tab: Tab, url: str, user: str = "demo") -> None:
    """Sign in; return when the posts page knows whose session it is."""
    tab.goto(f"{url}/accounts/login/?next=/posts/")
    tab.evaluate(SIGN_IN % json.dumps(user))
    tab.wait_for("document.readyState === 'complete' && location.pathname === '/posts/' && !!window.bgsync")
    tab.evaluate(KNOW_WHO_IT_IS)


def open_posts(chromium: Chromium, url: str) -> Tab:
    tab = chromium.open()
    tab.goto(f"{url}/posts/")
    tab.evaluate(KNOW_WHO_IT_IS)
    return tab


def enqueue(tab: Tab, text: str) -> str:
    """Return the item's id as soon as the page says that the item is safe."""
    return tab.evaluate(f"bgsync.enqueue('post', {json.dumps({'text': text})}).then(receipt => receipt.id)")
