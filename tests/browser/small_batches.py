"""Settings of the example with small deliveries, so that a thousand items take some hundred of them."""

from tests.browser.plain_settings import *  # noqa: F403
from tests.browser.plain_settings import BGSYNC

BGSYNC = {**BGSYNC, "MAX_ITEMS": 20, "THROTTLE_ITEMS": "600000/min"}
