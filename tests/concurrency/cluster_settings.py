"""Settings of processes that a test starts beside itself: on the test's database, with the broker it names."""

import os

from tests.settings import *  # noqa: F403 - settings are extended like this

SECRET_KEY = os.environ["SECRET_KEY"]
BGSYNC = {"RUNNER": os.environ["RUNNER"]}
Q_CLUSTER = {
    "name": os.environ["CLUSTER"],
    "workers": 2,
    "timeout": 60,
    "retry": 120,
    "scheduler": False,  # the sweeper runs when a test says so
    **({"redis": os.environ["BROKER_URL"]} if os.environ["BROKER_URL"] else {"orm": "default"}),
}
