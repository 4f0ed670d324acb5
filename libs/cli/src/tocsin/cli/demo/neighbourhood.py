"""A loop in a thread: where the demo's site and receivers live, apart from the services under test."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator

from aiohttp import web

START_SECONDS = 10.0


@contextlib.contextmanager
def serving(app: web.Application) -> Iterator[str]:
    """Serve an aiohttp application on a free port of 127.0.0.1; gives its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="demo site", daemon=True)
    thread.start()
    running = _listening(app)
    try:
        address = asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(START_SECONDS)
        yield address
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(START_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextlib.asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
