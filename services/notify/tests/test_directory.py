"""The directory: who is told, as last declared by whichever replica, in the words of the newest catalogue."""

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
    (after,) = directory.standing.subscribers
    assert [matcher.entities for matcher in before.matchers] == [frozenset()]
    assert [matcher.entities for matcher in after.matchers] == [{"model:claude-saga-6"}]
