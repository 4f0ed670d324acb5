"""What decisions stood on, kept for as long as anybody may ask why."""

import asyncio
from collections.abc import Iterable

import asyncpg

from tocsin.contracts import Entity
from tocsin.contracts.subscriptions import held
from tocsin.notify.routing.notthis import NotThis
from tocsin.notify.standing import Standing


async def keep(pool: asyncpg.Pool, standing: Standing) -> None:
    """Write a standing down; one that is there already stays as it is."""
    await pool.execute(
        """
        insert into standings (id, teams, entities, not_this) values ($1, $2, $3, $4)
        on conflict do nothing
        """,
        standing.id,
        *standing.rows,
    )


async def read(connection: asyncpg.Connection | asyncpg.Pool, ids: Iterable[str]) -> dict[str, Standing]:
    """Standings by id; compiled in a thread, so that nothing else waits."""
    rows = await connection.fetch(
        "select id, teams, entities, not_this from standings where id = any($1)", list(ids)
    )
    return {row["id"]: await asyncio.to_thread(_standing, row) for row in rows}


def _standing(row: asyncpg.Record) -> Standing:
    return Standing(
        map(held, row["teams"]),
        map(Entity.model_validate, row["entities"]),
        map(NotThis.model_validate, row["not_this"]),
    )
