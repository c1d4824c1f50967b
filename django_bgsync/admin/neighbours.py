"""Links from a row to those that it names."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.readonly import link_to
from django_bgsync.models import Delivery, SyncClient, SyncTag
from django_bgsync.printing import short, visible


class Neighbours:
    """Columns for models with a tag, a client, a delivery or a code."""

    @admin.display(description=_("code"))
    def shown_code(self, row: Any) -> str:
        return visible(row.code)

    @admin.display(description=_("tag"))
    def tag_link(self, row: Any) -> SafeString | str:
        return link_to(SyncTag, row.tag_id, row.tag_id)

    @admin.display(description=_("client"))
    def client_link(self, row: Any) -> SafeString | str:
        return link_to(SyncClient, row.client_id, short(row.client.client_id) if row.client else "-")

    @admin.display(description=_("delivery"))
    def delivery_link(self, row: Any) -> SafeString | str:
        return link_to(Delivery, row.delivery_id, short(row.delivery_id))
