"""What an operation has done, in words: for the operator, and for Django's own log."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from django_bgsync.enums import Operation
from django_bgsync.models import OperatorAction
from django_bgsync.operations import actions, switches
from django_bgsync.operations.selections import Selection


def log(request: HttpRequest, site: admin.AdminSite, action: OperatorAction) -> None:
    """Beside the action, also with the tag or client that it was about."""
    said = f"{action.get_kind_display()} ({action.pk}): {action.reason}".rstrip(": ")
    row = None if action.kind in actions.OF_ITEMS else switches.target(Selection.read(action.selection))
    for logged in filter(None, (action, row)):
        site.get_model_admin(type(logged)).log_change(request, logged, said)


def count(kind: Operation, total: int, *, is_exact: bool) -> str:
    if not is_exact:
        return gettext("more than %d items") % total
    if kind in actions.OF_TAGS:
        return ngettext("%d tag", "%d tags", total) % total
    if kind in actions.OF_CLIENTS:
        return ngettext("%d client", "%d clients", total) % total
    return ngettext("%d item", "%d items", total) % total


def result(action: OperatorAction) -> str:
    counted = count(Operation(action.kind), action.done, is_exact=True)
    text = gettext("%(operation)s: %(count)s.") % {
        "operation": str(action.get_kind_display()).capitalize(),
        "count": counted,
    }
    if action.skipped:
        text += " " + gettext("Left out: %d, changed or tried by somebody else just then.") % action.skipped
    return text
