"""Everything that can happen to items, in any order, and after each step the promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from django_bgsync import identity, milestones
from django_bgsync.enums import Operation
from django_bgsync.models import DeliveryAttempt, PurgedRange, SyncClient, SyncItem, SyncTag, Tombstone
from django_bgsync.operations import actions, batches
from django_bgsync.operations.selections import PARKED, Selection
from django_bgsync.owners import Owner
from django_bgsync.upkeep import retention, sweep
from tests.app.models import Effect
from tests.deliveries import Device, code_of, make_item
from tests.model.reference import OUTCOMES, Entry, texts

TAGS = ("script", "job")
STEPS = st.lists(st.sampled_from([*sorted(OUTCOMES), "apply", "apply", "fail"]), min_size=1, max_size=3)
PLACES = st.lists(st.integers(0, 99), min_size=1, max_size=6)
"""Which of the known items, counted around: the same may be named twice, in any order."""
DEATHS = st.sampled_from([None] * 8 + list(range(1, 9)))
"""At which milestone the process ends, if it does."""
DAY = 24 * 3600
PAUSES = st.sampled_from([0, 1, 6, 61, 12 * 3600, 12 * 3600])
"""Seconds before a step: a claim is still fresh, a claim is old, a `retry later` is over, every wait is over."""


class Promise(RuleBasedStateMachine):
    @initialize(scripts=st.lists(STEPS, min_size=4, max_size=4))
    def begin(self, scripts: list[list[str]]) -> None:
        self.shift = timedelta(0)
        self.clocks = [
            mock.patch.object(timezone, "now", self.now),
            mock.patch.object(identity, "time", SimpleNamespace(time_ns=lambda: int(self.now().timestamp() * 10**9))),
        ]
        for clock in self.clocks:
            clock.start()
        users = [get_user_model().objects.create_user(f"user {n}") for n in range(2)]
        self.visitor = Device()
        self.devices = [*map(Device, users), self.visitor]
        self.bound: Any = None
        """The user to whom the visitor's items belong."""
        self.entries: list[Entry] = []
        self.paused: dict[str, int] = {}
        for tag in TAGS:
            SyncTag.objects.create(name=tag)
        self._deliver([self._make(0, tag, steps, True) for tag, steps in zip(TAGS * 2, scripts, strict=True)], None)

    def now(self) -> datetime:
        return datetime.now(tz=UTC) + self.shift

    def teardown(self) -> None:
        for clock in self.clocks:
            clock.stop()
        history = (DeliveryAttempt, SyncItem, SyncTag, SyncClient, PurgedRange, Tombstone)
        for model in (*history, Effect, get_user_model()):
            model._default_manager.all().delete()

    # What devices and users do

    @rule(
        who=st.integers(0, 2),
        tag=st.sampled_from(TAGS),
        scripts=st.lists(STEPS, min_size=1, max_size=4),
        in_lane=st.booleans(),
        is_dated=st.booleans(),
        dies_at=DEATHS,
    )
    def send_new(
        self, who: int, tag: str, scripts: list[list[str]], in_lane: bool, is_dated: bool, dies_at: int | None
    ) -> None:
        made = [self._make(who, tag, steps, in_lane, is_dated) for steps in scripts]
        self._deliver(made, dies_at)

    @precondition(lambda self: self.entries)
    @rule(wait=PAUSES, places=PLACES, send_count=st.integers(1, 2), dies_at=DEATHS)
    def send_again(self, wait: int, places: list[int], send_count: int, dies_at: int | None) -> None:
        self._wait(wait)
        self._deliver(self._pick(places), dies_at, send_count=send_count)

    @precondition(lambda self: self.entries)
    @rule(places=PLACES, higher=st.integers(0, 2), dies_at=DEATHS)
    def try_again(self, places: list[int], higher: int, dies_at: int | None) -> None:
        """The user presses the button, perhaps on a device that does not know of the last time."""
        entries = self._pick(places)
        for entry in {entry.id: entry for entry in entries}.values():
            entry.retry += higher
        self._deliver(entries, dies_at)

    @precondition(lambda self: self.entries)
    @rule(place=st.integers(0, 99))
    def send_changed(self, place: int) -> None:
        """Other content under a known id: nothing is run or changed."""
        [entry] = self._pick([place])
        if (row := entry.row()) is None:
            return
        changed = {**entry.document, "payload": [*entry.document["payload"], "apply"]}
        if self._is_refused(entry):
            return
        [result] = self._say(entry, changed).json()["results"]
        assert (result["status"], result["code"]) == ("conflict", "payload_mismatch")
        after = entry.row()
        assert after is not None
        assert (after.payload, after.state, after.attempts) == (row.payload, row.state, row.attempts)

    @precondition(lambda self: self.entries)
    @rule(place=st.integers(0, 99), dies_at=DEATHS)
    def send_as_somebody_else(self, place: int, dies_at: int | None) -> None:
        """Another owner's item with the same id is another item."""
        [entry] = self._pick([place])
        if not entry.document.get("after"):
            other = next(device for device in self.devices if self._reference(device) != entry.owner)
            twin = next(
                (each for each in self.entries if (each.owner, each.id) == (self._reference(other), entry.id)), None
            )
            if twin is None:
                twin = Entry(self._reference(other), dict(entry.document), is_outdated=entry.is_outdated)
                self.entries.append(twin)
            self._deliver([twin], dies_at)

    @precondition(lambda self: self.entries)
    @rule(wait=PAUSES, places=PLACES, dies_at=DEATHS)
    def ask(self, wait: int, places: list[int], dies_at: int | None) -> None:
        self._wait(wait)
        entries = self._pick(places)
        awaiting = list(dict.fromkeys(entry.id for entry in entries))
        response = self._dying(dies_at, lambda: self._say(entries[0], awaiting=awaiting))
        if response is not None and not self._is_refused(entries[0], response):
            asked = {entry.id: entry for entry in entries}
            self._check_answers([asked[item_id] for item_id in awaiting], response, "settled")

    @rule(who=st.sampled_from([0, 1, None]), dies_at=DEATHS)
    def sign_in(self, who: int | None, dies_at: int | None) -> None:
        """On the visitor's device, which names itself as before and sends what it has."""
        self.visitor.http.logout()
        self.visitor.user = None if who is None else self.devices[who].user
        if self.visitor.user is not None:
            self.visitor.http.force_login(self.visitor.user)
        if held := [entry for entry in self.entries if entry.owner == self._reference(self.visitor)]:
            self._deliver(held, dies_at)

    # What happens on the server

    @rule(wait=PAUSES, pass_=st.sampled_from([sweep.sweep, sweep.work]), dies_at=DEATHS)
    def work(self, wait: int, pass_: Callable[[], int], dies_at: int | None) -> None:
        self._wait(wait)
        self._dying(dies_at, pass_)

    @rule(tag=st.sampled_from(TAGS), state=st.sampled_from(["open", "open", "paused", "closed"]))
    def operate(self, tag: str, state: str) -> None:
        SyncTag.objects.filter(pk=tag).update(state=state)
        self.paused.pop(tag, None)
        if state == "paused":
            self.paused[tag] = DeliveryAttempt.objects.filter(tag_id=tag).count()

    @rule(wait=st.sampled_from([0, DAY // 2, DAY + DAY // 2]), who=st.integers(0, 2))
    def prune(self, wait: int, who: int) -> None:
        """Twice, for what the first run declares gone the second one removes. Then a device comes that slept long."""
        self._wait(wait)
        for _ in range(2):
            retention.prune()
        for entry in self.entries:
            entry.may_be_gone(self.now() - timedelta(seconds=DAY))
        if held := [entry for entry in self.entries if entry.owner == self._reference(self.devices[who])]:
            self._deliver(held, None)

    @rule()
    def requeue(self) -> None:
        for entry in self.entries:
            entry.reopen()
        action = actions.request(Operation.RETRY, Selection(state=PARKED), username="operator")
        batches.carry_on(action.pk)

    # The promise

    @invariant()
    def applied_items_have_one_effect_and_no_others_have_any(self) -> None:
        applied = Counter(SyncItem.objects.filter(state="applied").values_list("item_id", flat=True))
        applied += Counter(UUID(entry.id) for entry in getattr(self, "entries", ()) if entry.gone == "applied")
        assert Counter(Effect.objects.values_list("item", flat=True)) == applied

    @invariant()
    def rows_and_histories_agree(self) -> None:
        for entry in getattr(self, "entries", ()):
            row = entry.row()
            found = (
                DeliveryAttempt.objects.filter(item=row).order_by("number") if row else DeliveryAttempt.objects.none()
            )
            entry.check_row(row, list(found.values_list("number", "outcome")))
            entry.check_lane(row)

    @invariant()
    def the_visitors_items_are_tried_for_whom_they_belong_to(self) -> None:
        if hasattr(self, "visitor"):
            rows = SyncItem.objects.of_owner(self._reference(self.visitor)).not_applied()
            assert set(rows.values_list("user_id", flat=True)) <= {self.bound and self.bound.pk}

    @invariant()
    def nothing_of_a_paused_tag_is_tried(self) -> None:
        for tag, attempts in getattr(self, "paused", {}).items():
            assert DeliveryAttempt.objects.filter(tag_id=tag).count() == attempts

    # Parts of the steps

    def _wait(self, seconds: int) -> None:
        if self.shift + timedelta(seconds=seconds) < timedelta(days=6, hours=18):  # after 7 days, RetryLater gives up
            self.shift += timedelta(seconds=seconds)

    def _make(self, who: int, tag: str, steps: list[str], in_lane: bool, is_dated: bool = True) -> Entry:
        owner = self._reference(self.devices[who])
        entry = Entry(owner, make_item(tag, steps))
        if not is_dated:
            entry.document["id"] = str(uuid4())
        if in_lane:
            lane = [each for each in self.entries if each.owner == owner and each.document.get("lane")]
            entry.before = lane[-1] if lane else None
            entry.document |= {"lane": "shop", "after": entry.before and entry.before.id}
        self.entries.append(entry)
        return entry

    def _pick(self, places: list[int]) -> list[Entry]:
        """Of one owner: a device has no items of others."""
        found = [self.entries[place % len(self.entries)] for place in places]
        return [entry for entry in found if entry.owner == found[0].owner]

    def _reference(self, device: Device) -> str:
        return f"c:{device.id}" if device is self.visitor else f"u:{device.user.pk}"

    def _device(self, entry: Entry) -> Device:
        return next(device for device in self.devices if self._reference(device) == entry.owner)

    def _deliver(self, entries: list[Entry], dies_at: int | None, *, send_count: int = 1) -> None:
        for entry in entries:
            entry.ask_again()
        items = [{**entry.document, "send_count": send_count, "retry": entry.retry} for entry in entries]
        response = self._dying(dies_at, lambda: self._say(entries[0], *items))
        if response is not None and not self._is_refused(entries[0], response):
            self._check_answers(entries, response, "results")

    def _say(self, entry: Entry, *items: dict[str, Any], **members: Any) -> Any:
        """One request of the owner of this entry."""
        device = self._device(entry)
        if device is self.visitor:
            members["owner"] = Owner(None, visitor=UUID(device.id)).key
            self.bound = self.bound or device.user
        return device.deliver(*items, **members)

    def _is_refused(self, entry: Entry, response: Any = None) -> bool:
        """The items of a visitor who has become a user are that user's alone."""
        is_refused = self._device(entry) is self.visitor and self.visitor.user != self.bound
        assert not is_refused or response is None or code_of(response) == (409, "wrong_owner")
        return is_refused

    def _check_answers(self, entries: list[Entry], response: Any, name: str) -> None:
        assert response.status_code == 200, response.content
        for entry, text in zip(entries, texts(response.content.decode(), name), strict=True):
            entry.check_answer(text, entry.row())

    def _dying(self, dies_at: int | None, act: Callable[[], Any]) -> Any:
        """What it returns; None if its process ended at the milestone with that number."""
        left = dies_at or 10**6

        def watch(milestone: milestones.Milestone) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise SystemExit

        try:
            with milestones.watched(watch):
                return act()
        except SystemExit:
            return None
