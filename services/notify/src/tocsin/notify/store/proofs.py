"""Which channels are known to work, and which are known not to."""

import asyncpg

# Of each channel one delivery is enough: a partial index finds it.
PROVEN = """
    select team_id, channel from proofs
    union
    select t.id, c ->> 'name' from teams t cross join jsonb_array_elements(t.declaration -> 'channels') c
    where not t.retired and exists (
        select from deliveries d
        where d.state = 'delivered' and d.team_id = t.id and d.channel = c ->> 'name')
"""


async def prove(pool: asyncpg.Pool, team: str, channel: str) -> None:
    """A test arrived."""
    await pool.execute(
        """
        insert into proofs (team_id, channel) values ($1, $2)
        on conflict (team_id, channel) do update set at = now()
        """,
        team,
        channel,
    )


async def proven(pool: asyncpg.Pool) -> set[tuple[str, str]]:
    """Teams and channels on which a delivery or a test arrived."""
    return {tuple(row) for row in await pool.fetch(PROVEN)}


async def failing(pool: asyncpg.Pool) -> set[tuple[str, str]]:
    """Teams and channels that are given up for now."""
    rows = await pool.fetch("select team_id, channel from destinations where opened_at is not null")
    return {tuple(row) for row in rows}
