"""The guarantees, each with its order reversed: what a careful rewrite might do wrong, to try the harness on.

Nothing of this is in the product. A service under test that is started with ``CHAOS_BREAKAGE`` set imports
``breaking/sitecustomize.py`` from its PYTHONPATH, which calls ``apply``; that replaces one function.
"""

import asyncio
import copy
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

VARIABLE = "CHAOS_BREAKAGE"
WINDOW_SECONDS = 0.5  # between the two acts that were exchanged, so that a crash falls in between
HERE = Path(__file__).parent


def environment(breakage: str | None) -> dict[str, str]:
    """What services must be started with to be broken in this way; nothing for None."""
    if breakage is None:
        return {}
    path = [str(HERE / "breaking"), str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {VARIABLE: breakage, "PYTHONPATH": os.pathsep.join(path)}


def apply(breakage: str) -> None:
    """Break this process."""
    BREAKAGES[breakage]()


def commit_before_handling() -> None:
    """chassis: the offset is committed, then the records are handled."""
    from tocsin.chassis.subscription import Subscription  # noqa: PLC0415 - only where it is broken

    handle = Subscription._on_records

    async def reversed_order(self: Subscription[Any], records: Any) -> None:
        if (consumer := self._subscriber.consumer) is not None:
            await consumer.commit()
        await asyncio.sleep(WINDOW_SECONDS)
        await handle(self, records)

    Subscription._on_records = reversed_order  # type: ignore[method-assign]  # that is the breakage


def remember_before_publish() -> None:
    """ingest: rows are written and committed, then the notices are published."""
    from tocsin.ingest.teller import Teller  # noqa: PLC0415 - only where it is broken

    tell = Teller._tell

    async def reversed_order(self: Teller, sighting: Any, entries: Sequence[Any]) -> list[Any]:
        late: list[tuple[Any, ...]] = []

        async def put_off(*what: Any) -> None:
            late.append(what)

        remembering = copy.copy(self)
        vars(remembering)["_publish"] = put_off
        verdicts = await tell(remembering, sighting, entries)
        await asyncio.sleep(WINDOW_SECONDS)
        for what in late:
            await self._publish(*what)
        return verdicts

    Teller._tell = reversed_order  # type: ignore[method-assign]  # that is the breakage


def record_before_send() -> None:
    """notify: a delivery is recorded as made, then it is sent."""
    from tocsin.notify.channels import Outcome  # noqa: PLC0415 - only where it is broken
    from tocsin.notify.sender import Sender  # noqa: PLC0415 - the same
    from tocsin.notify.store import ledger  # noqa: PLC0415 - the same

    async def reversed_order(self: Sender, delivery: Any) -> None:
        await ledger.record(self.pool, delivery, ledger.Result(Outcome.DELIVERED, "", 0.0))
        await asyncio.sleep(WINDOW_SECONDS)
        told = delivery.alert or await self._summed_up(delivery)
        assert told is not None
        await self._attempt(delivery, told, delivery.traceparent)

    Sender._deliver = reversed_order  # type: ignore[method-assign]  # that is the breakage


def bury_after_commit() -> None:
    """chassis: what cannot be processed is committed, then it is buried."""
    from tocsin.chassis.deadletter import Graveyard  # noqa: PLC0415 - only where it is broken

    bury = Graveyard.bury
    later: set[asyncio.Task[None]] = set()

    async def reversed_order(self: Graveyard, *what: Any, **named: Any) -> None:
        async def afterwards() -> None:
            await asyncio.sleep(4 * WINDOW_SECONDS)  # there is little poison: a crash must meet some
            await bury(self, *what, **named)

        later.add(asyncio.create_task(afterwards()))

    Graveyard.bury = reversed_order  # type: ignore[method-assign]  # that is the breakage


BREAKAGES: Mapping[str, Callable[[], None]] = {
    "commit-before-handling": commit_before_handling,
    "remember-before-publish": remember_before_publish,
    "record-before-send": record_before_send,
    "bury-after-commit": bury_after_commit,
}
