"""How many notices of each source came on each of the last days."""

from datetime import date, timedelta

import asyncpg


async def counts(pool: asyncpg.Pool, today: date, days: int) -> dict[str, list[int]]:
    """By source: its new notices on each of so many days, the last of them today. Days are in UTC."""
    first = today - timedelta(days=days - 1)
    rows = await pool.fetch(
        "select source, day, notices from source_days where day between $1 and $2", first, today
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["source"], [0] * days)[(row["day"] - first).days] = row["notices"]
    return found
