"""How long an event loop is kept waiting while something goes on beside it."""

import asyncio
import time
from collections.abc import Awaitable

TICK_SECONDS = 0.0005


async def longest_pause(work: Awaitable[object]) -> float:
    """Seconds beyond its time that a short sleep took at worst while ``work`` was under way."""
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            worst = max(worst, time.perf_counter() - begun - TICK_SECONDS)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(TICK_SECONDS * 10)
    worst = 0.0
    try:
        await work
        await asyncio.sleep(TICK_SECONDS * 2)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return worst
