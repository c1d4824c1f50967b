"""What a page's own code does with an API: it calls `fetch`, and knows nothing of us."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .engines.page import Page
from .waiting import wait_until

CALL = """(async () => {
    const token = document.cookie.match(/csrftoken=(\\w+)/)[1];
    const make = %s;
    const {body, headers} = make(token);
    const response = await fetch(%s, {method: %s, body, headers: {"X-CSRFToken": token, ...headers}});
    return {status: response.status, mark: response.headers.get("X-BGSync"), text: await response.text()};
})()"""
STATES = "bgsync.list({}).then(items => items.map(item => [item.payload.method, item.payload.path, item.state]))"


@dataclass(frozen=True)
class Answer:
    """What the page got."""

    status: int
    mark: str | None
    """The header X-BGSync."""
    text: str

    @property
    def is_queued(self) -> bool:
        return self.status == 202 and self.mark == "queued" and json.loads(self.text)["state"] == "queued"


def as_json(**fields: Any) -> str:
    """A body, as a JavaScript function of the CSRF token."""
    text = json.dumps(json.dumps(fields))
    return f"() => ({{body: {text}, headers: {{'Content-Type': 'application/json'}}}})"


def as_form(**fields: str) -> str:
    """The same as a form, with the token in it, as a template has put it there."""
    return f"token => ({{body: new URLSearchParams({{...{json.dumps(fields)}, csrfmiddlewaretoken: token}})}})"


def as_upload(name: str, content: list[int], **fields: str) -> str:
    """The same with a file."""
    return f"""token => {{
        const body = new FormData();
        body.append("csrfmiddlewaretoken", token);
        for (const [key, value] of Object.entries({json.dumps(fields)})) body.append(key, value);
        body.append("photo", new File([Uint8Array.from({content})], {json.dumps(name)}, {{type: "image/png"}}));
        return {{body}};
    }}"""


NOTHING = "() => ({})"


def call(tab: Page, method: str, path: str, body: str = NOTHING) -> Answer:
    return Answer(**tab.evaluate(CALL % (body, json.dumps(path), json.dumps(method))))


def kept(tab: Page) -> list[list[str]]:
    """Method, path and state of everything in the outbox, in the order of writing."""
    return tab.evaluate(STATES)


def await_kept(tab: Page, expected: list[list[str]], *, timeout: float = 30) -> None:
    wait_until(lambda: kept(tab) == expected, because=f"the outbox holds {expected}", timeout=timeout)


def take_control(tab: Page) -> None:
    """Return when the page's requests go through the worker."""
    tab.wait_for("!!navigator.serviceWorker.controller")
