"""What decisions stood on, kept for as long as anybody may ask why."""

from collections.abc import Iterable

import asyncpg

from tocsin.contracts import Entity
from tocsin.contracts.subscriptions import Team
from tocsin.notify.standing import Standing


async def keep(pool: asyncpg.Pool, standing: Standing) -> None:
    """Write a standing down; one that is there already stays as it is."""
    await pool.execute(
        "insert into standings (id, teams, entities) values ($1, $2, $3) on conflict do nothing",
        standing.id,
        *standing.rows,
    )


async def read(connection: asyncpg.Connection | asyncpg.Pool, ids: Iterable[str]) -> dict[str, Standing]:
    """Standings by id."""
    rows = await connection.fetch("select id, teams, entities from standings where id = any($1)", list(ids))
    return {
        row["id"]: Standing(
            map(Team.model_validate, row["teams"]), map(Entity.model_validate, row["entities"])
        )
        for row in rows
    }
