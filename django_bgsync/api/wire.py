"""The wire format as serializers: for the OpenAPI document only. What is read and written is in `protocol`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from django_bgsync.enums import Context, Disposition, Status, Trigger
from django_bgsync.fields import MAX_COUNT, MAX_INTEGER, MAX_NAME
from django_bgsync.protocol import MAX_AWAITING, TAG

TAG_PATTERN = f"^{TAG.pattern}$"


class Limits(serializers.Serializer[Any]):
    max_items = serializers.IntegerField()
    max_bytes = serializers.IntegerField()
    max_item_bytes = serializers.IntegerField()
    max_files = serializers.IntegerField()
    max_file_bytes = serializers.IntegerField()
    max_delivery_file_bytes = serializers.IntegerField()


class Item(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Minted once by the client; every replay repeats it.")
    tag = serializers.RegexField(TAG_PATTERN, help_text="Names the handler.")
    payload = serializers.JSONField(help_text="What the handler gets.")
    lane = serializers.CharField(max_length=MAX_NAME, required=False, allow_null=True, allow_blank=True)
    after = serializers.UUIDField(required=False, allow_null=True, help_text="The item before it in its lane.")
    seq = serializers.IntegerField(min_value=0, max_value=MAX_INTEGER, required=False, allow_null=True)
    created_at = serializers.DateTimeField(required=False, allow_null=True, help_text="By the device's clock.")
    send_count = serializers.IntegerField(min_value=0, max_value=MAX_COUNT, required=False, allow_null=True)
    retry = serializers.IntegerField(min_value=0, max_value=MAX_COUNT, required=False, allow_null=True)


class Client(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="One browser profile on one device.")
    app_version = serializers.CharField(max_length=MAX_NAME, required=False, allow_null=True, allow_blank=True)
    worker_version = serializers.CharField(max_length=MAX_NAME, required=False, allow_null=True, allow_blank=True)
    capabilities = serializers.DictField(required=False, allow_null=True)
    outbox = serializers.DictField(required=False, allow_null=True)


class Envelope(serializers.Serializer[Any]):
    protocol = serializers.IntegerField(min_value=1, max_value=1)
    client = Client()
    items = Item(many=True)
    owner = serializers.CharField(max_length=MAX_NAME, required=False, allow_null=True, allow_blank=True)
    trigger = serializers.ChoiceField(Trigger.values, required=False, allow_null=True)
    sync_tag = serializers.CharField(max_length=MAX_NAME, required=False, allow_null=True, allow_blank=True)
    last_chance = serializers.BooleanField(required=False, allow_null=True)
    context = serializers.ChoiceField(  # type: ignore[assignment]  # the metaclass takes it for a field of ours
        Context.values, required=False, allow_null=True
    )
    sent_at = serializers.DateTimeField(required=False, allow_null=True)
    awaiting = serializers.ListField(
        child=serializers.UUIDField(), max_length=MAX_AWAITING, required=False, allow_null=True
    )


class Result(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="As the client sent it.")
    status = serializers.ChoiceField(Status.values)
    disposition = serializers.ChoiceField(Disposition.values)
    code = serializers.CharField()
    replayed = serializers.BooleanField()
    result = serializers.JSONField(help_text="What the handler returned.")
    retry_after = serializers.IntegerField(allow_null=True, help_text="Seconds.")
    problem = serializers.DictField(allow_null=True, help_text="Why the item was not applied.")


class Answer(serializers.Serializer[Any]):
    bgsync = serializers.IntegerField(min_value=1, max_value=1)
    delivery = serializers.UUIDField()
    server_time = serializers.DateTimeField()
    owner = serializers.CharField()
    limits = Limits()
    results = Result(many=True)
    settled = Result(many=True)


class Results(serializers.Serializer[Any]):
    results = Result(many=True)
    next = serializers.CharField(required=False, allow_null=True, help_text="The cursor of the page after this one.")


class NamedFeed(serializers.Serializer[Any]):
    name = serializers.CharField()
    min_interval = serializers.IntegerField(help_text="Seconds.")


class FeedPage(serializers.Serializer[Any]):
    bgsync = serializers.IntegerField(min_value=1, max_value=1)
    feed = serializers.CharField()
    owner = serializers.CharField(help_text="Whose page this is.")
    min_interval = serializers.IntegerField(help_text="Seconds.")
    items = serializers.ListField(child=serializers.DictField(), help_text="New or changed, each with its `id`.")
    deleted = serializers.ListField(child=serializers.JSONField(), help_text="Ids; taken out before `items` go in.")
    cursor = serializers.CharField(allow_null=True, help_text="For the next request.")
    more = serializers.BooleanField(help_text="There is another page.")
    reset = serializers.BooleanField(help_text="From this page on it takes the place of everything before.")
    cache = serializers.ListField(child=serializers.CharField(), help_text="Pages of the site to keep.")


class Session(serializers.Serializer[Any]):
    bgsync = serializers.IntegerField(min_value=1, max_value=1)
    authenticated = serializers.BooleanField()
    owner = serializers.CharField(allow_null=True)
    csrf_token = serializers.CharField()
    server_time = serializers.DateTimeField()
    limits = Limits()
    tags = serializers.ListField(child=serializers.CharField())
    feeds = NamedFeed(many=True)


class Problem(serializers.Serializer[Any]):
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    owner = serializers.CharField(required=False, allow_null=True, help_text="Of the session, with `wrong_owner`.")
    limits = Limits(required=False)
    supported = serializers.ListField(child=serializers.IntegerField(), required=False)
