"""Deliver items as ada, from a process of its own: `python -m tests.concurrency.deliver [--each]`, items on the input.

All in one delivery, or each in its own, when the one before it is applied. What came of them goes to the output.
"""

from __future__ import annotations

import json
import sys
from collections import Counter

import django


def main() -> None:
    django.setup()
    from django.contrib.auth import get_user_model

    from tests.browser.waiting import wait_until
    from tests.deliveries import Device, row_of

    items = json.load(sys.stdin)
    device = Device(get_user_model().objects.get(username="ada"))
    if "--each" not in sys.argv:
        print(Counter(result["code"] for result in device.send(*items)))
        return
    for item in items:
        device.send(item)
        wait_until(lambda item=item: row_of(item).is_finished, because="a worker applies the item")


if __name__ == "__main__":
    main()
