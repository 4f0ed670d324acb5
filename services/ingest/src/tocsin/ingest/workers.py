"""Processes for work that may hang or blow up: each job has a time and a memory limit."""

import contextlib
import multiprocessing
import queue
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar, cast

T = TypeVar("T")

_SPAWN = multiprocessing.get_context("spawn")  # a fork would inherit threads' locks


class JobFailed(Exception):
    """The job raised, took too long or took too much; the same job again would fare no better."""


class Workers:
    """At most ``count`` processes, started when needed and again after one had to be killed.

    ``run`` blocks its caller: call it in a thread. What goes in and out is pickled, from and to our own
    code only.
    """

    def __init__(self, *, count: int, seconds: float, megabytes: int) -> None:
        self._seconds = seconds
        self._megabytes = megabytes
        self._free: queue.Queue[_Worker | None] = queue.Queue()
        for _ in range(count):
            self._free.put(None)

    def run(self, job: Callable[..., T], *arguments: object) -> T:
        """What ``job(*arguments)`` gives; a function of a module. Raises ``JobFailed``."""
        worker = self._free.get()
        try:
            worker = worker or _Worker(self._megabytes)
            return cast("T", worker.run(job, arguments, self._seconds))
        except JobFailed:
            raise
        except BaseException:
            if worker is not None:
                worker.kill()
                worker = None
            raise
        finally:
            self._free.put(worker if worker and worker.alive else None)

    def close(self) -> None:
        """Kill those that are idle; one at work dies with us."""
        with contextlib.suppress(queue.Empty):
            while True:
                worker = self._free.get_nowait()
                if worker is not None:
                    worker.kill()


class _Worker:
    def __init__(self, megabytes: int) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, megabytes), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def run(self, job: Callable[..., object], arguments: tuple[object, ...], seconds: float) -> object:
        try:
            self._pipe.send((job, arguments))
            if not self._pipe.poll(seconds):
                raise TimeoutError  # one road for all that ends the process
            well, result = self._pipe.recv()
        except (EOFError, OSError) as error:  # TimeoutError is an OSError
            self.kill()
            reason = f"not done in {seconds:g} s" if isinstance(error, TimeoutError) else "its process died"
            raise JobFailed(reason) from error
        if not well:
            raise JobFailed(result)
        return result

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, megabytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_000_000, megabytes * 1_000_000))
    with contextlib.suppress(EOFError, KeyboardInterrupt):  # the other side is gone, or Ctrl-C in a terminal
        while True:
            job, arguments = pipe.recv()
            try:
                answer = (True, job(*arguments))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told to whoever asked
                answer = (False, f"{type(error).__name__}: {error}"[:500])
            pipe.send(answer)
