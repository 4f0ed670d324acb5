"""Long work in small steps, so that an event loop can do other things in between."""

import asyncio
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

Steps = Generator[None, None, T]  # yields after about a millisecond of work, and returns what came of it


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of ``size``, the last one maybe shorter."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def finish(steps: Steps[T]) -> T:
    """Take all steps at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            made: T = done.value
            return made


async def walk(steps: Steps[T]) -> T:
    """Take the steps one by one; what else is waiting goes first after each."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            made: T = done.value
            return made
        await asyncio.sleep(0)
