"""The console's door over HTTP: who comes in, what a form must carry, what every answer tells browsers."""

import re
import uuid
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from typing import Any

import asyncpg
import pytest
from aiokafka.structs import ConsumerRecord

from tocsin.chassis import producer, topics
from tocsin.chassis.deadletter import Graveyard
from tocsin.chassis.faults import Fault
from tocsin.contracts import NoticeClassified, Topic
from tocsin.contracts.signature import written
from tocsin.embedded import Engines
from tocsin.notify.access import Scope
from tocsin.notify.console.letters import Letters
from tocsin.notify.console.visitor import Proxy
from tocsin.notify.store import keys

Tell = Callable[..., NoticeClassified]
Declare = Callable[..., Awaitable[dict[str, str]]]

PAGES = (
    "/now",
    "/cases/C-1",
    "/alerts/a-1",
    "/watches",
    "/watches/try",
    "/silences",
    "/deliveries",
    "/deliveries/replay",
    "/sources",
    "/catalogue",
    "/dead",
    "/audit",
    "/search",
)
LOG = [{"kind": "log", "name": "log"}]


Visit = Callable[..., Awaitable[Any]]


async def alert_of(pool: asyncpg.Pool, team: str) -> str:
    found: str = await pool.fetchval("select id from alerts where team_id = $1", team)
    return found


async def key(pool: asyncpg.Pool, scope: Scope, team: str | None = None) -> keys.Made:
    made = await keys.make(pool, keys.Wanted("a label", scope, team), "a test")
    assert made is not None
    return made


async def test_who_is_not_known_is_shown_the_login_page_and_comes_back_from_it(visit: Visit) -> None:
    browser = await visit()
    for path in PAGES:
        response = await browser.get(path)
        assert response.status == 303, path
        assert response.headers["Location"].startswith("/login?to=%2F"), path
    await browser.get("/login?to=/deliveries")
    assert 'value="/deliveries"' in browser.page
    response = await browser.post("/login", key="a key", to="/deliveries")
    assert (response.status, response.headers["Location"]) == (303, "/deliveries")
    for path in ("/now", "/watches", "/audit"):
        assert (await browser.get(path)).status == 200, path


async def test_a_key_that_opens_nothing_says_so(visit: Visit) -> None:
    browser = await visit()
    for wrong in ("", "another", "tocsin_" + "0" * 64, "a key\x00", "é"):
        await browser.get("/login")
        assert (await browser.post("/login", key=wrong)).status == 401, wrong
        assert "opens nothing" in browser.page
    assert (await browser.get("/now")).status == 303


@pytest.mark.parametrize(
    "to", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x", ""]
)
async def test_the_login_page_leads_to_no_other_site(visit: Visit, to: str) -> None:
    browser = await visit()
    await browser.get("/login")
    assert (await browser.post("/login", key="a key", to=to)).headers["Location"] == "/now"


async def test_every_answer_tells_browsers_to_trust_nothing_from_elsewhere(visit: Visit) -> None:
    browser = await visit()
    await browser.sign_in()
    for path in (*PAGES, "/login", "/cases/nowhere", "/static/console.css", "/static/nothing.css"):
        response = await browser.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'"), path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff", path
        assert response.headers["X-Frame-Options"] == "DENY", path
        assert ("immutable" if path == "/static/console.css" else "no-store") in response.headers[
            "Cache-Control"
        ]
        assert not re.search(r"<style|<script(?! src=)|\sstyle=|\son[a-z]+=", browser.page), path


async def test_the_cookie_is_for_this_site_alone_and_new_at_every_sign_in(visit: Visit) -> None:
    browser = await visit()
    await browser.get("/login")
    before = browser.cookie.value
    said = (await browser.post("/login", key="a key")).headers["Set-Cookie"]
    assert browser.cookie.value != before
    assert "HttpOnly" in said
    assert "samesite=lax" in said.lower()
    assert "secure" not in said.lower()
    response = await (await visit(secure=True)).get("/login")
    assert "Secure" in response.headers["Set-Cookie"]


FOREIGN: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"csrf": ""}, {}),
    ({"csrf": "0" * 64}, {}),
    ({}, {"Sec-Fetch-Site": "cross-site"}),
    ({}, {"Sec-Fetch-Site": "same-site"}),
    ({}, {"Origin": "https://evil.example"}),
    ({}, {"Origin": "null"}),
]


@pytest.mark.usefixtures("told")
async def test_a_form_of_another_site_changes_nothing(visit: Visit, replica: Any) -> None:
    browser = await (await visit()).sign_in()
    page = f"/alerts/{await alert_of(replica.pool, 'payments')}"
    for fields, headers in FOREIGN:
        await browser.get(page)
        response = await browser.post(f"{page}/acknowledge", headers, **({"author": "Ann"} | fields))
        assert response.status == 403, (fields, headers)
    async with browser.session.post(
        f"{browser.address}{page}/acknowledge", json={"author": "Ann"}
    ) as response:
        assert response.status == 415
    assert await replica.pool.fetchval("select count(*) from acknowledgements") == 0


@pytest.mark.usefixtures("told")
async def test_an_alert_is_acknowledged_and_the_change_is_on_record(visit: Visit, replica: Any) -> None:
    browser = await (await visit()).sign_in()
    page = f"/alerts/{await alert_of(replica.pool, 'payments')}"
    await browser.get(page)
    here = {"Sec-Fetch-Site": "same-origin", "Origin": browser.address}
    assert (await browser.post(f"{page}/acknowledge", here, author="Ann <b>")).status == 303
    await browser.get(page)
    assert "Acknowledged by <bdi>Ann &lt;b&gt;</bdi>" in browser.page
    change = await replica.pool.fetchrow("select what, team, outcome from changes")
    assert tuple(change) == (f"POST {page}/acknowledge", "payments", "done")


@pytest.mark.usefixtures("told")
async def test_silence_and_not_this_hold_and_are_taken_back(visit: Visit, replica: Any) -> None:
    browser = await (await visit()).sign_in()
    page = f"/alerts/{await alert_of(replica.pool, 'payments')}"
    await browser.get(page)
    said = {"author": "Ann", "reason": "we have another model"}
    assert (await browser.post(f"{page}/silence", hours="4", **said)).status == 303
    await browser.get(page)
    assert (await browser.post(f"{page}/not-this", **said)).status == 303
    await browser.get("/silences")
    assert browser.page.count("we have another model") == 2
    for path in re.findall(r'action="(/(?:silences|not-this)/[^"]+)"', browser.page):
        await browser.get("/silences")
        assert (await browser.post(path)).status == 303
    await browser.get("/silences")
    assert "we have another model" not in browser.page
    await browser.get(page)
    assert (await browser.post(f"{page}/silence", hours="9000", **said)).status == 422


async def test_a_session_ends_with_the_key_that_opened_it_and_by_signing_out(
    visit: Visit, replica: Any, declare: Declare
) -> None:
    await declare(payments={})
    made = await key(replica.pool, Scope.TEAM, "payments")
    browser = await (await visit()).sign_in(made.key)
    assert (await browser.get("/now")).status == 200
    await keys.revoke(replica.pool, made.row["id"])
    assert (await browser.get("/now")).status == 303
    await browser.sign_in()
    await browser.get("/now")
    await browser.post("/logout")
    assert (await browser.get("/now")).status == 303
    assert await replica.pool.fetchval("select count(*) from console_sessions where token = $1", b"x") == 0


@pytest.mark.usefixtures("told")
async def test_a_team_sees_and_changes_its_own_alone(visit: Visit, replica: Any) -> None:
    made = await key(replica.pool, Scope.TEAM, "payments")
    browser = await (await visit()).sign_in(made.key)
    own, other = [await alert_of(replica.pool, team) for team in ("payments", "research")]
    assert (await browser.get(f"/alerts/{own}")).status == 200
    token = browser.page
    assert (await browser.get(f"/alerts/{other}")).status == 404
    browser.page = token
    assert (await browser.post(f"/alerts/{other}/acknowledge", author="Ann")).status == 404
    for path in ("/now?team=research", "/deliveries?team=research", "/watches?team=research", "/silences"):
        await browser.get(path)
        assert "research" not in browser.page.replace(path.partition("?")[2], ""), path
    ref = await replica.pool.fetchval("select ref from cases")
    await browser.get(f"/cases/{ref}")
    assert "research" not in browser.page


@pytest.mark.usefixtures("told")
async def test_who_only_reads_is_shown_no_form_and_changes_nothing(visit: Visit, replica: Any) -> None:
    made = await key(replica.pool, Scope.READ)
    browser = await (await visit()).sign_in(made.key)
    page = f"/alerts/{await alert_of(replica.pool, 'payments')}"
    await browser.get(page)
    assert "/acknowledge" not in browser.page
    assert (await browser.post(f"{page}/acknowledge", author="Ann")).status == 403
    assert await replica.pool.fetchval("select count(*) from acknowledgements") == 0


NEAR = Proxy([ip_network("127.0.0.0/8")], "X-User", "X-Team", ("root",))
FAR = Proxy([ip_network("192.0.2.0/24")], "X-User", "X-Team", ("root",))


@pytest.mark.usefixtures("told")
async def test_a_trusted_proxy_says_who_comes_and_nobody_else_does(visit: Visit) -> None:
    browser = await visit(NEAR)
    assert (await browser.get("/now")).status == 303
    for headers, shown in (
        ({"X-User": "ann", "X-Team": "payments"}, "payments"),
        ({"X-User": "ann"}, "read"),
    ):
        assert (await browser.get("/now", **headers)).status == 200
        assert f"<span>{shown}</span>" in browser.page
    assert (await browser.get("/now", **{"X-User": "root"})).status == 200
    assert "<span>admin</span>" in browser.page
    far = await visit(FAR)
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert (await far.get("/now", **{"X-User": "root", name: "192.0.2.1"})).status == 303, name


@pytest.mark.usefixtures("told")
async def test_what_a_proxy_let_in_needs_the_token_of_a_form_too(visit: Visit, replica: Any) -> None:
    browser = await visit(NEAR)
    page, ann = f"/alerts/{await alert_of(replica.pool, 'payments')}", {"X-User": "ann", "X-Team": "payments"}
    await browser.get(page, **ann)
    assert (await browser.post(f"{page}/acknowledge", ann, author="Ann", csrf="")).status == 403
    await browser.get(page, **ann)
    assert (await browser.post(f"{page}/acknowledge", ann, author="Ann")).status == 303


@pytest.mark.usefixtures("told")
async def test_a_delivery_that_failed_is_sent_again(visit: Visit, replica: Any) -> None:
    await replica.pool.execute("update deliveries set state = 'failed' where team_id = 'payments'")
    identity = await replica.pool.fetchval("select id from deliveries where team_id = 'payments'")
    browser = await (await visit()).sign_in()
    await browser.get("/deliveries?state=failed")
    assert (await browser.post(f"/deliveries/{identity}/retry")).status == 303
    assert await replica.pool.fetchval("select state from deliveries where id = $1", identity) == "pending"


@pytest.mark.usefixtures("told")
async def test_the_link_of_a_summary_shows_what_it_told(visit: Visit, replica: Any) -> None:
    await replica.pool.execute(
        """
        with made as (
            insert into summaries (id, team_id, channel, sort, key, due_at)
            values ('s-1', 'payments', 'log', 'digest', 'today', now()) returning id
        )
        update deliveries set state = 'folded', folded_into = made.id from made where team_id = 'payments'
        """
    )
    browser = await (await visit()).sign_in()
    await browser.get("/deliveries?summary=s-1")
    assert "payments · log" in browser.page
    assert "research · log" not in browser.page


async def test_what_ingest_cannot_say_is_said_on_the_page(visit: Visit) -> None:
    browser = await (await visit()).sign_in()
    await browser.get("/sources")
    assert "TOCSIN_NOTIFY_INGEST_URL" in browser.page


async def test_a_case_that_many_told_at_length_is_still_a_small_page(
    visit: Visit, replica: Any, declare: Declare, tell: Tell
) -> None:
    await declare(**{f"team-{number}": {"channels": LOG} for number in range(80)})
    for number in range(40):
        long = {"title": f"{number} " + "禁" * 990, "text": "令 is in force <b>" * 5_000}
        own = {"signature": written([], range(number // 2 * 9, number // 2 * 9 + 9))}
        fact = tell(f"{number}", hours=number / 60, **long, **own)
        address = f"https://news.example/{'x' * 1_900}"
        notice = fact.notice.model_copy(update={"url": address})
        await replica.hear(fact.model_copy(update={"notice": notice}))
    browser = await (await visit()).sign_in()
    ref = await replica.pool.fetchval("select ref from cases")
    assert (await browser.get(f"/cases/{ref}")).status == 200
    assert "copy of this" in browser.page
    assert "more: <code>tocsin cases" in browser.page
    assert len(browser.page.encode()) < 100_000
    await browser.get("/search?q=force")
    assert len(browser.page.encode()) < 100_000


async def test_dead_letters_are_read_when_asked_for_and_by_no_team(
    visit: Visit, engines: Engines, replica: Any, declare: Declare
) -> None:
    bootstrap = engines.kafka.bootstrap
    topic = Topic(f"test.{uuid.uuid4().hex}", NoticeClassified, "document id", "a test", partitions=1)
    await topics.apply(bootstrap, [topic])
    async with producer.connect(bootstrap, lambda _: None) as kafka:
        record = ConsumerRecord(topic.name, 0, 17, 0, 0, b"k", b"{", None, 0, 0, ())
        yard = Graveyard("notify", topic, kafka, lambda _: None)
        await yard.bury(record, Fault.UNREADABLE, ValueError("no <json>"), attempts=1)
    browser = await (await visit(None, Letters(bootstrap, [topic]))).sign_in()
    await browser.get("/dead")
    assert f"{topic.dead}/0/0" not in browser.page
    await browser.get("/dead?read=yes")
    assert f"<code>{topic.dead}/0/0</code>" in browser.page
    assert "ValueError: no &lt;json&gt;" in browser.page
    await declare(payments={})
    made = await key(replica.pool, Scope.TEAM, "payments")
    team = await (await visit(None, Letters(bootstrap, [topic]))).sign_in(made.key)
    await team.get("/dead?read=yes")
    assert f"{topic.dead}/0/0" not in team.page


async def test_while_kafka_is_away_the_page_of_dead_letters_says_so(visit: Visit) -> None:
    browser = await (await visit()).sign_in()
    assert (await browser.get("/dead?read=yes")).status == 200
    assert "Kafka d" in browser.page
