"""Ports that stay ours while nobody listens on them."""

from __future__ import annotations

import random
import socket

# Below Linux's ephemeral range (32768 up): a stopped server's port must not be handed to an
# outgoing connection before the server is started again on it.
RANGE = range(20000, 30000)
_given: set[int] = set()


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on, the same for the whole test, and no other test's.

    A browser that several tests share would still have the worker and the pages of an origin that comes again.
    """
    chooser = random.SystemRandom()  # pytest-randomly gives every worker process the same seed
    for _ in range(100):
        port = chooser.choice([port for port in RANGE if port not in _given])
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise RuntimeError(f"no free port found in {RANGE}")
