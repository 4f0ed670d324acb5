"""The life of a service process: parts start in order, stop in reverse, inside one deadline."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of

T = TypeVar("T")

log = logs.get(__name__)


class Lifetime:
    """Holds the parts of a service while it runs.

    ``async with Lifetime(15) as life:`` then ``enter`` and ``spawn`` parts, then ``await until_stopped()``.
    SIGTERM, SIGINT or a part that failed ends the wait; leaving the block stops the parts in reverse. A
    stop that takes longer than the deadline ends the process with exit status 1: nothing is lost by it,
    for nothing is acknowledged before it is done.
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._stack = contextlib.AsyncExitStack()
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        self._starting: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._starting = asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        guard = threading.Timer(self._deadline, _give_up, (self._deadline,))
        guard.daemon = True
        guard.start()
        # The guard is never called off: after this the process still waits for its threads.
        await self._stack.__aexit__(kind, error, trace)
        log.info("stopped")
        told_to = kind is asyncio.CancelledError and self._stopping.is_set()
        if told_to and self._failure is not None:
            raise self._failure
        return told_to

    async def enter(self, part: contextlib.AbstractAsyncContextManager[T]) -> T:
        """Start a part that is an async context manager; it is closed at the end."""
        return await self._stack.enter_async_context(part)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run a loop beside the others. If it ends by an error, the service stops with that error."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._on_done)
        self._stack.push_async_callback(_cancelled, task)

    def fail(self, error: BaseException) -> None:
        """End the service: it cannot go on."""
        if self._failure is None and not self._stopping.is_set():
            self._failure = error
            log.error("failed", error=repr(error))
        self._stop()

    async def until_stopped(self) -> None:
        """Wait for a signal, or raise the error of the part that failed."""
        self._starting = None
        await self._stopping.wait()
        if self._failure is not None:
            raise self._failure

    def _on_signal(self, number: signal.Signals) -> None:
        if self._stopping.is_set() and number is signal.SIGINT:
            os._exit(130)  # a second Ctrl-C means now
        log.info("stopping", signal=number.name)
        self._stop()

    def _stop(self) -> None:
        self._stopping.set()
        if self._starting is not None:  # still waiting for Kafka, say: that wait ends here
            self._starting.cancel()
            self._starting = None

    def _on_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _give_up(deadline: float) -> None:
    log.error("stop took too long: ending the process", deadline_seconds=deadline)
    os._exit(1)


async def insist(what: str, start: Callable[[], Awaitable[T]]) -> T:
    """Start something that needs Kafka or PostgreSQL, and wait for these as long as it takes.

    Errors that mean "away" are logged and tried again with a capped pause; any other is raised.
    """

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("waiting", part=what, error=repr(error), attempt=state.attempt_number)

    async for attempt in AsyncRetrying(
        retry=retry_if_exception(lambda error: fault_of(error) is Fault.UNAVAILABLE),
        wait=wait_exponential_jitter(multiplier=0.2, max=5, jitter=0.2),
        before_sleep=tell,
        reraise=True,
    ):
        with attempt:
            return await start()
    raise AssertionError("unreachable: the retry has no end")
