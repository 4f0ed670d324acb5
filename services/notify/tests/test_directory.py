"""The directory: who is told, as last declared by whichever replica, in the words of the newest catalogue."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from tocsin.contracts import Entity, Kind
from tocsin.notify.directory import Directory

Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]

LOG = {"channels": [{"kind": "log", "name": "log"}]}


async def test_what_another_replica_declared_is_known_after_a_refresh(
    pool: asyncpg.Pool, start: Start, declare: Declare
) -> None:
    directory: Directory = start(pool).directory
    await directory.refresh()
    assert not directory.standing.subscribers
    await declare(payments=LOG, research={})
    await directory.refresh()
    assert [one.team for one in directory.standing.subscribers] == ["payments", "research"]
    assert directory.channel("payments", "log")
    assert directory.channel("payments", "other") is None
    assert directory.channel("nobody", "log") is None
    assert directory.name_of("payments") == "Payments"


async def test_a_retired_team_is_known_by_its_id_alone(
    pool: asyncpg.Pool, start: Start, declare: Declare
) -> None:
    await declare(payments=LOG, research={})
    await declare(research={})
    directory: Directory = start(pool).directory
    await directory.refresh()
    assert [one.team for one in directory.standing.subscribers] == ["research"]
    assert directory.channel("payments", "log") is None
    assert directory.name_of("payments") == "payments"


async def test_a_new_catalogue_gives_old_watches_their_meaning(
    pool: asyncpg.Pool, start: Start, declare: Declare
) -> None:
    await declare(payments={"watches": [{"name": "new", "models": ["Claude Saga 6"]}]})
    directory: Directory = start(pool).directory
    await directory.refresh()
    (before,) = directory.standing.subscribers
    directory.know([Entity(id="model:claude-saga-6", kind=Kind.MODEL, name="Claude Saga 6")])
    await directory.refresh()
    (after,) = directory.standing.subscribers
    assert [matcher.condition.things.entities for matcher in before.matchers] == [frozenset()]
    assert [matcher.condition.things.entities for matcher in after.matchers] == [{"model:claude-saga-6"}]


async def test_while_teams_are_compiled_the_loop_goes_on_and_whoever_decides_waits_for_them(
    pool: asyncpg.Pool, start: Start, declare: Declare
) -> None:
    await declare(payments=LOG)
    directory: Directory = start(pool).directory
    before = (await directory.refresh()).id
    watches = [{"name": f"w{n}", "models": ["Claude Fable 5", f"Claude {n}"]} for n in range(3000)]
    await declare(payments={"watches": watches})
    turns: list[str] = []
    refreshing = [asyncio.create_task(directory.refresh()) for _ in range(2)]
    while not all(task.done() for task in refreshing):
        turns.append(directory.standing.id)
        await asyncio.sleep(0.001)
    one, other = [task.result() for task in refreshing]
    assert one is other is directory.standing
    assert len(one.subscribers.get("payments").matchers) == 3000  # type: ignore[union-attr] # it is there
    assert turns.count(before) > 10
