"""MariaDB (10.11) refuses UUIDs of version 8 whose ninth byte is 0x80; none of ours may be one."""

from __future__ import annotations

import random
from uuid import UUID

import pytest

from django_bgsync.identity import client_key, item_key, uuid7
from django_bgsync.models import SyncItem
from tests.deliveries import make_item

OWNER = "u:1"


def is_refused(key: UUID) -> bool:
    return key.version == 8 and key.bytes[8] == 0x80


def test_our_keys():
    """Of many keys of items and clients none is refused; one in 64 would be."""
    ids = [UUID(int=random.getrandbits(128), version=4) for _ in range(2000)]
    keys = {item_key(OWNER, each) for each in ids}

    assert len(keys) == 2000
    assert not any(is_refused(key) for key in keys | {client_key(OWNER, each) for each in ids})


def test_many_items_are_found_again(device):
    """Every stored item is found under its key, on whatever database."""
    items = [make_item() for _ in range(100)]
    found = device.send(*items)

    assert [each["status"] for each in found] == ["applied"] * 100
    assert SyncItem.objects.in_bulk([item_key(f"u:{device.user.pk}", UUID(item["id"])) for item in items]).keys() == {
        row.pk for row in SyncItem.objects.all()
    }


@pytest.mark.parametrize("member", ["id", "after"])
def test_refused_ids_are_malformed(device, member):
    """Such an id from a client is answered as malformed before any database sees it."""
    refused = str(uuid7())[:14] + "8" + str(uuid7())[15:19] + "80" + str(uuid7())[21:]
    [found] = device.send({**make_item(lane="a"), member: refused})

    assert (found["status"], found["code"]) == ("rejected", "invalid_item")
