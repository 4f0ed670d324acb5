"""Ingest as the console asks it: how its sources are."""

from typing import Any

import aiohttp
from pydantic import SecretStr

PATIENCE = aiohttp.ClientTimeout(total=3)


class Unanswered(Exception):
    """Ingest cannot be asked, or does not answer; the words say what to do. To try again later may help."""


class Ingest:
    """Asks ingest over HTTP; without an address it says how to give one."""

    def __init__(self, session: aiohttp.ClientSession, url: str | None, key: SecretStr) -> None:
        self._session = session
        self._url = url.rstrip("/") if url else None
        self._headers = {"Authorization": f"Bearer {key.get_secret_value()}"}

    async def sources(self) -> list[dict[str, Any]]:
        """Every source in use as ``GET /v1/sources`` tells it; raises ``Unanswered``."""
        if self._url is None:
            raise Unanswered("This notify does not know where ingest is: set TOCSIN_NOTIFY_INGEST_URL.")
        asked = self._session.get(f"{self._url}/v1/sources", headers=self._headers, timeout=PATIENCE)
        try:
            async with asked as response:
                if response.status in {401, 403}:
                    raise Unanswered("Ingest refuses the key in TOCSIN_NOTIFY_INGEST_KEY.")
                response.raise_for_status()
                found: list[dict[str, Any]] = (await response.json())["items"]
                return found
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
            raise Unanswered(f"Ingest does not answer ({type(error).__name__}): try again soon.") from error
