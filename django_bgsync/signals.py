"""Announcements: sent after the commit, by `send_robust`. Nothing depends on who listens, or on what becomes of it.

An announcement is lost if the process ends between the commit and the signal. What has to happen belongs into the
handler, or into `transaction.on_commit` with the item's `idempotency_key`.
"""

from __future__ import annotations

from django.dispatch import Signal

item_applied = Signal()
"""An item's effect is committed. `sender` is the model SyncItem, `item` its row as it was committed."""

item_rejected = Signal()
"""An item was refused, by its handler or on receipt; it is parked on its device. Arguments as above."""

item_dead = Signal()
"""An item was given up after too many tries, and somebody has to look at it. Arguments as above."""

client_seen = Signal()
"""A client was written down: it is new, has news of itself, or was silent for a minute or longer.

`sender` is the model SyncClient, `client` its row, `is_new` whether it was seen for the first time.
"""
