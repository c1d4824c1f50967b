"""Views that run at most once for each key. Each leaves an Effect before it does anything else."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_protect
from rest_framework import exceptions, viewsets
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.views import APIView

from django_bgsync import Rejected, idempotent
from tests.app.models import Effect, Seat

ORDER = uuid.UUID("00000000-0000-4000-8000-000000000001")
BOOKED = {"zebra": 1, "apple": "ripe"}


def book(**seen: Any) -> None:
    Effect.objects.create(item=ORDER, seen=seen)


def with_cookie(request: HttpRequest) -> HttpResponse:
    response = JsonResponse(BOOKED, status=201)
    response.set_cookie("seen", "1")
    response["Location"] = "/orders/1/"
    response["X-Other"] = "other"
    return response


def raising(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        raise error

    return answer


def swallow(request: HttpRequest) -> HttpResponse:
    for _ in range(2):
        try:
            Seat.objects.create(name="1A")
        except IntegrityError:
            return HttpResponse("taken")
    return HttpResponse("free")


def fail_after_the_commit(request: HttpRequest) -> HttpResponse:
    transaction.on_commit(lambda: 1 / 0)
    return HttpResponse("committed")


def exit_process(request: HttpRequest) -> HttpResponse:
    raise SystemExit(3)


ANSWERS: dict[str, Callable[[HttpRequest], Any]] = {
    "json": with_cookie,
    "text": lambda request: HttpResponse("ünï", content_type="text/plain; charset=utf-8"),
    "latin": lambda request: HttpResponse("é€".encode(), content_type="text/csv; charset=iso-8859-1"),
    "utf-16": lambda request: HttpResponse("ab", content_type="text/plain; charset=utf-16-le"),
    "unknown charset": lambda request: HttpResponse(b"abc", content_type="text/plain; charset=x-foo"),
    "compressed": lambda request: HttpResponse(gzip.compress(b"abc"), headers={"Content-Encoding": "gzip"}),
    "bytes": lambda request: HttpResponse(b"\xff\x00\xfe", content_type="image/png"),
    "nothing": lambda request: HttpResponse(status=204, headers={}),
    "redirect": lambda request: redirect("/orders/"),
    "template": lambda request: TemplateResponse(request, "admin/404.html"),
    "the most": lambda request: HttpResponse("x" * 256 * 1024),
    "control characters": lambda request: HttpResponse("\x01" * 256 * 1024),
    "too much": lambda request: HttpResponse("x" * (256 * 1024 + 1)),
    "stream": lambda request: StreamingHttpResponse(iter([b"a", b"b"])),
    "400": lambda request: HttpResponse("bad", status=400),
    "403": lambda request: HttpResponse("no", status=403),
    "401": lambda request: HttpResponse("who?", status=401),
    "429": lambda request: HttpResponse("slowly", status=429),
    "503": lambda request: HttpResponse("later", status=503),
    "login": lambda request: redirect("/accounts/login/?next=/"),
    "raise 404": raising(Http404("none")),
    "raise 403": raising(PermissionDenied("no")),
    "raise a decision": raising(Rejected("no")),
    "fail": raising(KeyError("text")),
    "return nothing": lambda request: None,
    "swallow an error": swallow,
    "fail after the commit": fail_after_the_commit,
    "exit": exit_process,
}


@idempotent
def order(request: HttpRequest, what: str) -> HttpResponse:
    book(fields=dict(request.POST.items()), files={name: file.read().decode() for name, file in request.FILES.items()})
    return ANSWERS[what](request)


@idempotent(required=True)
def order_with_key(request: HttpRequest) -> HttpResponse:
    book()
    return JsonResponse(BOOKED)


@idempotent
@login_required
def order_as_member(request: HttpRequest) -> HttpResponse:
    book()
    return JsonResponse(BOOKED)


@idempotent
@csrf_protect
def order_protected(request: HttpRequest) -> HttpResponse:
    book()
    return JsonResponse(BOOKED)


@method_decorator(idempotent, name="dispatch")
class OrderView(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("form")

    def post(self, request: HttpRequest) -> HttpResponse:
        book()
        return JsonResponse(BOOKED)


DRF_ANSWERS: dict[str, Any] = {
    "201": lambda: Response(BOOKED, status=201),
    "invalid": exceptions.ValidationError({"text": ["Too loud."]}),
    "forbidden": exceptions.PermissionDenied("Members only."),
    "unknown": exceptions.NotFound(),
    "not authenticated": exceptions.NotAuthenticated(),
    "throttled": exceptions.Throttled(wait=5),
    "fail": KeyError("text"),
}


def answer(request: Any) -> Response:
    book(data=request.data)
    found = DRF_ANSWERS[request.query_params.get("what", "201")]
    if isinstance(found, Exception):
        raise found
    return found()


@api_view(["POST", "PUT"])
@idempotent
def api_order(request: Any) -> Response:
    return answer(request)


@method_decorator(idempotent, name="dispatch")
class OrderApi(APIView):
    def post(self, request: Any) -> Response:
        return answer(request)


class Nosy(BasePermission):
    """Reads the body before the view does."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return request.data is not None


@api_view(["POST"])
@permission_classes([Nosy])
@idempotent
def api_order_read_before(request: Any) -> Response:
    return answer(request)


class OrderViewSet(viewsets.ViewSet):
    @idempotent
    def create(self, request: Any) -> Response:
        return answer(request)

    @method_decorator(idempotent)
    def destroy(self, request: Any, pk: str) -> Response:
        book(pk=pk)
        return Response(status=204)
