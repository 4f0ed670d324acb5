"""Headers of every answer, and bodies that are too large, over real HTTP."""

import io
from typing import Any

import aiohttp
from fastapi import APIRouter, Response

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve


async def test_no_browser_guesses_and_nobody_keeps_what_a_key_has_opened() -> None:
    app = create_app("bell", Health())
    routes = APIRouter(max_body_size=10)

    @routes.get("/kept")
    async def kept() -> Response:
        return Response("{}", headers={"Cache-Control": "private, max-age=60"})

    @routes.post("/heard")
    async def heard(body: dict[str, Any]) -> dict[str, Any]:
        return body

    app.include_router(routes)
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
        key = {"Authorization": "Bearer x"}
        async with session.get(f"{address}/live") as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Cache-Control" not in answer.headers
        async with session.get(f"{address}/live", headers=key) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
        async with session.get(f"{address}/kept", headers=key) as answer:
            assert answer.headers["Cache-Control"] == "private, max-age=60"
        async with session.get(f"{address}/nowhere", headers=key) as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")
        for chunked in (False, True):
            data: Any = io.BytesIO(b'{"a": "0123456789"}')
            sent = {"Content-Type": "application/json"} | (
                {"Transfer-Encoding": "chunked"} if chunked else {}
            )
            async with session.post(f"{address}/heard", data=data, headers=sent) as answer:
                assert answer.status == 413
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert (await answer.json(content_type=None))["status"] == 413
