"""What the admin's templates are made of. Not for the pages of a site."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.contrib.admin.utils import quote
from django.template.context import Context
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_bgsync import printing
from django_bgsync.reports import overview
from django_bgsync.reports.attention import Attention, Cause
from django_bgsync.reports.charts import Chart, Row
from django_bgsync.reports.overview import Overview

register = template.Library()
register.filter("visible", printing.visible)
register.filter("block", printing.block)
register.filter("ends", printing.ends)
register.filter("short", printing.short)
register.filter("exact", printing.exact)


@register.simple_tag
def list_of(model: str, **filters: Any) -> str:
    """The address of the rows of a model that match."""
    url = reverse(f"admin:django_bgsync_{model}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


@register.simple_tag
def page_of(model: str, pk: Any) -> str:
    """The address of one row's page."""
    return reverse(f"admin:django_bgsync_{model}_change", args=[quote(pk)])


@register.simple_tag
def tag_link(name: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', page_of("synctag", name), printing.visible(name))


@register.simple_tag
def client_link(pk: Any, client: Any) -> SafeString | str:
    if pk is None:
        return _("none named")
    if client is None:
        return _("removed")
    text = printing.visible(client.label) or printing.short(client.client_id)
    return format_html('<a href="{}">{}</a>', page_of("syncclient", pk), text)


@register.simple_tag
def list_of_user(pk: Any) -> str:
    """Not by the owner of a row: that may be the visitor that the user was, whose id is a secret."""
    return list_of("syncitem", q=f"u:{pk}")


@register.simple_tag
def list_of_cause(cause: Cause) -> str:
    return list_of("syncitem", tag__name__exact=cause.tag, code__exact=cause.code, exception__exact=cause.exception)


@register.simple_tag
def silent_clients(days: int) -> str:
    return list_of("syncclient", trouble=f"silent{days}")


@register.simple_tag(takes_context=True)
def bgsync_overview(context: Context) -> Overview | None:
    """What the overview shows; None for those who may not see items."""
    return overview.look() if context["request"].user.has_perm("django_bgsync.view_syncitem") else None


@register.simple_tag
def bgsync_causes(attention: Attention, most: int) -> list[tuple[Cause, list[Any]]]:
    """The first causes, without anything to do about them: that is on the page of all."""
    return [(cause, []) for cause in attention.causes[:most]]


@register.inclusion_tag("admin/django_bgsync/chart.html")
def chart(drawn: Chart, csv: str, model: str = "", tag: str = "") -> dict[str, Any]:
    """A chart, its table, and a link to it as CSV. `model` is whose rows of a step of time are linked."""
    rows = [(row, _list_of_row(model, row, tag) if model else "") for row in drawn.rows]
    return {"chart": drawn, "csv": csv, "rows": rows}


def _list_of_row(model: str, row: Row, tag: str) -> str:
    return list_of(model, period=row.period, **({"tag__name__exact": tag} if tag else {}))


@register.filter
def csv_of(name: str, span: str) -> str:
    """The address of a chart of this page as CSV."""
    return "?" + urlencode({"csv": name, **({"span": span} if span else {})})


@register.filter
def ago(instant: datetime | None) -> str:
    """How long ago: "5 min ago"."""
    return _("%s ago") % since(instant) if instant else _("never")


@register.filter
def since(instant: datetime | None) -> str:
    return gap(timezone.now() - instant) if instant else "–"


@register.filter
def seconds(number: float | None) -> str:
    return "–" if number is None else gap(timedelta(seconds=number))


@register.filter
def milliseconds(number: float | None) -> str:
    return "–" if number is None else gap(timedelta(milliseconds=number))


@register.filter
def gap(length: timedelta | None) -> str:
    """About how long, in the largest unit that says it: "3.2 s", "5 min", "2 days"."""
    if length is None:
        return "–"
    seconds = length.total_seconds()
    sign = "−" if seconds < 0 else ""
    return sign + _length(abs(seconds))


def _length(seconds: float) -> str:
    if seconds < 0.9995:
        return _("%d ms") % round(seconds * 1000)
    if seconds < 60:
        return _("%s s") % formats.number_format(seconds, decimal_pos=1 if seconds < 10 else 0)
    if seconds < 3600:
        return _("%d min") % (seconds // 60)
    if seconds < 48 * 3600:
        return _("%s h") % formats.number_format(seconds / 3600, decimal_pos=1 if seconds < 36000 else 0)
    days = int(seconds // 86400)
    return ngettext("%d day", "%d days", days) % days
