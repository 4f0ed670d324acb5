"""The console over 100,000 stored notices: milliseconds and bytes a page.

make bench-console
.venv/bin/python -m bench.console 10000      # so many notices
"""

import asyncio
import statistics
import sys
import time

import aiohttp
import asyncpg
from pydantic import SecretStr
from yarl import URL

from tests.browser.scene import set_up
from tocsin.chassis.database import connect
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.embedded.postgres import Postgres
from tocsin.notify import console
from tocsin.notify.app import migrate
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.ingest import Ingest
from tocsin.notify.console.letters import Letters
from tocsin.notify.console.visitor import Entrance
from tocsin.notify.settings import NotifySettings

TIMES = 15
KEY = "a key"
NO_LETTERS = Letters("127.0.0.1:1", ())
PATHS = (
    "/now",
    "/now?team=payments",
    "/now?show=unconfirmed",
    "/cases/{ref}",
    "/alerts/{alert}",
    "/watches",
    "/silences",
    "/deliveries",
    "/deliveries?team=payments&state=failed",
    "/catalogue?q=claude",
    "/audit",
    "/search?q=suspended",
    "/search?q=claude",
    "/search?q=C-7F3K2M",
    "/search?q=word4711",
    "/dead",
)

# Copies of the story's own rows, under ids of their own: each case by so many notices, one step, two alerts.
FILL = (
    """
    insert into notices (id, body, standing, recorded_at)
    select 'n-' || i, jsonb_set(jsonb_set(jsonb_set(n.body, '{id}', to_jsonb('n-' || i)),
        '{notice,id}', to_jsonb('n-' || i)), '{notice,title}', to_jsonb(
        (n.body #>> '{notice,title}') || ' word' || i % 9973)), n.standing, now() - i * interval '1 minute'
    from generate_series(1, $1::int) i,
         (select * from notices where body #>> '{notice,source,tier}' = 'party' limit 1) n
    """,
    """
    insert into cases (id, ref, state, documents, subjects, body, changed_at)
    select 'case-' || lpad(to_hex(i), 26, '0'), 'C-' || i, c.state, array['d' || i], c.subjects,
        jsonb_set(jsonb_set(c.body, '{steps}', '1'), '{id}',
            to_jsonb('case-' || lpad(to_hex(i), 26, '0'))), now()
    from generate_series(1, $1::int / 20) i, (select * from cases order by seq desc limit 1) c
    """,
    """
    insert into tellings (case_id, notice_id, because, stood)
    select c.id, 'n-' || i, 'it is about the same', c.body
    from generate_series(1, $1::int) i
    join cases c on c.id = 'case-' || lpad(to_hex((i + 19) / 20), 26, '0')
    """,
    """
    insert into steps (case_id, number, notice_id, body, taken_at)
    select c.id, 1, 'n-' || (i * 20 - 19), s.body, now() - i * interval '20 minutes'
    from generate_series(1, $1::int / 20) i
    join cases c on c.id = 'case-' || lpad(to_hex(i), 26, '0'),
    (select body from steps where number = 1 order by taken_at desc limit 1) s
    """,
    """
    insert into alerts (id, team_id, case_id, step, concerns, body, traceparent, raised_at, published_at)
    select 'a-' || t || i, t, 'case-' || lpad(to_hex(i), 26, '0'), 1, a.concerns, a.body, a.traceparent,
        now() - i * interval '20 minutes', now()
    from generate_series(1, $1::int / 20) i, unnest(array['payments', 'research']) t,
         (select * from alerts limit 1) a
    """,
    """
    insert into deliveries (id, alert_id, team_id, channel, state)
    select 'msg-' || a.id, a.id, a.team_id, 'log', 'delivered' from alerts a where $1::int > 0
    on conflict do nothing
    """,
)


async def fill(pool: asyncpg.Pool, notices: int) -> None:
    """So many notices, and what follows from them."""
    async with pool.acquire() as connection:
        for statement in FILL:
            await connection.execute(statement, notices, timeout=300)
        await connection.execute("analyze", timeout=300)


async def measure(session: aiohttp.ClientSession, address: str) -> tuple[float, float, int]:
    """Median and worst milliseconds of a page, and its bytes."""
    took, size = [], 0
    for _ in range(TIMES):
        began = time.perf_counter()
        async with session.get(address) as response:
            response.raise_for_status()
            size = len(await response.read())
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took[1:]), max(took[1:]), size


async def main(url: str, notices: int) -> None:
    """Fill the rows, then time each page."""
    await asyncio.to_thread(migrate, NotifySettings(database_url=SecretStr(url)))
    cookies = aiohttp.CookieJar(unsafe=True)
    async with (
        connect(SecretStr(url), "notify", Health()) as pool,
        aiohttp.ClientSession(cookie_jar=cookies) as session,
    ):
        stage = await set_up(pool)
        await fill(pool, notices)
        entrance = Entrance(pool, [SecretStr(KEY)])
        app = create_app("notify", Health())
        ingest = Ingest(session, None, SecretStr(""))
        desk = Desk(pool, stage.directory, entrance, ingest, NO_LETTERS, lambda _: False)
        console.install(app, desk)
        async with serve(app, "127.0.0.1", 0) as address:
            token = (await entrance.sign_in(KEY)) or ""
            session.cookie_jar.update_cookies({console.visitor.COOKIE: token}, URL(address))
            ref = await pool.fetchval("select id from cases where ref like 'C-1%' limit 1")
            alert = await pool.fetchval("select id from alerts limit 1")
            print(f"{notices:,} notices: median ms, worst ms of {TIMES - 1}, bytes")
            for path in PATHS:
                middle, worst, size = await measure(session, address + path.format(ref=ref, alert=alert))
                print(f"{middle:7.1f} {worst:7.1f} {size:8,}  {path}")


if __name__ == "__main__":
    server = Postgres(None)
    server.launch()
    try:
        server.wait()
        asyncio.run(main(server.create_database("bench"), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
    finally:
        server.close()
