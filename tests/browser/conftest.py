"""A console over real rows on a port of its own, and Debian's Chromium to look at it with."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright
from pydantic import SecretStr

from tests.browser.scene import Stage, set_up
from tocsin.chassis.database import connect
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import NOTICES_CLASSIFIED, NOTICES_PUBLISHED
from tocsin.notify import console
from tocsin.notify.app import migrate
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.ingest import Ingest
from tocsin.notify.console.letters import Letters
from tocsin.notify.console.visitor import Entrance
from tocsin.notify.settings import NotifySettings

KEY = "the key of a test"
WIDE, PHONE = ViewportSize(width=1180, height=800), ViewportSize(width=360, height=740)


@dataclass(frozen=True)
class Console:
    """Where it is served, and the rows behind it."""

    address: str
    stage: Stage


@pytest.fixture
async def served(database: str) -> AsyncIterator[Console]:
    await asyncio.to_thread(migrate, NotifySettings(database_url=SecretStr(database)))
    async with connect(SecretStr(database), "notify", Health()) as pool, aiohttp.ClientSession() as session:
        stage = await set_up(pool)
        app = create_app("notify", Health())
        letters = Letters("127.0.0.1:1", [NOTICES_PUBLISHED, NOTICES_CLASSIFIED])
        ingest = Ingest(session, None, SecretStr(""))
        entrance = Entrance(pool, [SecretStr(KEY)])
        desk = Desk(pool, stage.directory, entrance, ingest, letters, lambda _: False)
        console.install(app, desk)
        async with serve(app, "127.0.0.1", 0) as address:
            yield Console(address, stage)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@dataclass
class Look:
    """A page, and what the browser complained of meanwhile."""

    page: Page
    complaints: list[str]


Open = Callable[..., Awaitable[Look]]


@pytest.fixture
async def look(chromium: Browser, served: Console) -> AsyncIterator[Open]:
    """Opens a page as somebody who has signed in, in light or dark, wide or on a phone."""
    async with AsyncExitStack() as stack:

        async def opened(
            path: str = "/now", *, dark: bool = False, phone: bool = False, script: bool = True
        ) -> Look:
            context = await chromium.new_context(
                color_scheme="dark" if dark else "light",
                viewport=PHONE if phone else WIDE,
                java_script_enabled=script,
                timezone_id="Europe/Vienna",
                base_url=served.address,
            )
            stack.push_async_callback(context.close)
            page = await _signed_in(context)
            seen = Look(page, [])
            page.on(
                "console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None
            )
            page.on("pageerror", lambda error: seen.complaints.append(str(error)))
            await page.goto(path)
            return seen

        yield opened


async def _signed_in(context: BrowserContext) -> Page:
    page = await context.new_page()
    await page.goto("/login")
    await page.fill("#key", KEY)
    await page.click("main button")
    await page.wait_for_url("**/now")
    return page
