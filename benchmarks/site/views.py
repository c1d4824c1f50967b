"""What our endpoint is measured beside."""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.db import transaction
from django.http import HttpResponse
from rest_framework import serializers, views
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks import statements
from benchmarks.site.models import Effect, PeerAttempt, PeerItem
from django_bgsync.api.base import ApiView, json_response
from django_bgsync.identity import uuid7


class PeerSerializer(serializers.Serializer[PeerItem]):
    id = serializers.UUIDField()
    payload = serializers.JSONField()


class PeerView(views.APIView):
    """What one writes by hand: an endpoint that takes one item per request, and is idempotent by its id."""

    permission_classes = (IsAuthenticated,)

    def post(self, request: Request) -> Response:
        serializer = PeerSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with transaction.atomic():
            item, is_new = PeerItem.objects.get_or_create(id=data["id"], defaults={"payload": data["payload"]})
            if is_new:
                PeerAttempt.objects.create(item=item.pk)
                Effect.objects.create(id=item.pk, text=data["payload"]["text"])
        return Response({"id": str(item.pk)})


class StatementsView(ApiView):
    """Our endpoint without our Python: the body is parsed, and then the statements of such a delivery are sent."""

    def post(self, request: Request) -> HttpResponse:
        items = json.loads(request._request.read())["items"]
        recorded = statements.recorded(Path(os.environ[statements.DIRECTORY]) / f"{len(items)}.json")

        def handler() -> None:
            Effect.objects.bulk_create([Effect(id=uuid7(), text=item["payload"]["text"]) for item in items])

        recorded.send(handler)
        return json_response(recorded.answer)
