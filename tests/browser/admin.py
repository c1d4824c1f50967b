"""The site's admin, read over HTTP as a superuser's browser reads it."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


@dataclass
class Cell:
    text: str = ""
    href: str = ""


Row = dict[str, Cell]


def page_of(row: Row) -> str:
    """The address of a row's own page: Django links it from the first column, whichever that is."""
    return next(iter(row.values())).href


class Admin:
    """A signed-in session of admin/admin. Use it as a context manager."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/admin/"
        self._session = requests.Session()

    def __enter__(self) -> Admin:
        self._session.get(f"{self._url}login/", timeout=10)
        form = {"username": "admin", "password": "admin", "csrfmiddlewaretoken": self._session.cookies["csrftoken"]}
        self._session.post(f"{self._url}login/", data=form, timeout=10).raise_for_status()
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def page(self, path: str) -> str:
        """The HTML of a page, named by its path: absolute, or under `admin/`."""
        answer = self._session.get(urljoin(self._url, path), timeout=10)
        answer.raise_for_status()
        return answer.text

    def rows(self, model: str, query: str = "") -> list[Row]:
        """The rows of a model's list, each with its cells by column name."""
        table = _ResultList()
        table.feed(self.page(f"django_bgsync/{model}/{query}"))
        return table.rows


class _ResultList(HTMLParser):
    """Reads the table that Django's change list shows; cells carry the class `field-<column>`."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._cell: Cell | None = None
        self._is_inside = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "table" and values.get("id") == "result_list":
            self._is_inside = True
        elif tag == "tr" and self._is_inside:
            self.rows.append({})
        elif tag in ("td", "th") and self._is_inside:
            self._open(values.get("class", "").split())
        elif tag == "a" and self._cell:
            self._cell.href = values["href"]

    def _open(self, classes: list[str]) -> None:
        for name in classes:
            if name.startswith("field-"):
                self._cell = self.rows[-1][name.removeprefix("field-")] = Cell()

    def handle_data(self, data: str) -> None:
        if self._cell:
            self._cell.text += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = None
        elif tag == "table" and self._is_inside:
            self._is_inside = False
            self.rows = [row for row in self.rows if row]  # the head's row has no fields
