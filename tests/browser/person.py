"""What a person does and sees on the example's posts page, in any engine."""

from __future__ import annotations

import json
from typing import Any

from .engines.page import Browser, Page
from .waiting import wait_until

KNOW_WHO_IT_IS = "bgsync.flush()"  # a flush waits for the page's question whose session this is
TYPE = """new Promise(typed => {
    const worker = navigator.serviceWorker;
    if (!worker || worker.controller) typed();
    else worker.addEventListener("controllerchange", typed, {once: true});
    setTimeout(typed, 600);
}).then(() => undefined)"""
"""Nobody types a name and a password before the first worker is there, if one comes at all."""
SIGN_IN = f"""{TYPE}.then(() => {{
    for (const input of document.querySelectorAll("[name=username], [name=password]")) input.value = %s;
    document.querySelector("main form").submit();
}})"""
SIGN_OUT = "void document.querySelector('header button[type=submit]').click()"
SIGN_IN_UNNOTICED = """(async () => {
    const post = (path, fields) => {
        const csrfmiddlewaretoken = document.cookie.match(/csrftoken=(\\w+)/)[1];
        const body = new URLSearchParams({...fields, csrfmiddlewaretoken});
        return fetch(`/accounts/${path}/`, {method: "POST", redirect: "manual", body});
    };
    await post("logout", {});
    await post("login", %s);
})()"""
FILL = "void (document.querySelector('#post-form [name=text]').value = %s)"
PUBLISH = "void document.querySelector('#post-form [type=submit]').click()"
PRESS = """void [...document.querySelectorAll('#posts [data-action]')]
    .find(button => button.textContent === %s && button.checkVisibility()).click()"""
STORED = """new Promise(done => {
    indexedDB.open("django-bgsync").onsuccess = ({target: {result}}) => {
        const counting = result.transaction(%(store)s).objectStore(%(store)s).count();
        counting.onsuccess = () => { result.close(); done(counting.result); };
    };
})"""
STATES = "bgsync.list({}).then(items => Object.fromEntries(items.map(item => [item.payload.text, item.state])))"


def sign_in(tab: Page, url: str, user: str = "demo") -> None:
    """Sign in; return when the posts page knows whose session it is."""
    tab.goto(f"{url}/accounts/login/?next=/posts/")
    tab.evaluate(SIGN_IN % json.dumps(user))
    tab.wait_for("document.readyState === 'complete' && location.pathname === '/posts/' && !!window.bgsync")
    tab.evaluate(KNOW_WHO_IT_IS)


def sign_out(tab: Page) -> None:
    tab.evaluate(SIGN_OUT)
    tab.wait_for("document.readyState === 'complete' && location.pathname === '/accounts/login/'")


def sign_in_unnoticed(tab: Page, user: str = "demo") -> None:
    """Out, and in anew, without any page noticing: the cookies change under them."""
    tab.evaluate(SIGN_IN_UNNOTICED % json.dumps({"username": user, "password": user}))


def visit(browser: Browser, url: str) -> Page:
    """Open the posts page and leave it alone: what is sent then is sent by itself."""
    tab = browser.open()
    tab.goto(f"{url}/posts/")
    return tab


def open_posts(browser: Browser, url: str) -> Page:
    """The same; return when it knows whose session it has, and has tried to send what waits."""
    tab = visit(browser, url)
    tab.evaluate(KNOW_WHO_IT_IS)
    return tab


def await_worker(tab: Page) -> None:
    """Return when the service worker is active."""
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")


def write(tab: Page, text: str) -> None:
    """Write a post and press the button; return when the page shows it."""
    tab.evaluate(FILL % json.dumps(text))
    tab.evaluate(PUBLISH)
    wait_until(lambda: shown(tab, text), because=f"the page shows {text!r}")


def press(tab: Page, button: str) -> None:
    """Press the first button of a post with this text that can be seen."""
    tab.evaluate(PRESS % json.dumps(button))


def enqueue(tab: Page, text: str, **options: Any) -> str:
    """Return the item's id as soon as the page says that the item is safe."""
    arguments = f"{json.dumps({'text': text})}, {json.dumps(options)}"
    return tab.evaluate(f"bgsync.enqueue('post', {arguments}).then(receipt => receipt.id)")


def flush(tab: Page) -> None:
    """Press "send now" and wait until it has been tried."""
    tab.evaluate("bgsync.flush()")


def flush_until_empty(tab: Page) -> None:
    """Press "send now" again and again, as an impatient person does."""
    wait_until(lambda: flush(tab) or not states(tab), because="the outbox is empty", timeout=60)


def states(tab: Page) -> dict[str, str]:
    """The state of each item in the outbox, by its text."""
    return tab.evaluate(STATES)


def stored(tab: Page, store: str) -> int:
    """How many rows the device has in this store, whoever's they are and whoever is signed in."""
    return tab.evaluate(STORED % {"store": json.dumps(store)})


def await_states(tab: Page, expected: dict[str, str], *, timeout: float = 30) -> None:
    """Wait until the current owner's outbox holds exactly this."""
    wait_until(lambda: states(tab) == expected, because=f"the outbox holds {expected}", timeout=timeout)


def await_shown(tab: Page, text: str, state: str | None) -> None:
    """Wait until the page shows the post like this."""
    wait_until(lambda: shown(tab, text) == state, because=f"the page shows {text!r} as {state}", timeout=30)


def await_status(tab: Page, text: str) -> None:
    """Wait until the status in the page's head says this."""
    tab.wait_for(f"document.querySelector('bgsync-status').textContent.includes({json.dumps(text)})")


def shown(tab: Page, text: str) -> str | None:
    """How the page shows a post: pending, sent, blocked or parked; None if not at all."""
    rows = f"[...document.querySelectorAll('#posts li')].find(row => row.textContent.includes({json.dumps(text)}))"
    return tab.evaluate(f"{rows}?.dataset.state")
