"""The reference: what must be true of an item, whatever was done to it. It knows the promise, not the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django_bgsync.identity import timestamp_of
from django_bgsync.models import SyncItem
from tests.app.models import Effect
from tests.deliveries import DISPOSITIONS

MAX_ATTEMPTS = 3
OUTCOMES = {
    "apply": "applied",
    "reject": "rejected",
    "conflict": "conflict",
    "fail": "failed",
    "retry later": "retry_later",
}
"""What comes of each step of a scripted handler."""
STATE_AFTER = {"applied": "applied", "rejected": "rejected", "conflict": "conflict"}
WAITING_CODES = {"queued", "held", "paused", "retrying"}
PARKED = ("rejected", "conflict")


@dataclass
class Entry:
    """One item of one owner, as its devices know it."""

    owner: str
    """The reference that its row carries."""
    document: dict[str, Any]
    retry: int = 0
    """How often its user wanted another try. A request that raises it may be lost."""
    is_reopened: bool = False
    state: str | None = None
    """As it was in the database when last looked at; None without a row."""
    final: str | None = None
    """The text of its last final answer, until it is reopened."""
    code: str = ""
    received_at: datetime | None = None
    attempts: int = 0
    gone: str | None = None
    """The state in which its row was purged."""
    is_outdated: bool = False
    """Whether its id lies in the purged range: what the server has not got of it, it will not take."""
    before: Entry | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        return str(self.document["id"])

    def row(self) -> SyncItem | None:
        return SyncItem.objects.filter(owner=self.owner, item_id=self.id).first()

    def reopen(self) -> None:
        """Somebody may have opened it again. Nobody can with what is applied, or not parked."""
        if self.state in PARKED:
            self.final, self.is_reopened = None, True

    def ask_again(self) -> None:
        """The device sends its `retry`: it counts if the server has never seen so high a one."""
        row = self.row()
        if row is not None and self.retry > row.retry:
            self.reopen()

    def check_answer(self, text: str, row: SyncItem | None) -> None:
        """What a device hears is what the row says; the last word on an item is always the same."""
        result = json.loads(text)
        assert result["disposition"] == DISPOSITIONS[result["status"]]
        if row is None:
            assert (result["status"], result["code"]) in self._unknown()
        elif row.state in (*PARKED, "applied"):
            assert (result["status"], result["code"]) == (row.state, row.code)
            self._check_last_word(text)
        elif row.claimed_at is not None:
            assert (result["status"], result["code"]) == ("deferred", "in_flight")
        else:
            assert result["status"] == "accepted"
            assert result["code"] in WAITING_CODES

    def _unknown(self) -> set[tuple[str, str]]:
        """What is said of an item without a row: asked for, and sent."""
        asked, early = ("deferred", "unknown_item"), ("deferred", "out_of_order")
        return {asked, ("expired", "id_too_old")} if self.gone or self.is_outdated else {asked, early}

    def may_be_gone(self, cutoff: datetime) -> None:
        """Everything was purged that was received before and that nobody has to look at any more, and nothing else."""
        moment = timestamp_of(UUID(self.id))
        self.is_outdated = self.is_outdated or 0 < moment < cutoff.timestamp() * 1000
        if self.state is None or self.gone:
            return
        row = self.row()
        if row is None:
            assert self.state in (*PARKED, "applied")
            assert self.code != "dead"
            assert self.received_at is not None
            assert self.received_at < cutoff
            self.gone, self.state, self.final = self.state, None, None
        elif row.is_finished and row.code != "dead":
            assert row.received_at >= cutoff

    def _check_last_word(self, text: str) -> None:
        text = text.replace('"replayed":false', '"replayed":true')
        assert self.final in (None, text)
        self.final = text

    def check_row(self, row: SyncItem | None, attempts: list[tuple[int, str]]) -> None:
        """States only move along the table, every try is on record, and each ended as its step says."""
        if row is None:
            assert self.state is None, "a row vanished"
            return
        assert self.gone is None, "what was purged came back"
        if self.state == "applied" or (self.state in PARKED and not self.is_reopened):
            assert row.state == self.state
        claimed = row.claimed_at is not None
        # Number 0 tells how an item was refused on receipt, before somebody gave it another chance.
        refusals, attempts = [each for each in attempts if each[0] == 0], [each for each in attempts if each[0] > 0]
        assert refusals in ([], [(0, "rejected")])
        assert [number for number, _ in attempts] == list(range(1, row.attempts + 1 - claimed))
        for number, outcome in attempts:
            assert outcome in (self._outcome(number), "lost")
        self._check_state(row, [outcome for _, outcome in attempts])
        self.state, self.code, self.attempts, self.received_at = row.state, row.code, len(attempts), row.received_at

    def _outcome(self, number: int) -> str:
        steps = self.document["payload"]
        return OUTCOMES[steps[min(number, len(steps)) - 1]]

    def _check_state(self, row: SyncItem, outcomes: list[str]) -> None:
        # The first lost try is never the last one: it may have been a neighbour that ended the process.
        spared = outcomes.count("lost") == 1
        assert row.failures <= MAX_ATTEMPTS + spared
        if row.code == "dead":
            assert row.failures >= MAX_ATTEMPTS, "dead is who has failed as often as it may"
        else:
            assert row.failures < MAX_ATTEMPTS + spared, "who has failed so often is dead"
        if row.state == "applied":
            assert outcomes[-1] == "applied"
            assert outcomes.count("applied") == 1
        elif row.state in PARKED and row.code not in ("dead", "tag_closed"):
            assert outcomes[-1] == row.state
        else:
            assert "applied" not in outcomes

    def check_lane(self, row: SyncItem | None) -> None:
        """An item is only applied behind one that is finished, and after it."""
        if self.before is None or self.before.is_reopened or row is None or row.state != "applied":
            return
        if self.before.gone:
            return
        before = self.before.row()
        assert before is not None
        assert before.state in ("applied", *PARKED)
        assert before.code != "dead"
        if before.state == "applied":
            assert effect_of(before) < effect_of(row)


def effect_of(row: SyncItem) -> int:
    """The number of its effect: later ones have higher numbers. Another owner's item may have the same id; the first of
    both, then.
    """
    return Effect.objects.filter(item=row.item_id).order_by("pk").values_list("pk", flat=True)[0]


def texts(body: str, name: str) -> Iterator[str]:
    """The results in a list of an answer, as they were written."""
    decoder = json.JSONDecoder()
    position = body.index(f'"{name}":[') + len(f'"{name}":[')
    while body[position] != "]":
        _, end = decoder.raw_decode(body, position)
        yield body[position:end]
        position = end + (body[end] == ",")
