"""Charts as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from django.http import Http404, HttpResponse

from django_bgsync.reports.charts import Chart

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def answer(charts: Iterable[Chart], name: str) -> HttpResponse:
    """The chart of this name. Raises Http404."""
    chart = next((chart for chart in charts if chart.name == name), None)
    if chart is None:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{chart.name}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    writer = csv.writer(response)
    writer.writerow(["from", "until", *(cell(column.label) for column in chart.columns)])
    for row in chart.rows:
        writer.writerow([row.start.isoformat(), row.end.isoformat(), *("" if v is None else v for v in row.values)])
    return response


def cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula. See OWASP, CSV injection."""
    return f"'{text}" if text.startswith(_FORMULA) else text
