from django.db import models


class Effect(models.Model):
    """What an item does to the application: one row."""

    id = models.UUIDField(primary_key=True)
    text = models.TextField()

    def __str__(self) -> str:
        return str(self.pk)


class PeerItem(models.Model):
    """What the hand-written peer remembers of an item."""

    id = models.UUIDField(primary_key=True)
    payload = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.pk)


class PeerAttempt(models.Model):
    item = models.UUIDField(db_index=True)
    tried_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.item)
