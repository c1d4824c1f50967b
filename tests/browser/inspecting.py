"""What a person sees and presses on the inspector's page, in any engine."""

from __future__ import annotations

import json
from typing import Any

from .engines.page import Page
from .waiting import wait_until

PATH = "/bgsync/inspector/"
READ = "document.querySelector('[data-when=read]')?.hidden === false"
ROWS = """[...document.querySelectorAll("tbody[data-id]")].map((row) => {
    const all = (selector) => [...row.querySelectorAll(selector)];
    const shown = (kind) => all(`[data-${kind}]`).find((one) => !one.hidden)?.dataset[kind];
    const text = (name) => row.querySelector(`[data-of=${name}]`)?.textContent ?? "";
    return {
        id: row.dataset.id,
        name: text("name"),
        state: shown("state"),
        next: shown("next"),
        code: text("code"),
        reason: text("reason"),
        sent: Number(text("sent")),
        files: all("[data-of=files] li").map((one) => one.textContent),
    };
})"""
FOCUS = """(() => {
    const focused = document.activeElement;
    return [focused.closest("tbody")?.dataset.id ?? "", focused.dataset.action ?? focused.id];
})()"""


class InspectorPage:
    def __init__(self, tab: Page, url: str) -> None:
        self.tab = tab
        self.url = url

    def open(self) -> None:
        """Return when the page has read the outbox."""
        self.tab.goto(f"{self.url}{PATH}")
        self.tab.wait_for(READ)

    def rows(self) -> list[dict[str, Any]]:
        return self.tab.evaluate(ROWS)

    def await_rows(self, *expected: dict[str, Any]) -> None:
        """Wait until the table has these rows, of which only what is told is compared."""

        def is_so() -> bool:
            rows = self.rows()
            return len(rows) == len(expected) and all(
                row | told == row for row, told in zip(rows, expected, strict=True)
            )

        wait_until(is_so, because=f"the inspector shows {expected}, not {self.rows()}", timeout=30)

    def press(self, action: str, item: str = "") -> None:
        """Press a button with the keyboard's focus on it, as not every engine gives it to what is clicked."""
        row = f"[data-id='{item}'] " if item else ""
        button = f"document.querySelector({json.dumps(f'{row}[data-action={action}]')})"
        self.tab.wait_for(f"{button}?.closest('[hidden]') === null")
        self.tab.evaluate(f"void (({button}).focus(), ({button}).click())")

    def await_said(self, text: str) -> None:
        self.tab.wait_for(f"document.querySelector('[data-of=said]').textContent.includes({json.dumps(text)})")

    def await_focus(self, *expected: str) -> None:
        """Wait until this item's button has the focus, or what has this id."""
        wait_until(lambda: self.tab.evaluate(FOCUS) == list(expected), because=f"{expected} has the focus")

    def contents(self, item: str) -> str | None:
        """What is shown of an item's payload, None while it is not."""
        pre = f"document.querySelector(\"[data-id='{item}'] pre\")"
        return self.tab.evaluate(f"{pre}.closest('[hidden]') ? null : {pre}.textContent")

    def is_shown(self, name: str) -> bool:
        """Whether one of the page's notes is there."""
        return self.tab.evaluate(f"!document.querySelector('[data-if={name}]').hidden")

    def text(self) -> str:
        return self.tab.evaluate("document.body.innerText")
