"""The bell: rings for all who wait for new alerts, and for the last time when the service stops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Bell:
    """``next`` before looking, then wait for it: no ring in between is missed."""

    def __init__(self) -> None:
        self.next = asyncio.Event()
        self.closed = False

    def set(self) -> None:
        """Ring once; named as ``asyncio.Event`` has it, for whoever rings several."""
        rung, self.next = self.next, asyncio.Event()
        rung.set()

    async def wait(self, rung: asyncio.Event, seconds: float) -> None:
        """Until it has rung, or for so long."""
        if not self.closed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await rung.wait()


@contextlib.asynccontextmanager
async def rings() -> AsyncIterator[Bell]:
    """A bell; when the context ends nobody waits any longer."""
    bell = Bell()
    try:
        yield bell
    finally:
        bell.closed = True
        bell.set()
