"""A later release makes fingerprints in another way: what was sent before is still known."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha512

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from django_bgsync import identity
from django_bgsync.models import ConflictingCopy
from tests.app.bgsync import ANSWER
from tests.deliveries import effects_of, history_of, make_item, result, row_of, script
from tests.orders import effects, order, refusal, seen


@pytest.fixture
def raise_algorithm(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def upgrade() -> None:
        monkeypatch.setitem(identity.ALGORITHMS, "2", lambda parts: sha512(b"|".join(parts)).hexdigest()[:64])
        monkeypatch.setattr(identity, "FINGERPRINT_ALGORITHM", "2")

    return upgrade


@pytest.mark.parametrize("send_count", [1, 2])
def test_replay(device, raise_algorithm, send_count):
    """A replay finds its row and its answer; new items get the new kind of fingerprint."""
    item, new = make_item(payload={"text": "ünï", "n": [1.5, None]}), make_item()
    device.send(item)
    raise_algorithm()

    assert device.send({**item, "send_count": send_count}) == [result(item, result=ANSWER, replayed=True)]
    assert device.send(new) == [result(new, result=ANSWER)]
    assert device.send(new) == [result(new, result=ANSWER, replayed=True)]
    assert [row_of(each).fingerprint[:2] for each in (item, new)] == ["1:", "2:"]
    assert effects_of(item) == 1
    assert not ConflictingCopy.objects.exists()


@pytest.mark.parametrize("change", [{"payload": {"n": 1.0}}, {"lane": "other"}, {"tag": "mirror"}, {"payload": "\0"}])
def test_mismatch(device, raise_algorithm, change):
    """Other content under the same id is still a conflict."""
    item = make_item(payload={"n": 1})
    device.send(item)
    raise_algorithm()

    assert [each["code"] for each in device.send({**item, **change})] == ["payload_mismatch"]
    assert effects_of(item) == 1


def test_user_tries_again(device, raise_algorithm):
    """A parked item of before is opened again."""
    item = script("reject", "apply")
    device.send(item)
    raise_algorithm()

    assert [each["status"] for each in device.send({**item, "retry": 1})] == ["applied"]
    assert [outcome for _, _, outcome, _ in history_of(item)] == ["rejected", "applied"]


def test_older_release_beside_a_newer_one(device, raise_algorithm, monkeypatch):
    """What cannot be compared is not taken for the same."""
    raise_algorithm()
    item = make_item()
    device.send(item)
    monkeypatch.undo()

    assert [each["code"] for each in device.send(item)] == ["payload_mismatch"]


def test_keyed_request(device, raise_algorithm):
    """A key that was used before is answered as before, and refused for another request."""

    def send(content: bytes) -> object:
        return order(device, data={"text": "a", "file": SimpleUploadedFile("a.txt", content)})

    first = seen(send(b"content"))
    raise_algorithm()

    assert seen(send(b"content")) == first
    assert refusal(send(b"Content")) == (422, "payload_mismatch")
    assert effects() == 1
