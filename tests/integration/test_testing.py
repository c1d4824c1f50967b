"""`django_bgsync.testing`, as a project's tests use it."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.test import Client, TestCase
from django.urls import clear_script_prefix, set_script_prefix

from django_bgsync import testing
from django_bgsync.handlers import registry
from django_bgsync.models import DeliveryAttempt, SyncClient, SyncItem
from django_bgsync.testing import Milestone, assert_applied_once, bgsync_inline, kill_points, killed_at, replay
from tests.app.bgsync import ANSWER
from tests.app.models import Effect
from tests.deliveries import script

__all__ = ["kill_points"]  # a fixture, as in a project's conftest.py


def note() -> dict[str, object]:
    return {"tag": "note", "payload": {"text": "hi"}}


def errand() -> dict[str, object]:
    return {"tag": "background", "payload": None}


@pytest.fixture
def browser(user):
    client = Client()
    client.force_login(user)
    return client


def outcomes() -> list[str]:
    return list(DeliveryAttempt.objects.order_by("number").values_list("outcome", flat=True))


def test_replay(browser):
    """An item without id is given one, and is known when it is delivered again."""
    item = note()
    first, again = replay(browser, item), replay(browser, item)

    assert [(result["id"], result["replayed"], result["result"]) for [result] in (first, again)] == [
        (item["id"], False, ANSWER),
        (item["id"], True, ANSWER),
    ]
    assert SyncClient.objects.count() == 1


def test_replay_with_an_envelope(browser):
    """Members of the delivery can be set."""
    device = str(uuid.uuid4())
    replay(browser, note(), client={"id": device}, trigger="online")

    assert str(SyncClient.objects.get().client_id) == device
    assert DeliveryAttempt.objects.get().trigger == "online"


def test_refused_delivery(browser):
    """A delivery as a whole that is refused fails the test, and says why."""
    with pytest.raises(AssertionError, match=r"refused with 401.*not_authenticated"):
        replay(Client(), note())
    with pytest.raises(AssertionError, match=r"refused with 409.*wrong_owner"):
        replay(browser, note(), owner="nobody")


def test_assert_applied_once(browser):
    """It returns the results, for new items and for old ones."""
    item, other = note(), note()
    replay(browser, item)

    assert [result["result"] for result in assert_applied_once(browser, item, other)] == [ANSWER, ANSWER]
    assert Effect.objects.count() == 2


def test_assert_applied_once_of_a_failure(browser):
    """What is not applied fails the test with its history."""
    with pytest.raises(AssertionError, match=r"Not applied: .*retrying.*\['failed'\]"):
        assert_applied_once(browser, script("fail"))


def test_assert_applied_once_of_two_answers(browser, monkeypatch):
    """Two answers to one item fail the test."""
    item = note()
    replay(browser, item)
    original = testing.deliveries.replay

    def forget(*arguments, **envelope):
        results = original(*arguments, **envelope)
        SyncItem.objects.update(result="2")
        return results

    monkeypatch.setattr(testing.deliveries, "replay", forget)
    with pytest.raises(AssertionError, match="when it was delivered again"):
        assert_applied_once(browser, item)


def test_assert_applied_once_of_two_tries(browser):
    """So does an item that was applied twice."""
    item = note()
    replay(browser, item)
    attempt = DeliveryAttempt.objects.get()
    attempt.pk, attempt.number = uuid.uuid4(), 2
    attempt.save(force_insert=True)

    with pytest.raises(AssertionError, match="Applied 2 times"):
        assert_applied_once(browser, item)


def test_background_without_a_worker(browser):
    """Outside of the block nobody comes."""
    item = errand()

    assert [result["status"] for _ in range(2) for result in replay(browser, item)] == ["accepted", "accepted"]


def test_bgsync_inline(browser):
    """Within it the item is applied as soon as it is accepted; afterwards nobody comes any more."""
    item, late = errand(), errand()
    with bgsync_inline():
        assert [result["status"] for _ in range(2) for result in replay(browser, item)] == ["accepted", "applied"]
    assert [result["status"] for _ in range(2) for result in replay(browser, late)] == ["accepted", "accepted"]


def test_bgsync_inline_finds_what_was_there(browser):
    """What was accepted before is applied at the end of the block at the latest."""
    item = errand()
    replay(browser, item)
    with bgsync_inline():
        pass

    assert replay(browser, item)[0]["status"] == "applied"


def test_kill_points(browser, kill_points):
    """A handler of one insert survives a kill at each point, with batch mates or without."""
    items = note(), note()

    assert [result["result"] for result in kill_points(browser, *items)] == [ANSWER, ANSWER]
    assert Effect.objects.count() == 2


def test_kill_points_of_a_background_item(browser, kill_points):
    """So does one that a worker runs."""
    item = errand()
    with bgsync_inline():
        kill_points(browser, item)

    assert Effect.objects.filter(item=item["id"]).count() == 1


def test_kill_points_find_what_is_wrong(browser, kill_points, request):
    """A handler that does something outside the database does it twice where it was killed behind it."""
    outside = []

    def append(**arguments):
        outside.append(1)

    from django.db.models.signals import post_save

    post_save.connect(append, sender=Effect)
    kill_points(browser, note())
    post_save.disconnect(append, sender=Effect)

    point = request.node.callspec.params["kill_points"]
    behind = {Milestone.AFTER_HANDLER, Milestone.BEFORE_APPLY_COMMIT}
    assert len(outside) == (2 if point in behind else 1)


@pytest.mark.parametrize("milestone", list(Milestone), ids=str)
def test_history_of_a_kill(browser, milestone):
    """Every kill before the commit leaves a lost try, and none after it does."""
    item = note()
    with killed_at(milestone):
        replay(browser, item)
    assert_applied_once(browser, item)

    after = {Milestone.AFTER_APPLY_COMMIT, Milestone.BEFORE_RESPONSE}
    assert outcomes() == (["applied"] if milestone in after else ["lost", "applied"])


def test_handler_without_writes(browser, monkeypatch):
    """Nobody can be killed inside a handler that writes nothing."""
    monkeypatch.setitem(registry._entries, "note", replace(registry["note"], function=lambda item: None))
    item = note()
    with killed_at(Milestone.INSIDE_HANDLER):
        replay(browser, item)
        assert outcomes() == ["applied"]


def test_nobody_is_killed(browser):
    """A point that nobody reaches changes nothing, and neither does one behind the block."""
    with killed_at(Milestone.RECEIVED):
        pass
    item = note()
    replay(browser, item)

    assert outcomes() == ["applied"]


def test_unknown_name():
    """The module offers what it offers."""
    with pytest.raises(AttributeError, match="no attribute 'resume'"):
        _ = testing.resume


class TestInTestCase(TestCase):
    """The same without pytest."""

    def test_kills(self):
        """Each point in turn, with fresh items."""
        from django.contrib.auth import get_user_model

        self.client.force_login(get_user_model().objects.create_user("eve"))
        for milestone in Milestone:
            with self.subTest(milestone):
                item = note()
                with killed_at(milestone):
                    replay(self.client, item)
                assert_applied_once(self.client, item)
                assert Effect.objects.filter(item=item["id"]).count() == 1


@pytest.mark.parametrize("settings_", [{"FORCE_SCRIPT_NAME": "/shop"}, {"SECURE_SSL_REDIRECT": True}])
def test_site_elsewhere(browser, settings, settings_):
    """A site below a prefix, or that redirects to HTTPS, is delivered to as well."""
    for name, value in settings_.items():
        setattr(settings, name, value)
    set_script_prefix(settings_.get("FORCE_SCRIPT_NAME", "") + "/")
    try:
        assert replay(browser, note())[0]["status"] == "applied"
    finally:
        clear_script_prefix()


def test_refusals_are_short(browser, settings):
    """A debug page has a thousand lines."""
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["other.example"]

    with pytest.raises(AssertionError, match="refused with 400") as raised:
        replay(browser, note())
    assert len(str(raised.value)) < 2_000
