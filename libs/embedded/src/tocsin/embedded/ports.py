"""Ports for the engines: free, below the ephemeral range, and held for as long as we want them."""

import os
import random
import socket
from collections.abc import Iterable
from pathlib import Path

from tocsin.embedded import places
from tocsin.embedded.errors import NoPort
from tocsin.embedded.locks import try_lock

TRIES = 500
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Ports:
    """A few ports on 127.0.0.1 that no other engine of this user takes until ``release``.

    They lie below the ephemeral range: while an engine restarts, a port within it could be given to
    somebody's outgoing connection, and a client that reconnects in a loop can even connect to itself.
    The lock keeps a port ours during such a restart, when nothing is bound to it.
    """

    def __init__(self, count: int, wanted: Iterable[int] = ()) -> None:
        self._locks: dict[int, int] = {}
        for port in (*wanted, *_candidates()):
            if len(self._locks) == count:
                break
            if port not in self._locks and (lock := _hold(port)) is not None:
                self._locks[port] = lock
        if len(self._locks) < count:
            self.release()
            raise NoPort(f"{TRIES} ports were tried and none is free: end what listens on this machine")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The ports, wanted ones first and in their order."""
        return tuple(self._locks)

    def release(self) -> None:
        """Let others have the ports."""
        for lock in self._locks.values():
            os.close(lock)
        self._locks.clear()


def _candidates() -> list[int]:
    end = first_ephemeral()
    below = range(max(end - 12_000, 10_240), end)
    # Where the ephemeral range begins very low: odd ports, which Linux's connect() takes last.
    return random.sample(below if len(below) > TRIES else range(20_001, 32_000, 2), TRIES)


def first_ephemeral() -> int:
    """The lowest port the kernel gives to outgoing connections; Linux's default where it cannot be read."""
    try:
        return int(EPHEMERAL.read_text(encoding="ascii").split()[0])
    except OSError:
        return 32_768


def _hold(port: int) -> int | None:
    lock = try_lock(places.runtime() / f"port-{port}.lock")
    if lock is None:
        return None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # past connections do not matter
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            return None
    return lock
