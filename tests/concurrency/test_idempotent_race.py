"""Many senders of one key at once: the view runs once, and all get its answer."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests.deliveries import Device
from tests.orders import effects, order, refusal, seen, tries

SENDERS = 12

pytestmark = pytest.mark.django_db(transaction=True)


def send_until_answered(device: Device, start: Barrier) -> tuple[int, str, bytes]:
    """What a client does: 409 `in_flight` is the only refusal after which it sends the same request again."""
    try:
        start.wait()
        while (response := order(device)).status_code == 409:
            assert refusal(response) == (409, "in_flight")
            time.sleep(0.1)  # less than Retry-After asks for, so that they keep meeting
        return seen(response)
    finally:
        connection.close()


@pytest.mark.parametrize("is_atomic", [False, True], ids=["autocommit", "ATOMIC_REQUESTS"])
def test_one_key_at_once(is_atomic: bool, django_user_model: Any, monkeypatch: Any) -> None:
    """Twelve requests with one key have one effect, one try in the history, and one answer."""
    user = django_user_model.objects.create_user("ada")
    devices = [Device(user) for _ in range(SENDERS)]
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", is_atomic)
    start = Barrier(SENDERS)
    with ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(send_until_answered, devices, [start] * SENDERS))

    assert set(answers) == {(201, "1", b'{"zebra": 1, "apple": "ripe"}')}
    assert (effects(), tries()) == (1, [(1, "receipt", "applied", "ok")])
