"""A TCP proxy in front of an engine that passes, stalls or resets, as a bad network does."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from enum import StrEnum

START_SECONDS = 10.0
CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, of no time: closing sends RST


class Line(StrEnum):
    """What the network does."""

    UP = "up"
    STALLED = "stalled"  # connections stay, new ones are taken, no byte passes
    CUT = "cut"  # connections are reset, new ones too


class Proxy:
    """One port of 127.0.0.1 that leads to ``target`` as long as the line is up; use ``proxying``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.port = 0
        self.target = 0  # a port of 127.0.0.1; to be set before the first connection
        self._loop = loop
        self._line = Line.UP
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()

    def turn(self, line: Line) -> None:
        """Change the line; callable from any thread."""
        self._loop.call_soon_threadsafe(self._turn, line)

    def _turn(self, line: Line) -> None:
        self._line = line
        if line is Line.STALLED:
            self._flows.clear()
            return
        self._flows.set()
        if line is Line.CUT:
            for writer in self._open:
                _reset(writer)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        if self._line is Line.CUT:
            _reset(writer)
            return
        await self._flows.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            _reset(writer)  # as a closed port does
            return
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._open -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


@contextlib.contextmanager
def proxying(count: int) -> Iterator[list[Proxy]]:
    """So many proxies on free ports, in one thread of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxies", daemon=True)
    thread.start()
    proxies = [Proxy(loop) for _ in range(count)]
    servers: list[asyncio.Server] = []
    try:
        for proxy in proxies:
            listening = asyncio.start_server(proxy.pass_on, "127.0.0.1", 0)
            servers.append(asyncio.run_coroutine_threadsafe(listening, loop).result(START_SECONDS))
            proxy.port = servers[-1].sockets[0].getsockname()[1]
        yield proxies
    finally:
        asyncio.run_coroutine_threadsafe(_end(servers), loop).result(START_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(servers: Sequence[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
