"""Claiming stays cheap: what it costs grows neither with what is due nor with what was ever sent."""

from datetime import timedelta

import asyncpg

from tocsin.notify.store import ledger

LEASE = timedelta(seconds=60)
# Each a step of a case of its own, due at one moment; as many again were sent long ago.
MANY = """
    insert into deliveries (id, alert_id, case_id, team_id, channel, state)
    select 'd-' || n, 'a-' || n, 'c-' || n, 't-' || n % 100, 'hook',
           case when n % 2 = 0 then 'pending' else 'delivered' end
    from generate_series(1, 10000) n
"""


async def test_a_claim_among_thousands_reads_only_what_it_takes(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")  # their alerts are not there
        await connection.execute(MANY)
        await connection.execute("analyze deliveries")
        said = await connection.fetch(
            f"explain (analyze, costs off, timing off) {ledger.CLAIM}", 4, [], LEASE
        )
    plan = "\n".join(row[0] for row in said)
    due = plan[plan.index("CTE due") : plan.index("CTE probe")]
    assert "Index Scan using deliveries_in_order" in due, due
    assert "Seq Scan on deliveries" not in due, due
    assert "rows=5000" not in due, due
