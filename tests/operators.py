"""Operators at the admin: opening a confirm page and pressing its button."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from django_bgsync.models import OperatorAction

OPERATE = reverse("admin:django_bgsync_operate")


def operator(*codenames: str, name: str = "clerk") -> Client:
    """Somebody of the staff with these permissions; without any: a superuser."""
    users = get_user_model().objects
    user = users.create_user(name, is_staff=True) if codenames else users.create_superuser("root")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    http = Client()
    http.force_login(user)
    return http


def text_of(http: Client, url: str, status: int = 200) -> str:
    response = http.get(url)
    assert response.status_code == status, (url, response.status_code)
    return response.content.decode()


def fields_of(text: str) -> dict[str, list[str]]:
    """The hidden fields of the confirm page's form, which fills in nothing else by itself."""
    form = re.search(r'<form method="post" action="[^"]*operate/">(.*?)</form>', text, re.DOTALL)
    assert form, "There is nothing to confirm."
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[1]):
        fields.setdefault(name, []).append(unescape(value))
    return fields


def confirm(http: Client, url: str, **said: Any) -> HttpResponse:
    """What the server answers to the button of a confirm page."""
    return http.post(OPERATE, {**fields_of(text_of(http, url)), **said})


def last_action() -> OperatorAction:
    return OperatorAction.objects.latest("requested_at")


def page_of(action: OperatorAction) -> str:
    return reverse("admin:django_bgsync_operatoraction_change", args=[action.pk])
