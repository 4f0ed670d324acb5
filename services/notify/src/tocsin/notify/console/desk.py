"""The desk: what the pages of the console stand on."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import asyncpg
from starlette.requests import Request

from tocsin.chassis.problems import Problem
from tocsin.notify.console.ingest import Ingest
from tocsin.notify.console.letters import Letters
from tocsin.notify.console.visitor import Entrance, Visitor
from tocsin.notify.directory import Directory
from tocsin.notify.store import changes
from tocsin.notify.store.changes import Change, Outcome


@dataclass(frozen=True)
class Desk:
    """Rows, teams and catalogue, who may come in, ingest if it can be asked, and dead letters.

    ``has_secret``: whether a secret of this name is at hand. ``secure``: people come by https, whatever the
    last part of the way is.
    """

    pool: asyncpg.Pool
    directory: Directory
    entrance: Entrance
    ingest: Ingest
    letters: Letters
    has_secret: Callable[[str], bool]
    secure: bool = False

    @contextlib.asynccontextmanager
    async def on_record(self, request: Request, guest: Visitor, team: str) -> AsyncIterator[Change]:
        """What the block changes of a team's is on record, as it is when it comes by the API.

        A ``Problem`` when the visitor may not change it; one raised in the block says that nothing changed.
        """
        guest.own(team)
        what = f"{request.method} {request.url.path}"
        change = await changes.begin(self.pool, guest.caller.name, what, team)
        try:
            yield change
        except Problem:
            await changes.call_off(self.pool, change)
            raise
        except Exception:
            await changes.complete(self.pool, change, Outcome.FAILED)
            raise
        await changes.complete(self.pool, change, Outcome.DONE)
