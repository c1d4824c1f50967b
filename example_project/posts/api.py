from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_bgsync import idempotent

from .models import Post


class ThanksView(APIView):
    """An endpoint as any site has it. The page calls it with `fetch`; what nobody answers, the service worker keeps."""

    permission_classes = [IsAuthenticated]

    @idempotent
    def post(self, request: Request, pk: UUID) -> Response:
        post = get_object_or_404(Post, pk=pk)
        post.thanked_by.add(request.user)
        return Response({"thanks": post.thanked_by.count()})
