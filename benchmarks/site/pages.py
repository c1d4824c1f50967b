"""A page with our script and a worker with Workbox's queue, for the benchmark in the browser."""

from __future__ import annotations

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse

import django_bgsync

STATIC = Path(django_bgsync.__file__).parent / "static/django_bgsync"
PAGE = """<!doctype html><title>benchmark</title>
<script src="/bgsync.min.js" data-base="/bgsync/" data-part-engine="/bgsync-engine.min.js" defer></script>
<script src="/page.js" defer></script>"""


# Browsers give a page that shares nothing with other sites a clock of 5 µs, others one of 100.
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE, headers=ISOLATED)


def our_script(request: HttpRequest) -> HttpResponse:
    return _script(STATIC / "bgsync.min.js")


def our_engine(request: HttpRequest) -> HttpResponse:
    return _script(STATIC / "bgsync-engine.min.js")


def page_script(request: HttpRequest) -> HttpResponse:
    return _script(Path(__file__).parent.parent / "browser/page.js")


def workbox(request: HttpRequest) -> HttpResponse:
    """The worker that npm has built from benchmarks/browser/worker.js."""
    return _script(Path(os.environ["BGSYNC_BENCH_WORKBOX"]))


def _script(path: Path) -> HttpResponse:
    return HttpResponse(path.read_bytes(), content_type="text/javascript")
