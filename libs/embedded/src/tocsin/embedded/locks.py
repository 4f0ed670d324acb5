"""File locks that the kernel drops when their last holder is gone, however it went."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path


def try_lock(path: Path) -> int | None:
    """Lock a file, made if absent: the open descriptor that is the lock, or None if another holds it.

    A child that inherits the descriptor holds the lock too (flock(2): it belongs to the open file).
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def locked(path: Path, patience: float) -> Iterator[int]:
    """Hold the lock for a block, waiting at most ``patience`` seconds for it; else ``TimeoutError``."""
    end = time.monotonic() + patience
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() > end:
            raise TimeoutError(f"{path} is locked by another process")
        time.sleep(0.02)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
