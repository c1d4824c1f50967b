"""Reading a request's body."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from django_bgsync.api import body
from django_bgsync.exceptions import TooLarge


class Untouched:
    """A stream that nobody may read."""

    def read(self, *size: int) -> bytes:
        raise AssertionError("the body was read")


def test_announced_too_large():
    """A body that says itself that it is too large is refused before a byte of it is read."""
    request = RequestFactory().post("/", "{}", content_type="application/json", CONTENT_LENGTH=str(2**21))
    request._stream = Untouched()

    with pytest.raises(TooLarge):
        body.read(request)
