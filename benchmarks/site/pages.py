"""A page with our script and a worker with Workbox's queue, for the benchmark in the browser."""

from __future__ import annotations

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse

import django_bgsync

STATIC = Path(django_bgsync.__file__).parent / "static/django_bgsync"
PAGE = """<!doctype html><title>benchmark</title>
<script src="/bgsync.min.js" data-base="/bgsync/" defer></script><script src="/page.js" defer></script>"""


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def our_script(request: HttpRequest) -> HttpResponse:
    return _script(STATIC / "bgsync.min.js")


def page_script(request: HttpRequest) -> HttpResponse:
    return _script(Path(__file__).parent.parent / "browser/page.js")


def workbox(request: HttpRequest) -> HttpResponse:
    """The worker that npm has built from benchmarks/browser/worker.js."""
    return _script(Path(os.environ["BGSYNC_BENCH_WORKBOX"]))


def _script(path: Path) -> HttpResponse:
    return HttpResponse(path.read_bytes(), content_type="text/javascript")
