"""What an operator does in the admin, in a browser of his own."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


class OperatorDesk:
    """A tab in which admin/admin is signed in."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def sign_in(self) -> None:
        self.page.goto(f"{self.url}/admin/login/?next=/admin/")
        self.page.fill("[name=username]", "admin")
        self.page.fill("[name=password]", "admin")
        self.page.click("[type=submit]")
        self.page.wait_for_url("**/admin/")

    def open_tag(self, tag: str) -> None:
        self.page.goto(f"{self.url}/admin/django_bgsync/synctag/{tag}/change/")

    def open_newest_item(self) -> None:
        self.page.goto(f"{self.url}/admin/django_bgsync/syncitem/")
        self.page.locator("#result_list tbody tr").first.get_by_role("link").first.click()
        self.page.wait_for_url("**/change/**")

    def operate(self, operation: str, reason: str = "") -> None:
        """Follow the page's link, give a reason, press the button, and read that it is done."""
        self.page.get_by_role("link", name=operation, exact=True).click()
        if reason:
            self.page.fill("[name=reason]", reason)
        self.page.locator("#content").get_by_role("button", name=operation, exact=True).click()
        expect(self.page.locator(".messagelist")).to_contain_text(re.compile(f"{operation}: 1 "))
