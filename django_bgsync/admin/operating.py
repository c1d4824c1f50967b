"""Where operations begin in the admin: one confirm page for all of them, to which every other page links.

To link to it, name the operation and the rows by their features (`operations.selections.Selection`):

    operate_url("retry", tag="post", code="dead")        all of them
    operate_url("discard", id=[item.pk])                 this one
    operate_url("pause", tag="post")
    operate_url("revoke", client=client.pk)

`operate_links(request, …)` makes the links that this user may follow, for the template
`admin/django_bgsync/operate_links.html` (context: `operations`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from django_bgsync.enums import Operation

PERMISSIONS = {
    Operation.RETRY: "retry_syncitem",
    Operation.RECOVER: "retry_syncitem",
    Operation.DISCARD: "discard_syncitem",
    Operation.RELEASE: "release_syncitem",
    Operation.PAUSE: "pause_synctag",
    Operation.RESUME: "pause_synctag",
    Operation.CLOSE: "close_synctag",
    Operation.REVOKE: "revoke_syncclient",
    Operation.RESTORE: "revoke_syncclient",
    Operation.RENAME: "rename_syncclient",
}
OPENING = (Operation.PAUSE, Operation.RESUME)
"""After these a tag that was closed takes items again."""


class OperateLink(NamedTuple):
    kind: Operation
    url: str

    @property
    def label(self) -> str:
        return str(self.kind.label).capitalize()


def may(request: HttpRequest, kind: Operation, *, is_closed: bool = False) -> bool:
    """Whether this user may do it. `is_closed`: to a closed tag, which only those open again who may close it."""
    permission = PERMISSIONS[Operation.CLOSE if is_closed and kind in OPENING else kind]
    return bool(request.user.has_perm(f"django_bgsync.{permission}"))


def operate_url(kind: str, **features: Any) -> str:
    """The confirm page of an operation on the rows with these features; several `id` as a list.

    `next` is where the user is led afterwards.
    """
    named = {name: _written(value) for name, value in features.items() if value}
    return f"{reverse('admin:django_bgsync_operate')}?{urlencode({'kind': kind, **named}, doseq=True)}"


def operate_links(
    request: HttpRequest, *kinds: Operation, is_closed: bool = False, **features: Any
) -> list[OperateLink]:
    """Links to those of these operations that the user may do; see `may`. They lead back here afterwards."""
    features.setdefault("next", request.get_full_path())
    allowed = [kind for kind in kinds if may(request, kind, is_closed=is_closed)]
    return [OperateLink(kind, operate_url(kind, **features)) for kind in allowed]


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
