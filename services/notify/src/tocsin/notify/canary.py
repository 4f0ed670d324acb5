"""The canary: a notice of our own, pushed into ingest every minute, that must come back as a delivery."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import asyncpg
from pydantic import SecretStr

from tocsin.chassis import logs
from tocsin.chassis.health import Pulse
from tocsin.notify import metrics
from tocsin.notify.reserved import NAME
from tocsin.notify.store import canary as rows

TICKS = 12  # looks in a period: for a push that is due, and for what came back
KEPT = timedelta(days=1)  # then its rows are deleted
log = logs.get(__name__)

PATIENCE = aiohttp.ClientTimeout(total=10)

# By turns, so that each is a step of its case. One document a day: rows of the days before can go.
TEXTS = (
    ("Access to Tocsin Canary suspended", "We have suspended access to Tocsin Canary for all customers."),
    ("Access to Tocsin Canary restored", "We have restored access to Tocsin Canary for all customers."),
)


class NotTaken(RuntimeError):
    """Ingest did not take the canary's notice; it is tried again soon."""


@dataclass
class Canary:
    """Pushes for ever. Replicas push the same text in the same minute, and ingest tells it once."""

    pool: asyncpg.Pool
    session: aiohttp.ClientSession
    url: str  # of ingest
    key: SecretStr
    period: float  # seconds
    pulse: Pulse
    _pushed: int = -1  # the last period in which ingest took it
    _back: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        metrics.CANARY_AGE.set_function(self._age)

    def _age(self) -> float:
        return (datetime.now(UTC) - self._back).total_seconds()

    async def run(self) -> None:
        """Push until cancelled. While something is away the age of the last good one grows, and says so."""
        while True:
            try:
                await self.turn(datetime.now(UTC))
            except (
                aiohttp.ClientError,
                OSError,
                NotTaken,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
            ) as e:
                log.warning("canary not sent", error=repr(e))
            self.pulse.beat()
            await asyncio.sleep(self.period / TICKS)

    async def turn(self, now: datetime) -> None:
        """Push if a new period has begun; look whether it came back."""
        period = int(now.timestamp() // self.period)
        if period != self._pushed:
            await rows.forget(self.pool, now - KEPT)
            await self._push(now, *TEXTS[period % len(TEXTS)])
            self._pushed = period
        self._back = max(self._back, await rows.last_back(self.pool) or self._back)

    async def _push(self, now: datetime, title: str, text: str) -> None:
        notice = {"source": NAME, "id": now.date().isoformat(), "title": title, "text": text}
        headers = {"Authorization": f"Bearer {self.key.get_secret_value()}"}
        url = f"{self.url.rstrip('/')}/v1/notices"
        async with self.session.post(url, json=notice, headers=headers, allow_redirects=False) as answer:
            if answer.status != 202:  # noqa: PLR2004 - HTTP: accepted
                raise NotTaken(f"ingest answers {answer.status}: {(await answer.text())[:200]}")
