"""`item.user` is one object for all items of a user: what a handler did to it stays or goes with its writes."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError

from django_bgsync import Rejected, RetryLater
from django_bgsync.upkeep import sweep
from tests.app.models import Seat
from tests.deliveries import history_of, make_item


def names():
    return get_user_model().objects.values_list("first_name", "last_name").get(username="ada")


def sign(item):
    item.user.first_name += "x"
    item.user.save()


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize(
    "error", [Rejected("no"), RetryLater(60), KeyError("x")], ids=lambda error: type(error).__name__
)
def test_what_was_undone_is_not_saved_by_the_next(device, handler, mode, error):
    """The user of an item that was refused is as before it, for the next item, too."""

    @handler("first", mode=mode)
    def first(item):
        sign(item)
        raise error

    @handler("second", mode=mode)
    def second(item):
        item.user.last_name = "second"
        item.user.save()

    device.send(one := make_item("first"), other := make_item("second"))
    sweep.sweep()

    assert device.ask(other)[0]["status"] == "applied"
    assert device.ask(one)[0]["status"] != "applied"
    assert names() == ("", "second")


def test_what_was_done_is_seen_by_the_next(device, handler):
    """Two items that count up their user count to two."""
    handler("sign")(sign)

    assert [each["status"] for each in device.send(make_item("sign"), make_item("sign"))] == ["applied", "applied"]
    assert names() == ("xx", "")


@pytest.mark.django_db(transaction=True)
def test_shared_transaction_is_done_again(device, handler):
    """What is done again item by item begins with the user as the database has him."""
    handler("sign")(sign)
    handler("bad")(lambda item: Seat.objects.create(name="1A", beside_id=10**6) and None)  # refused at the commit

    one, other = device.send(item := make_item("sign"), make_item("bad"))

    assert (one["status"], other["code"]) == ("applied", "retrying")
    assert names() == ("x", "")
    assert len(history_of(item)) == 1


@pytest.mark.django_db(transaction=True)
def test_conflict_of_the_database(device, handler):
    """So does an item whose transaction the database has chosen as a victim."""
    tries = []

    @handler("sign")
    def sign_and_fail(item):
        sign(item)
        tries.append(item.user.first_name)
        if len(tries) == 1:
            raise OperationalError("database is locked")

    assert device.send(make_item("sign"))[0]["status"] == "applied"
    assert (tries, names()) == (["x", "x"], ("x", ""))


def test_many_that_are_tried_one_by_one(device, handler):
    """So do those that one of them has spoiled for all."""

    @handler("sign", many=True)
    def sign_all(items):
        for item in items:
            sign(item)
        if len(items) > 1:
            raise KeyError("x")
        return [None] * len(items)

    assert [each["status"] for each in device.send(make_item("sign"), make_item("sign"))] == ["applied", "applied"]
    assert names() == ("xx", "")
