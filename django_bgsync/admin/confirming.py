"""The confirm page: what would be done, to how many, and why. Nothing happens before its button is pressed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin import telling
from django_bgsync.admin.filters import STATES
from django_bgsync.admin.operating import OPENING, may
from django_bgsync.admin.readonly import link_to
from django_bgsync.enums import Operation, TagState
from django_bgsync.exceptions import InvalidSelection
from django_bgsync.identity import uuid7
from django_bgsync.models import OperatorAction, SyncClient, SyncItem, SyncTag
from django_bgsync.operations import actions, switches
from django_bgsync.operations.selections import NO_EXCEPTION, Selection
from django_bgsync.printing import exact, visible

SHOWN = 20
FEATURES = {
    "tag": _("tag"),
    "code": _("code"),
    "state": _("state"),
    "client": _("client"),
    "user": _("user"),
    "delivery": _("delivery"),
    "lane": _("lane"),
    "exception": _("exception"),
    "since": _("finished since"),
    "before": _("finished before"),
    "received_since": _("received since"),
    "received_before": _("received before"),
}


class ConfirmForm(forms.Form):
    """What the operator adds. `token` names the action, so that the second of two clicks finds the first one's."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=255, required=False)
    label = forms.CharField(label=_("Name"), max_length=100, required=False)

    def __init__(self, kind: Operation, data: Any = None, **initial: Any) -> None:
        super().__init__(data, initial={"token": uuid7(), **initial})
        if kind != Operation.RENAME:
            del self.fields["label"]
        self.fields["reason"].required = kind in actions.WITH_REASON


def confirm(request: HttpRequest, site: admin.AdminSite) -> HttpResponse:
    """Ask (GET), then do it (POST)."""
    given = request.POST if request.method == "POST" else request.GET
    kind = given.get("kind", "")
    if kind not in Operation.values:
        return _refuse(request, site, gettext("There is no such operation."))
    kind = Operation(kind)
    try:
        selection = Selection.read(dict(given.lists()))
    except InvalidSelection as error:
        return _refuse(request, site, str(error))
    if not _is_allowed(request, kind, selection):
        raise PermissionDenied
    if not selection:
        return _refuse(request, site, gettext("Nothing is selected."))
    row = None if kind in actions.OF_ITEMS else switches.target(selection)
    form = ConfirmForm(kind, request.POST if request.method == "POST" else None, label=getattr(row, "label", ""))
    if form.is_valid():
        return _do(request, site, kind, selection, form)
    return _ask(request, site, kind, selection, form, row)


def _is_allowed(request: HttpRequest, kind: Operation, selection: Selection) -> bool:
    is_closed = kind in OPENING and SyncTag.objects.filter(pk=selection.tag, state=TagState.CLOSED).exists()
    return may(request, kind, is_closed=is_closed)


def _ask(
    request: HttpRequest,
    site: admin.AdminSite,
    kind: Operation,
    selection: Selection,
    form: ConfirmForm,
    row: SyncTag | SyncClient | None,
) -> HttpResponse:
    total, is_exact = actions.count(kind, selection)
    written = selection.write()
    context = {
        **site.each_context(request),
        "title": str(kind.label).capitalize(),
        "kind": kind,
        "count": telling.count(kind, total, is_exact=is_exact),
        "total": total,
        "left_out": max(0, len(selection.id) - total),
        "is_large": total > actions.AT_ONCE,
        "is_advisory": kind == Operation.REVOKE,
        "user_url": _user_url(request, row) if kind == Operation.REVOKE and isinstance(row, SyncClient) else "",
        "asks_since": kind == Operation.RECOVER and not selection.since,
        "features": [(FEATURES[name], _shown(name, selection)) for name in written if name != "id"],
        "chosen": _chosen(selection),
        "hidden": [(name, value) for name, values in written.items() for value in values],
        "form": form,
        "back": _back(request),
        "opts": OperatorAction._meta,
    }
    return TemplateResponse(request, "admin/django_bgsync/operate.html", context)


def _shown(name: str, selection: Selection) -> str:
    """A feature as an operator reads it: as the filters call it, and by their clock."""
    value = getattr(selection, name)
    if isinstance(value, datetime):
        return exact(value)
    if name == "exception" and value == NO_EXCEPTION:
        return gettext("none")
    return str(dict(STATES).get(value, value)) if name == "state" else visible(value)


def _chosen(selection: Selection) -> list[tuple[UUID, UUID]]:
    """Primary key and item id of the first of those that are named one by one."""
    rows = SyncItem.objects.filter(pk__in=selection.id[:SHOWN]).order_by("pk")
    return list(rows.values_list("pk", "item_id")) if selection.id else []


def _do(
    request: HttpRequest, site: admin.AdminSite, kind: Operation, selection: Selection, form: ConfirmForm
) -> HttpResponse:
    values = form.cleaned_data
    is_new = not OperatorAction.objects.filter(pk=values["token"]).exists()
    action = actions.request(
        kind,
        selection,
        user=request.user,
        reason=values["reason"],
        values={"label": values["label"]} if "label" in values else {},
        pk=values["token"],
    )
    if is_new:
        telling.log(request, site, action)
    if not action.is_over:
        messages.info(request, gettext("This is done in the background."))
        return HttpResponseRedirect(reverse("admin:django_bgsync_operatoraction_change", args=[action.pk]))
    link = link_to(OperatorAction, action.pk, gettext("What was done"))
    level = messages.SUCCESS if action.done else messages.WARNING
    text = telling.result(action)
    messages.add_message(request, level, format_html("{} {}", text, link))
    return HttpResponseRedirect(_back(request))


def _user_url(request: HttpRequest, client: SyncClient) -> str:
    """The page of the client's user, if there is one and this operator may see it."""
    users = get_user_model()
    name, user = f"{users._meta.app_label}_{users._meta.model_name}", client.user_id
    may_view = request.user.has_perm(f"{users._meta.app_label}.view_{users._meta.model_name}")
    if user is None or not may_view or not users._default_manager.filter(pk=user).exists():
        return ""
    try:
        return reverse(f"admin:{name}_change", args=[user])
    except NoReverseMatch:
        return ""


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("admin:app_list", args=["django_bgsync"])


def _refuse(request: HttpRequest, site: admin.AdminSite, sentence: str) -> HttpResponse:
    context = {**site.each_context(request), "title": gettext("This cannot be done"), "sentence": sentence}
    return TemplateResponse(request, "admin/django_bgsync/operate_refused.html", context, status=400)
