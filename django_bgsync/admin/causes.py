"""What waits for somebody, with what this person may do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from django_bgsync.admin.operating import OperateLink, operate_links
from django_bgsync.enums import Operation
from django_bgsync.operations.selections import NO_EXCEPTION, PARKED
from django_bgsync.reports.attention import Cause

REMEDIES = (Operation.RETRY, Operation.DISCARD)


def with_remedies(request: HttpRequest, causes: Iterable[Cause]) -> list[tuple[Cause, list[OperateLink]]]:
    return [(cause, operate_links(request, *REMEDIES, **_features(cause))) for cause in causes]


def _features(cause: Cause) -> dict[str, Any]:
    """How an operation names its items."""
    return {"state": PARKED, "tag": cause.tag, "code": cause.code, "exception": cause.exception or NO_EXCEPTION}
