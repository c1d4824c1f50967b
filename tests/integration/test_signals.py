"""Announcements: one for each end of an item and each news of a client, after the commit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.dispatch import Signal
from django.utils import timezone

from django_bgsync.models import SyncClient, SyncItem, SyncTag
from django_bgsync.signals import client_seen, item_applied, item_dead, item_rejected
from tests.deliveries import age_claim, make_due, make_item, script
from tests.orders import order


@pytest.fixture
def heard():
    """The names and items of all announcements, and a receiver that fails at each."""
    found = []
    signals = {"applied": item_applied, "rejected": item_rejected, "dead": item_dead}

    def fail(**arguments):
        raise ValueError("a receiver's own fault")

    listeners = [(signal, fail) for signal in signals.values()]
    for name, signal in signals.items():

        def listen(sender, item, name=name, **arguments):
            assert sender is SyncItem
            found.append((name, str(item.item_id), item.state))

        listeners.append((signal, listen))
    with_listeners(listeners, Signal.connect)
    yield found
    with_listeners(listeners, Signal.disconnect)


def with_listeners(listeners, act):
    for signal, listener in listeners:
        act(signal, listener, **({"weak": False} if act is Signal.connect else {}))


def test_applied(device, heard):
    """An applied item is announced once, and its replay not at all."""
    item = make_item()
    for _ in range(2):
        assert device.send(item)[0]["status"] == "applied"

    assert heard == [("applied", item["id"], "applied")]


def test_rejected(device, heard):
    """What a handler refuses is announced, a conflict or a failure is not."""
    refused = script("reject")
    device.send(refused, script("conflict"), script("fail"))

    assert heard == [("rejected", refused["id"], "rejected")]


def test_rejected_on_receipt(device, heard):
    """What is refused before it is tried is announced as well."""
    SyncTag.objects.create(name="note", state="closed")
    item = make_item()
    device.send(item)

    assert heard == [("rejected", item["id"], "rejected")]


def test_dead(device, heard):
    """An item that failed too often is announced once, as dead."""
    item = script("fail")
    device.send(item)
    for _ in range(2):
        make_due(item)
        device.send(item)

    assert heard == [("dead", item["id"], "rejected")]


def test_dead_by_lost_tries(device, heard):
    """So is one whose last process was lost."""
    item = script("exit")
    for _ in range(3):
        with pytest.raises(SystemExit):
            device.deliver(item)
        age_claim(item)
    device.send(item)

    assert heard == [("dead", item["id"], "rejected")]


@pytest.mark.django_db(transaction=True)
def test_rolled_back(device, heard):
    """What breaks at the commit is announced as what came of it."""
    item = script("point to nobody", "apply")
    device.send(item)
    assert heard == []
    make_due(item)
    device.send(item)
    assert heard == [("applied", item["id"], "applied")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_atomic", [False, True])
def test_after_the_commit(device, heard, monkeypatch, is_atomic):
    """With ATOMIC_REQUESTS too, a view's key is announced when the request is committed."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", is_atomic)
    states = []

    def look(**arguments):
        states.append(connection.in_atomic_block)

    item_applied.connect(look)
    try:
        order(device)
    finally:
        item_applied.disconnect(look)

    assert ([name for name, _, _ in heard], states) == (["applied"], [False])


def test_client_seen(device):
    """A client is announced when it is new, and again when a minute has passed."""
    seen = []

    def listen(sender, client, is_new, **arguments):
        seen.append((sender, str(client.client_id), is_new))

    client_seen.connect(listen)
    try:
        for _ in range(2):
            device.send(make_item())
        SyncClient.objects.update(last_seen=timezone.now() - timedelta(minutes=1))
        device.send(make_item())
    finally:
        client_seen.disconnect(listen)

    assert seen == [(SyncClient, device.id, True), (SyncClient, device.id, False)]
