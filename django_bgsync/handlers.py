"""The registry of handlers, and the item that a handler is given.

Projects register in a module `bgsync.py` of any installed app; `DjangoBgsyncConfig.ready` imports them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from django_bgsync.enums import Mode
from django_bgsync.protocol import TAG

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.core.files import File
    from django.forms import BaseForm
    from rest_framework.serializers import BaseSerializer

HandlerFunction = TypeVar("HandlerFunction", bound=Callable[..., Any])


class Registration(Protocol):
    """A function of the project's that is known by a name."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> str:
        """Where the function is."""
        ...


Registered = TypeVar("Registered", bound=Registration)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing the user did, as a handler sees it."""

    id: UUID
    """Minted on the device. Recommended as the primary key of what the handler creates, so that later items can name
    it.
    """
    tag: str
    lane: str
    """The ordered row it belongs to; empty for none."""
    after: UUID | None
    """The item before it in its lane that the device had not seen finished when it sent this one."""
    seq: int | None
    """Its place in the outbox of its device; for display and breaking ties only."""
    payload: Any
    """What the device sent, as parsed JSON."""
    data: Any
    """The serializer's `validated_data`; without a serializer the payload."""
    files: Mapping[str, File[bytes]]
    """What came with it, by the names the device gave. Each is opened when it is first read."""
    user: AbstractBaseUser | AnonymousUser
    client_id: UUID | None
    """Which browser profile sent it; None for a signed-in sender that named none."""
    created_at: datetime | None
    """When the user did it: by the device's clock, corrected by what the server saw of that clock. UTC."""
    received_at: datetime
    """When the server first held it. UTC."""
    attempt: int
    """Which try this is, from 1."""
    idempotency_key: str
    """The same text at every try, and another for every owner, since ids are the senders' choice: hand it on to systems
    outside the database, which see an item at least once.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Handler:
    """One registered function and its options; see `sync_handler`."""

    tag: str
    function: Callable[..., Any]
    serializer: type[BaseSerializer[Any]] | None = None
    form: type[BaseForm] | None = None
    mode: Mode = Mode.INLINE
    many: bool = False
    max_attempts: int = 8
    max_age: timedelta | None = None
    max_bytes: int | None = None
    max_result_bytes: int = 16 * 1024
    permission_classes: Sequence[Any] = ()
    retain_payload: str | timedelta | None = None
    title: str = ""
    description: str = ""

    @property
    def name(self) -> str:
        return self.tag

    @property
    def validates(self) -> bool:
        return self.serializer is not None or self.form is not None

    @property
    def path(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"


class Registry(Mapping[str, Registered]):
    """Functions by name: handlers by tag, feeds."""

    def __init__(self) -> None:
        self._entries: dict[str, Registered] = {}
        self.duplicates: list[tuple[Registered, Registered]] = []
        """Those in use, each with another one of its name that is not. A system check tells of them."""

    def __getitem__(self, name: str) -> Registered:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def register(self, entry: Registered) -> None:
        existing = self._entries.get(entry.name)
        # The same function comes again when its module is reloaded; another one would lose items.
        if existing is not None and existing.path != entry.path:
            self.duplicates.append((existing, entry))
        else:
            self._entries[entry.name] = entry


registry: Registry[Handler] = Registry()


def sync_handler(
    tag: str,
    *,
    serializer: type[BaseSerializer[Any]] | None = None,
    form: type[BaseForm] | None = None,
    mode: str = Mode.INLINE,
    many: bool = False,
    max_attempts: int = 8,
    max_age: timedelta | None = None,
    max_bytes: int | None = None,
    permission_classes: Sequence[Any] | None = None,
    retain_payload: Literal["always", "until_applied"] | timedelta | None = None,
    title: str = "",
    description: str = "",
) -> Callable[[HandlerFunction], HandlerFunction]:
    """Register a function that applies the items of one tag.

    The function gets an `Item` and returns something JSON-serialisable of at most 16 KiB, which the client receives,
    also on every replay. Its database writes, the item's new state and the attempt are committed together, exactly
    once. It may raise `Rejected`, `Conflict`, `RetryLater`, DRF's or Django's `ValidationError` or `PermissionDenied`;
    anything else is rolled back, recorded and tried again, up to `max_attempts` times. Decorators stack: one function
    may serve an old and a new tag.
    """
    if not TAG.fullmatch(tag):
        raise ImproperlyConfigured(f"The tag {tag!r} does not match {TAG.pattern}.")

    def decorate(function: HandlerFunction) -> HandlerFunction:
        registry.register(
            Handler(
                tag=tag,
                function=function,
                serializer=serializer,
                form=form,
                mode=Mode(mode),
                many=many,
                max_attempts=max_attempts,
                max_age=max_age,
                max_bytes=max_bytes,
                permission_classes=permission_classes or (),
                retain_payload=retain_payload,
                title=title,
                description=description,
            )
        )
        return function

    return decorate
