"""What is done and counted in the console: sent again, saved, limited, followed to the case that holds it."""

import html
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts import NoticeClassified, Severity
from tocsin.contracts.subscriptions import Subscriptions, Team
from tocsin.notify.access import Scope
from tocsin.notify.console.spark import HEIGHT, draw
from tocsin.notify.console.tries import MOST, RATE, Tries
from tocsin.notify.console.written import address, placed, watch_of
from tocsin.notify.store import byhand, keys, sourcedays, teams
from tocsin.notify.store.byhand import Said

Tell = Callable[..., NoticeClassified]
Visit = Callable[..., Awaitable[Any]]
Declare = Callable[..., Awaitable[dict[str, str]]]

LONG_AGO = "2020-01-01T00:00"
FABLE = {"name": "assistant", "models": ["Claude Fable 5"]}


async def key(pool: asyncpg.Pool, team: str, scope: Scope = Scope.TEAM) -> str:
    made = await keys.make(pool, keys.Wanted("ann", scope, team if scope is Scope.TEAM else None), "a test")
    assert made is not None
    return made.key


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that saves, as the page of a trial has them."""
    form = page[page.index('action="/watches/save"') :]
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found if name != "csrf"}


@pytest.mark.usefixtures("told")
async def test_what_a_channel_missed_is_counted_first_and_then_sent_again(visit: Visit, replica: Any) -> None:
    await replica.pool.execute("update deliveries set state = 'failed' where team_id = 'payments'")
    browser = await (await visit()).sign_in(await key(replica.pool, "payments"))
    await browser.get("/deliveries/replay")
    assert "payments/log" in browser.page
    assert "research/log" not in browser.page
    await browser.get(f"/deliveries/replay?to=payments/log&since={LONG_AGO}")
    assert "<strong>1</strong> would be sent again: 1 that failed" in browser.page
    assert await replica.pool.fetchval("select state from deliveries where team_id = 'payments'") == "failed"
    sent = await browser.post("/deliveries/replay", to="payments/log", since=LONG_AGO)
    assert (sent.status, sent.headers["Location"]) == (303, "/deliveries?team=payments")
    assert await replica.pool.fetchval("select state from deliveries where team_id = 'payments'") == "pending"
    change = await replica.pool.fetchrow("select what, team, outcome, summary from changes")
    assert tuple(change)[:3] == ("POST /deliveries/replay", "payments", "done")
    assert change["summary"] == "log since 2020-01-01 00:00 UTC: 1 failed"


WRONG = ["to=research/log&since=" + LONG_AGO, "to=&since=" + LONG_AGO, "to=payments/log&since=soon"]


@pytest.mark.usefixtures("told")
async def test_a_replay_that_cannot_be_says_why_and_sends_nothing(visit: Visit, replica: Any) -> None:
    await replica.pool.execute("update deliveries set state = 'failed'")
    browser = await (await visit()).sign_in(await key(replica.pool, "payments"))
    for asked in WRONG:
        await browser.get(f"/deliveries/replay?{asked}")
        assert 'role="alert"' in browser.page, asked
        fields = dict(part.split("=") for part in asked.split("&"))
        assert (await browser.post("/deliveries/replay", **fields)).status in {404, 422}, asked
    assert await replica.pool.fetchval("select count(*) from deliveries where state <> 'failed'") == 0
    reader = await (await visit()).sign_in(await key(replica.pool, "", Scope.READ))
    await reader.get(f"/deliveries/replay?to=payments/log&since={LONG_AGO}")
    assert "would be sent again" in reader.page
    assert (await reader.post("/deliveries/replay", to="payments/log", since=LONG_AGO)).status == 403


async def test_a_watch_is_tried_saved_and_on_record(visit: Visit, replica: Any, declare: Declare) -> None:
    await declare(payments={"watches": [FABLE, FABLE | {"name": "other"}]}, research={})
    browser = await (await visit()).sign_in(await key(replica.pool, "payments"))
    await browser.get(
        "/watches/try?team=payments&was=assistant&name=helper&models=Fable+5&not.categories=tax"
    )
    assert "Save it" not in browser.page  # there is no such category
    path = "/watches/try?team=payments&was=assistant&name=helper&models=Fable+5&min_severity=high"
    await browser.get(path)
    fields = hidden(browser.page)
    assert (await browser.post("/watches/save", **fields, reason="we moved")).status == 303
    declared = {team.id: team for team in await teams.read(replica.pool)}
    assert [watch.name for watch in declared["payments"].watches] == ["helper", "other"]
    assert declared["payments"].watches[0].min_severity == "high"
    last = (await teams.changed(replica.pool, 1))[0]
    assert (last.author.partition(" (")[0], last.reason) == ("ann", "we moved")
    change = await replica.pool.fetchrow("select team, outcome, summary, after from changes")
    assert tuple(change)[:3] == ("payments", "done", "helper: we moved")
    assert change["after"]


REFUSED = [  # what is changed in the form, where it is complained of, and how
    ({"models": "Claude Fabel 5"}, "wrong-models", "did you mean"),
    ({"not.models": "Nobody"}, "wrong-not.models", "knows no model"),
    ({"reason": ""}, "wrong-reason", "Say why"),
    ({"name": "other"}, "wrong-name", ">two watches share the name"),
    ({"min_severity": "grave"}, "wrong-min_severity", "should be"),
]


@pytest.mark.parametrize("refused", REFUSED)
async def test_what_is_wrong_with_a_watch_stands_beside_its_field(
    visit: Visit, replica: Any, declare: Declare, refused: tuple[dict[str, str], str, str]
) -> None:
    said, where, what = refused
    await declare(payments={"watches": [FABLE, FABLE | {"name": "other"}]})
    browser = await (await visit()).sign_in()
    await browser.get("/watches/try?team=payments&was=assistant&name=assistant&models=Fable+5")
    fields = hidden(browser.page) | {"reason": "we moved"} | said
    assert (await browser.post("/watches/save", **fields)).status == 422
    assert what in browser.page[browser.page.index(where) :]
    assert "Nothing was saved" in browser.page
    assert await replica.pool.fetchval("select count(*) from subscription_changes") == 1
    assert await replica.pool.fetchval("select count(*) from changes") == 0


async def test_who_changed_the_team_meanwhile_is_said_and_can_be_gone_over(
    visit: Visit, replica: Any, declare: Declare
) -> None:
    await declare(payments={"watches": [FABLE]}, research={})
    browser = await (await visit()).sign_in(await key(replica.pool, "payments"))
    await browser.get("/watches/try?team=payments&was=assistant&name=assistant&models=Opus")
    await browser.get("/watches/try?team=payments&was=assistant&name=assistant&models=Claude+Opus+4.8")
    fields = hidden(browser.page)
    theirs = await teams.read(replica.pool)
    urgent = theirs[0].model_copy(update={"urgent": Severity.HIGH})
    declared = Subscriptions(teams=(urgent, theirs[1]))
    await teams.replace(replica.pool, declared, teams.By("bob <b>", "an exercise"))
    assert (await browser.post("/watches/save", **fields, reason="we moved")).status == 409
    assert "was changed by bob &lt;b&gt; at" in browser.page
    assert "(an exercise)" in browser.page
    again = hidden(browser.page)
    assert again["version"] != fields["version"]
    assert (await browser.post("/watches/save", **again, reason="we moved")).status == 303
    mine = (await teams.read(replica.pool))[0]
    assert (mine.urgent, mine.watches[0].models) == ("high", ("Claude Opus 4.8",))


async def test_another_team_s_change_stops_nobody_and_another_team_s_watch_is_nobody_s(
    visit: Visit, replica: Any, declare: Declare
) -> None:
    await declare(payments={"watches": [FABLE]}, research={})
    browser = await (await visit()).sign_in(await key(replica.pool, "payments"))
    await browser.get("/watches/try?team=payments&name=new&models=Fable+5")
    fields = hidden(browser.page)
    await declare(payments={"watches": [FABLE]}, research={"urgent": "low"})
    assert (await browser.post("/watches/save", **fields | {"team": "research"}, reason="x")).status == 303
    stands = {team.id: [one.name for one in team.watches] for team in await teams.read(replica.pool)}
    assert stands["payments"] == ["assistant", "new"]  # a team's key means its own team, whatever a form says
    assert "new" not in stands["research"]
    reader = await (await visit()).sign_in(await key(replica.pool, "", Scope.READ))
    await reader.get("/watches/try?team=payments&name=new&models=Fable+5")
    assert "/watches/save" not in reader.page
    assert (await reader.post("/watches/save", **fields, reason="x")).status == 403
    admin = await (await visit()).sign_in()
    await admin.get("/watches")
    assert (await admin.post("/watches/save", **fields | {"team": "nobody"}, reason="x")).status == 404


async def test_a_watch_comes_back_from_its_address_and_takes_its_own_place(declare: Declare) -> None:
    await declare(payments={})
    fields = {"name": "w", "models": "A, B", "not.chips": "H20", "min_severity": "high"}
    watch = watch_of(fields)
    assert "was=w" in address("payments", watch)
    team = Team(id="t", name="T", watches=(watch, watch.model_copy(update={"name": "v"})))
    changed = watch.model_copy(update={"name": "u"})
    assert [one.name for one in placed(team, "w", changed)[0].watches] == ["u", "v"]
    assert [one.name for one in placed(team, "", changed)[0].watches] == ["w", "v", "u"]


@pytest.mark.usefixtures("replica")
async def test_too_many_keys_that_open_nothing_are_not_looked_at(visit: Visit) -> None:
    browser = await visit()
    for _ in range(int(RATE.burst)):
        await browser.get("/login")
        assert (await browser.post("/login", key="wrong")).status == 401
    await browser.get("/login")
    response = await browser.post("/login", key="a key")
    assert response.status == 429
    assert int(response.headers["Retry-After"]) > 0
    assert re.search(r"try again in \d+ seconds", browser.page)
    assert (await browser.get("/now")).status == 303


def test_an_address_waits_alone_and_those_of_one_site_together() -> None:
    tries = Tries()
    for _ in range(int(RATE.burst)):
        tries.failed("2001:db8::1", 0.0)
    assert tries.wait("2001:db8::ffff:2", 0.0) > 0
    assert tries.wait("2001:db8:0:1::1", 0.0) == 0
    assert tries.wait("192.0.2.1", 0.0) == 0
    assert tries.wait("2001:db8::1", 1 / RATE.per_second) == 0
    for number in range(MOST):
        tries.failed(f"198.51.{number // 250}.{number % 250}", 1.0)
    assert tries.wait("2001:db8::1", 0.0) == 0  # the oldest is forgotten


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_a_sparkline_has_a_stroke_for_each_day_that_had_any_within_its_box(figures: list[int]) -> None:
    spark = draw(figures)
    strokes = [int(one) for one in re.findall(r"v-(\d+)", spark.path)]
    assert len(strokes) == sum(figure > 0 for figure in figures)
    assert all(1 <= one <= HEIGHT for one in strokes)
    assert spark.says.startswith(f"{sum(figures)} in {len(figures)} days")


async def test_notices_are_counted_by_source_and_day_once(replica: Any, declare: Declare, tell: Tell) -> None:
    await declare(payments={})
    first, second, other = tell("a"), tell("b", hours=1), tell("c", tier="official")
    await replica.hear(first, second, other)
    await replica.hear(first, second)  # Kafka delivers at least once
    today = datetime.now(UTC).date()
    found = await sourcedays.counts(replica.pool, today, 3)
    assert found == {"a-press": [0, 0, 2], "a-official": [0, 0, 1]}


async def test_sources_show_their_days_on_a_small_page(
    visit: Visit, replica: Any, declare: Declare, tell: Tell
) -> None:
    await declare(payments={})
    await replica.hear(tell("a"))
    listed = [
        {"id": "a-press", "name": "A wire", "tier": "press", "kind": "feed", "state": "ok", "notices": 1},
        *(
            {"id": f"s-{one}", "name": "N" * 80, "tier": "press", "kind": "feed", "state": "ok", "notices": 9}
            for one in range(300)
        ),
    ]
    await replica.pool.execute(
        """
        insert into source_days
        select 's-' || s, (now() at time zone 'UTC')::date - d, 100 + d
        from generate_series(0, 299) s, generate_series(0, 29) d
        """
    )

    async def sources(_: web.Request) -> web.Response:
        return web.json_response({"items": [{"reason": None, "failed_entries": 0} | one for one in listed]})

    app = web.Application()
    app.router.add_get("/v1/sources", sources)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    browser = await visit(sources=f"http://127.0.0.1:{runner.addresses[0][1]}")
    await browser.sign_in()
    await browser.get("/sources")
    await runner.cleanup()
    assert f"1 in 30 days, day by day until today: {'0 ' * 29}1" in browser.page
    assert f'<path d="M88 {HEIGHT}v-{HEIGHT}"/>' in browser.page
    assert "60 of 301" in browser.page
    assert len(browser.page.encode()) < 100_000


async def test_a_case_that_was_merged_leads_to_the_one_that_holds_its_notices(
    visit: Visit, replica: Any, declare: Declare, tell: Tell
) -> None:
    await declare(payments={"watches": [{"name": "w", "vendors": ["Anthropic"]}]})
    first, second = tell("a", tier="party"), tell("b", ("mythos",), tier="party", hours=1)
    await replica.hear(first)
    await replica.hear(second)
    kept, gone = await replica.pool.fetch("select id, ref from cases order by seq")
    said = Said("ann", "one order", datetime.now(UTC))
    browser = await (await visit()).sign_in()
    await browser.get(f"/cases/{gone['ref']}")
    assert f'id="{second.id}"' in browser.page
    await byhand.merge(replica.pool, kept["id"], gone["id"], said)
    for name in (gone["ref"], gone["id"], gone["ref"].lower()):
        response = await browser.get(f"/cases/{name}")
        assert (response.status, response.headers["Location"]) == (303, f"/cases/{kept['ref']}")
    await browser.get(f"/cases/{kept['ref']}")
    for fact in (first, second):
        assert browser.page.count(f'id="{fact.id}"') == 1
    assert f"taken as {gone['ref']}" in browser.page
    await byhand.split(replica.pool, kept["id"], [first.id], said)
    await browser.get(f"/cases/{kept['ref']}")
    assert f'id="{first.id}"' not in browser.page
    assert f'id="{second.id}"' in browser.page
