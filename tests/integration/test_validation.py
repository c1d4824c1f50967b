"""What a handler's serializer or form makes of an item: at receipt, and before each run."""

from __future__ import annotations

import pytest
from django import forms
from rest_framework import serializers

from django_bgsync.models import SyncTag
from django_bgsync.upkeep import sweep
from tests.deliveries import effects_of, make_item, read, result, row_of, script
from tests.uploads import upload


def codes(results):
    return [(each["status"], each["code"]) for each in results]


def test_form(device):
    """A form's cleaned data is what the handler gets; repeated names are arrays."""
    item = make_item("form", {"text": " hi ", "colours": ["r", "g"]})

    assert device.send(item) == [result(item, result={"text": "hi", "colours": ["r", "g"]})]


@pytest.mark.parametrize(
    ("payload", "errors"),
    [
        ({}, {"text": ["This field is required."]}),
        ({"text": ["one", "x" * 11]}, {"text": ["Ensure this value has at most 10 characters (it has 11)."]}),
        ([], {"non_field_errors": ["The payload must be an object."]}),
    ],
)
def test_form_refuses(device, payload, errors):
    """What the form refuses is rejected with its messages by field."""
    item = make_item("form", payload)
    problem = {"detail": "This is not valid.", "errors": errors}

    assert device.send(item) == [result(item, "rejected", "invalid", problem=problem)]
    assert effects_of(item) == 0


@pytest.mark.parametrize("value", [5, 1.5, True, {"a": 1}, "x", None, [5]])
def test_form_is_bound_as_if_it_was_posted(device, handler, value):
    """What no form can post is text to its fields, which know nothing else: the user hears that it is not valid."""

    class Day(forms.Form):
        day = forms.DateField()
        address = forms.GenericIPAddressField(required=False)

    handler("day", form=Day)(lambda item: None)

    assert codes(
        device.send(make_item("day", {"day": value}), make_item("day", {"day": "2026-11-27", "address": value}))
    ) == [
        ("rejected", "invalid"),
        ("applied", "ok") if value is None else ("rejected", "invalid"),
    ]


def test_form_with_numbers_and_json(device, handler, settings):
    """Numbers stay numbers, whatever the language writes them like, and JSON is JSON."""
    settings.LANGUAGE_CODE, settings.USE_THOUSAND_SEPARATOR = "de", True

    class Many(forms.Form):
        price = forms.FloatField(localize=True)
        agreed = forms.BooleanField(required=False)
        extra = forms.JSONField()

    handler("many-fields", form=Many)(lambda item: item.data)
    given = {"price": 1.234, "agreed": False, "extra": {"a": [True, 1]}}

    assert device.send(make_item("many-fields", given))[0]["result"] == given


class Short(serializers.Serializer):
    text = serializers.CharField(max_length=5)
    photo = serializers.FileField(required=False)


@pytest.mark.parametrize("options", [{"mode": "background"}, {"mode": "background", "many": True}, {}])
def test_validated_at_receipt(device, handler, options):
    """What is not tried at once is looked at all the same: the user hears at once that it is not valid."""
    ran = []
    handler("short", serializer=Short, **options)(lambda given: ran.append(given))
    SyncTag.objects.create(name="short", state="open" if options else "paused")
    code = "queued" if options else "paused"
    long, short = make_item("short", {"text": "too long"}), make_item("short", {"text": "short"})

    assert codes(device.send(long, short)) == [("rejected", "invalid"), ("accepted", code)]
    assert device.send(long)[0]["problem"]["errors"] == {"text": ["Ensure this field has no more than 5 characters."]}
    assert (row_of(long).attempts, row_of(long).finished_at) == (0, row_of(long).received_at)
    assert ran == []


def test_invalid_in_a_lane(device, handler):
    """What is not valid holds nobody, and what is held is looked at before its turn."""
    handler("short", serializer=Short)(lambda item: None)
    first = script("fail", lane="a")
    long = make_item("short", {"text": "too long"}, lane="a", after=first["id"])
    last = make_item("short", {"text": "short"}, lane="a", after=long["id"])
    device.send(first)

    assert codes(device.send(long, last)) == [("rejected", "invalid"), ("applied", "ok")]


def test_only_a_run_can_tell(device, handler):
    """A serializer that fails otherwise is an error of the run, which is tried again."""

    class Broken(serializers.Serializer):
        def validate(self, data):
            raise KeyError("x")

    handler("broken", serializer=Broken, mode="background")(lambda item: None)

    assert codes(device.send(make_item("broken", {}))) == [("accepted", "queued")]


@pytest.mark.parametrize(("content", "answer"), [(b"pixels", ("accepted", "queued")), (b"", ("rejected", "invalid"))])
def test_files_at_receipt(device, handler, settings, tmp_path, content, answer):
    """A serializer sees the files, and those of a valid item are there for its run."""
    settings.BGSYNC = {"FILE_ROOT": tmp_path}
    handler("short", serializer=Short, mode="background")(lambda item: item.data["photo"].read().decode())
    item = make_item("short", {"text": "short"})

    assert codes(read(upload(device, item, files=[(item, "photo", content)]))["results"]) == [answer]
    sweep.sweep()
    assert device.ask(item)[0]["result"] == ("pixels" if answer[0] == "accepted" else None)
