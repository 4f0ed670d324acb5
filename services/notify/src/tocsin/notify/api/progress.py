"""Answers that take seconds: one JSON object, or, for whoever asks for lines, progress before it."""

import json
from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

LINES = "application/x-ndjson"

Work = AsyncIterator[tuple[int, int] | BaseModel]  # how much is done of how much, and at last what came of it


async def answer(request: Request, work: Work) -> Response:
    """What came of some work; with ``Accept: application/x-ndjson`` after lines of ``{"done", "total"}``."""
    if LINES in request.headers.get("accept", ""):
        return StreamingResponse(_lines(work), media_type=LINES)
    async for said in work:
        if isinstance(said, BaseModel):
            return Response(said.model_dump_json(by_alias=True), media_type="application/json")
    raise AssertionError("work ends with what came of it")


async def _lines(work: Work) -> AsyncIterator[str]:
    async for said in work:
        if isinstance(said, BaseModel):
            yield f"{said.model_dump_json(by_alias=True)}\n"
        else:
            done, total = said
            yield f"{json.dumps({'done': done, 'total': total})}\n"
