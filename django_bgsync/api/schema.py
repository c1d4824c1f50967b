"""Serving the description of the API."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from django_bgsync.api.base import ApiView, json_response
from django_bgsync.exceptions import SchemaUnavailable


class SchemaView(ApiView):
    """`GET v1/schema/`: the OpenAPI document of this API. 404 without the extra `openapi`."""

    def get(self, request: Request) -> HttpResponse:
        try:
            from django_bgsync.api.openapi import document
        except ModuleNotFoundError as error:
            raise SchemaUnavailable from error
        return json_response(document(request.path.removesuffix("schema/")))
