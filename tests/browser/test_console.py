"""The console in a real browser: for everybody, on a phone, in the dark, without scripts, under load."""

import json
from datetime import UTC, datetime

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types

from tests.browser.conftest import Console, Open
from tests.browser.scene import Said, fact

PAGES = (
    "/login",
    "/now",
    "CASE",
    "ALERT",
    "/watches",
    "/watches/try?models=Claude+Fable+5",
    "/watches/try?models=nobody",
    "/watches/try?team=payments&name=new&models=Claude+Fable+5",
    "/silences",
    "/deliveries",
    "/deliveries/replay?to=payments/log&since=2026-01-01T00:00",
    "/deliveries/replay?to=payments/log&since=soon",
    "/sources",
    "/catalogue",
    "/catalogue?q=nothing-like-it",
    "/dead",
    "/audit",
    "/search?q=claude",
    "/search",
    "/cases/C-NOWHERE",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HEAVY = 100_000  # bytes

BIDI, ZERO = "\u202e", "\u200b"
HOSTILE = Said(
    "Bad <img src=x onerror=alert(1)> Wire",
    "press",
    100,
    f"<script>alert(1)</script> Claude Fable 5 {BIDI}lortnoc{ZERO} " + "x" * 900,
    "</p></article><script>document.title='owned'</script> Claude Fable 5 <b>is gone</b>" + " long" * 20_000,
    "<b>is gone</b>",
    url="javascript:alert(document.cookie)",
)


async def _path(served: Console, page: str) -> str:
    if page == "CASE":
        ref = await served.stage.pool.fetchval("select ref from cases order by seq desc limit 1")
        return f"/cases/{ref}"
    if page == "ALERT":
        return (
            f"/alerts/{await served.stage.pool.fetchval('select id from alerts order by seq desc limit 1')}"
        )
    return page


async def test_every_page_can_be_read_by_everybody_in_the_light_and_on_a_phone_in_the_dark(
    look: Open, served: Console
) -> None:
    axe = Axe()
    for phone in (False, True):
        seen = await look(dark=phone, phone=phone)
        for page in PAGES:
            where = f"{page}, {'dark, on a phone' if phone else 'light'}"
            answer = await seen.page.goto(await _path(served, page))
            assert answer is not None
            assert answer.status == (404 if "NOWHERE" in page else 200), where
            assert len(await answer.body()) < HEAVY, where
            width = await seen.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert width <= 0, f"{where} is {width} px too wide"
            found = await axe.run(seen.page, options={"runOnly": RULES, "resultTypes": ["violations"]})
            complaints = json.dumps(found.response["violations"], indent=1)
            assert found.violations_count == 0, f"{where}: {complaints}"
        missing = "404 (Not Found)"  # of the one page that is not there
        assert [one for one in seen.complaints if missing not in one] == []


async def test_without_scripts_everything_can_be_read_and_filtered(look: Open, served: Console) -> None:
    seen = await look(script=False)
    for page in PAGES:
        await seen.page.goto(await _path(served, page))
        assert await seen.page.locator("h1").count() == 1, page
    await seen.page.goto("/now")
    await seen.page.select_option("#show", "unconfirmed")
    await seen.page.click("main form button")
    assert "H20" in await seen.page.inner_text("#live")
    assert "Fable" not in await seen.page.inner_text("#live")


async def test_a_new_step_appears_while_focus_scroll_and_open_folds_stay(look: Open, served: Console) -> None:
    seen = await look("/now", phone=True)
    first = seen.page.locator("#live h2 a").first
    await first.focus()
    ref = await first.get_attribute("id")
    text, opus = "Access to Claude Opus 4.8 is suspended as well.", "model:claude-opus-4.8"
    wider = Said("Claude Status", "party", 118, "Claude Opus 4.8 suspended too", text, "is suspended", opus)
    await seen.page.evaluate("window.scrollTo(0, 40); window.marked = document.querySelector('#live h2 a')")
    await served.stage.hear([fact(wider, datetime.now(UTC))])
    await seen.page.get_by_text("Opus 4.8").wait_for(timeout=15_000)
    assert await seen.page.evaluate("document.activeElement.id") == ref
    assert await seen.page.evaluate("window.marked.isConnected && document.activeElement === window.marked")
    assert await seen.page.evaluate("window.scrollY") == 40
    assert await seen.page.locator("time[data-local]").count() > 0
    assert seen.complaints == []


async def test_a_fold_that_is_open_stays_open_when_the_case_moves_on(look: Open, served: Console) -> None:
    ref = await served.stage.pool.fetchval("select ref from cases order by seq desc limit 1")
    seen = await look(f"/cases/{ref}")
    await seen.page.locator("#live details summary").first.click()
    text = "Nobody in Graz can reach Fable either, a reader told this paper: it was suspended."
    more = Said("Late Wire", "press", 119, "Claude Fable 5 still away", text, "was suspended")
    await served.stage.hear([fact(more, datetime.now(UTC))])
    await seen.page.get_by_text("Late Wire").first.wait_for(timeout=15_000)
    assert await seen.page.evaluate("document.querySelector('#live details').open")


async def test_nothing_is_fetched_anew_while_nothing_changes(look: Open) -> None:
    seen = await look("/now")
    async with seen.page.expect_response(lambda one: "seen=" in one.url) as answer:
        pass
    assert (await answer.value).status == 204


async def test_a_session_that_is_over_is_said_and_nothing_is_lost_from_the_page(
    look: Open, served: Console
) -> None:
    seen = await look("/now")
    await served.stage.pool.execute("delete from console_sessions")
    await seen.page.locator("#stale").wait_for(state="visible", timeout=15_000)
    assert await seen.page.locator("#live h2").count() == 2


async def test_hostile_text_stays_text(look: Open, served: Console) -> None:
    await served.stage.hear([fact(HOSTILE, datetime.now(UTC))])
    for page in ("CASE", "/search?q=claude", "ALERT", "/now"):
        seen = await look(await _path(served, page), phone=True)
        content = await seen.page.content()
        assert await seen.page.evaluate("document.title !== 'owned'")
        assert await seen.page.locator("main script, main img, main article b").count() == 0, page
        assert "javascript:" not in content, page
        assert BIDI not in content, page
        assert len(content) < HEAVY, page
        assert await seen.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page
        assert seen.complaints == [], page


async def test_the_keyboard_reaches_the_content_and_the_search(look: Open) -> None:
    seen = await look("/now")
    await seen.page.keyboard.press("Tab")
    assert await seen.page.evaluate("document.activeElement.className") == "skip"
    await seen.page.keyboard.press("/")
    assert await seen.page.evaluate("document.activeElement.id") == "search"
    await seen.page.keyboard.type("fab")
    await seen.page.keyboard.press("Enter")
    await seen.page.wait_for_url("**/search?q=fab")
    assert "Claude Fable 5" in await seen.page.inner_text("main")


async def test_local_time_stands_beside_utc(look: Open) -> None:
    seen = await look("/now")
    time = seen.page.locator("#live time").first
    assert (await time.inner_text()).endswith("UTC")
    local = await time.get_attribute("data-local")
    assert local is not None
    assert local.endswith(("GMT+1", "GMT+2", "CET", "CEST"))


async def test_a_watch_is_tried_while_it_is_written(look: Open) -> None:
    seen = await look("/watches/try")
    await seen.page.fill("#models", "Claude Fable 5")
    await seen.page.get_by_text("In these 90 days").wait_for()
    assert await seen.page.evaluate("document.activeElement.id") == "models"
    await seen.page.fill("#models", "Claude Fabel 5")
    await seen.page.get_by_text("did you mean").wait_for()
    assert seen.complaints == []


async def test_a_watch_is_saved_as_it_was_tried_and_what_is_wrong_goes_when_it_is_mended(
    look: Open, served: Console
) -> None:
    seen = await look("/watches?team=payments")
    await seen.page.get_by_role("link", name="checkout assistant").click()
    await seen.page.fill("#name", "chips we rent")
    await seen.page.fill("#models", "Claude Opus 4.8")
    await seen.page.locator("#tried pre", has_text="chips we rent").filter(has_text="Opus").wait_for()
    await seen.page.fill("#reason", "we fall back on it")
    await seen.page.get_by_role("button", name="Save for Payments").click()
    await seen.page.locator("#wrong-name").wait_for()
    assert await seen.page.input_value("#reason") == "we fall back on it"
    found = await Axe().run(seen.page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.response["violations"]
    await seen.page.fill("#name", "fallback")
    await seen.page.locator("#tried pre", has_text="fallback").wait_for()
    assert await seen.page.locator(".wrong").count() == 0
    await seen.page.fill("#reason", "we fall back on it")
    await seen.page.get_by_role("button", name="Save for Payments").click()
    await seen.page.wait_for_url("**/watches?team=payments")
    assert "fallback: models Claude Opus 4.8" in await seen.page.inner_text("main")
    reason = await served.stage.pool.fetchval("select reason from subscription_changes order by number desc")
    assert reason == "we fall back on it"
    assert [one for one in seen.complaints if "422" not in one] == []


async def test_an_alert_is_acknowledged_with_a_click(look: Open, served: Console) -> None:
    seen = await look(await _path(served, "ALERT"))
    await seen.page.fill("#ack-author", "Ann")
    await seen.page.get_by_role("button", name="Acknowledge").click()
    await seen.page.get_by_text("Acknowledged by").wait_for()
    assert await served.stage.pool.fetchval("select author from acknowledgements") == "Ann"
    assert seen.complaints == []
