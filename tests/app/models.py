"""What the handlers of the tests write."""

from django.db import models


class Effect(models.Model):
    """One run of a handler: two rows for one item mean that it ran twice."""

    item = models.UUIDField()
    seen = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.item)


class Seat(models.Model):
    """Something of which there is one."""

    name = models.CharField(max_length=20, unique=True)
    beside = models.ForeignKey("self", null=True, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return self.name
