"""One run of a view as the handler of an item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from math import inf
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers.exception import response_for_exception
from django.http import Http404, HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase

from django_bgsync import database, drf
from django_bgsync.applying.results import IN_FLIGHT_RETRY, UNAVAILABLE_RETRY
from django_bgsync.exceptions import BgsyncError, InFlight, Rejected, RetryLater, Unavailable
from django_bgsync.handlers import Handler, Item
from django_bgsync.idempotency import answers
from django_bgsync.models import SyncItem

FOREVER = 2**31
_ANSWERED = (Http404, PermissionDenied, BadRequest, SuspiciousOperation, MultiPartParserError)
"""What Django answers below 500."""


class ViewFailed(BgsyncError):
    """A view raised what becomes a 500. Not the error itself: to the engine some errors are verdicts."""


class _Answered(Exception):
    """A view has made an answer of an exception, and had what it wrote rolled back."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__(response.status_code)
        self.response = response


class ViewRun:
    """Calls the view, at most once: what it did to the request and the session no database would take back."""

    def __init__(self, request: HttpRequest, call: Callable[[], HttpResponseBase]) -> None:
        self.request = request
        self.call = call
        self.was_called = False
        self.is_verdict = False
        self.response: HttpResponseBase | None = None
        self.error: Exception | None = None

    def handler(self, tag: str) -> Handler:
        """It never gives an item up: with its request gone, nobody could open it again."""
        return Handler(
            tag=tag,
            function=self.run,
            max_attempts=FOREVER,
            max_age=timedelta.max,
            max_result_bytes=answers.MAX_WRITTEN,
        )

    def run(self, item: Item) -> dict[str, Any]:
        """What is kept of the answer. An answer that is not kept raises RetryLater, and an error that is, Rejected."""
        if self.was_called:
            raise ViewFailed("The database undid the transaction of this view.")
        self.was_called = True
        try:
            with database.savepoint():
                response = self._called()
        except Exception as error:
            raise self._verdict_on(error) from error
        self._keep(response)
        return answers.write(response)

    def _called(self) -> HttpResponseBase:
        response = drf.complete(self.call(), self.request)
        if not isinstance(response, HttpResponseBase):
            raise TypeError(f"The view returned {type(response).__name__}, which is no response.")
        # With ATOMIC_REQUESTS, DRF marks the transaction of an exception that it answers.
        if getattr(response, "exception", False) and database.connection().needs_rollback:
            raise _Answered(response)
        return response

    def outcome(self, changed: Sequence[SyncItem]) -> HttpResponseBase:
        """What to answer now that the transaction has ended. Raises the view's error if that is not ours to answer."""
        if not changed:
            raise InFlight(retry_after=IN_FLIGHT_RETRY)
        if self.error is not None:
            raise self.error
        if self.response is None or self.is_verdict != changed[0].is_finished:
            raise Unavailable(retry_after=UNAVAILABLE_RETRY)
        if self.is_verdict:
            self.response["X-BGSync"] = "1"
        return self.response

    def _verdict_on(self, error: Exception) -> BgsyncError:
        try:
            response = self._answer_to(error)
            self._keep(response)
        except RetryLater as later:
            return later
        except Exception as unanswered:
            self.error = unanswered
            return ViewFailed(f"{type(unanswered).__qualname__}: {unanswered}")
        text = f"{response.status_code} {type(error).__qualname__}: {error}"
        return Rejected(text, code=f"http_{response.status_code}", extra=answers.write(response))

    def _answer_to(self, error: Exception) -> HttpResponseBase:
        """The response that the framework makes of an exception. Raises those that become a 500."""
        if isinstance(error, _Answered):
            return error.response
        if drf.is_request(self.request):
            return drf.complete(drf.answer_to(error, self.request), self.request)
        if isinstance(error, _ANSWERED):
            return response_for_exception(self.request, error)
        raise error

    def _keep(self, response: HttpResponseBase) -> None:
        self.response = response
        self.is_verdict = answers.is_verdict(response, self.request)
        if not self.is_verdict:
            raise RetryLater(inf, f"The view answered {response.status_code}, which is not kept.")
