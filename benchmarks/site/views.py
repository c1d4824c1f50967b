"""The peer: what one writes by hand, an endpoint that takes one item per request and is idempotent by its id."""

from __future__ import annotations

from django.db import transaction
from rest_framework import serializers, views
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from benchmarks.site.models import Effect, PeerAttempt, PeerItem


class PeerSerializer(serializers.Serializer[PeerItem]):
    id = serializers.UUIDField()
    payload = serializers.JSONField()


class PeerView(views.APIView):
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
