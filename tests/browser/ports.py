"""Ports that stay ours while nobody listens on them."""

from __future__ import annotations

import random
import socket

# Below Linux's ephemeral range (32768 up): a stopped server's port must not be handed to an
# outgoing connection before the server is started again on it.
RANGE = range(20000, 30000)


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on, the same for the whole test."""
    chooser = random.SystemRandom()  # pytest-randomly gives every worker process the same seed
    for _ in range(100):
        port = chooser.choice(RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port found in {RANGE}")
