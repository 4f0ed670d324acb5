"""Asks a site's robots.txt whether a page may be fetched (RFC 9309)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from protego import Protego

from tocsin.ingest.outcome import Outcome, PollFailed

KEPT_SECONDS = 86_400.0  # section 2.4
AWAY_SECONDS = 60.0
MOST_BYTES = 512_000  # section 2.5: at least 500 KiB; what is beyond is not read
MOST_SITES = 1_000


@dataclass
class _Site:
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: Protego | None = None
    fault: PollFailed | None = None  # why there are none
    until: float = 0.0  # monotonic


class Robots:
    """The rules of the sites met, kept for a day.

    ``load`` gives the text at an address, or None where it answers 4xx; it raises ``PollFailed``.
    """

    def __init__(self, user_agent: str, load: Callable[[str], Awaitable[bytes | None]]) -> None:
        self._token = user_agent.partition("/")[0].strip()  # section 2.2.1: the product token
        self._load = load
        self._sites: OrderedDict[str, _Site] = OrderedDict()

    async def check(self, url: str) -> None:
        """Raises ``PollFailed`` when the site wants us to stay away from this address.

        A site without the file (4xx) allows everything; one that cannot be asked allows nothing (section
        2.3.1), unless it could be asked before.
        """
        parts = urlsplit(url)
        address = f"{parts.scheme}://{parts.netloc}/robots.txt"
        site = await self._site(address)
        if site.rules is None and site.fault is not None:
            why = f"{address}, which forbids everything while it cannot be read: {site.fault}"
            raise PollFailed(site.fault.outcome, why, retry_after=site.fault.retry_after)
        if site.rules is not None and not site.rules.can_fetch(url, self._token):
            raise PollFailed(Outcome.DISALLOWED, f"{address} asks {self._token} to stay away from {url}")

    async def _site(self, address: str) -> _Site:
        site = self._sites.setdefault(address, _Site())
        self._sites.move_to_end(address)
        if len(self._sites) > MOST_SITES:
            self._sites.popitem(last=False)
        async with site.asking:  # pages of one site wait for one answer
            if site.until <= time.monotonic():
                await self._ask(site, address)
        return site

    async def _ask(self, site: _Site, address: str) -> None:
        try:
            body = await self._load(address)
        except PollFailed as error:
            site.fault = error
            site.until = time.monotonic() + AWAY_SECONDS
            return
        text = (body or b"")[:MOST_BYTES].decode("utf-8-sig", errors="replace")
        site.rules = await asyncio.to_thread(Protego.parse, text)  # the largest takes a quarter of a second
        site.until = time.monotonic() + KEPT_SECONDS
