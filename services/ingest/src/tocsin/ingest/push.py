"""Takes notices over HTTP: `POST /v1/notices`, one as JSON or many as NDJSON."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from pydantic import SecretStr, ValidationError
from starlette.responses import JSONResponse, Response

from tocsin.chassis import logs
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.http import read_body, require_key
from tocsin.chassis.problems import Problem
from tocsin.contracts.cloudevents import describe
from tocsin.ingest import metrics
from tocsin.ingest.changes import Verdict
from tocsin.ingest.source import Kind, Source
from tocsin.ingest.sources.stated import PushedNotice
from tocsin.ingest.teller import Sighting, Teller

MAX_IN_HAND = 32  # requests at a time; more are asked to wait
TELL_SECONDS = 10.0
MAX_LINES = 10_000
JSON, NDJSON = "application/json", "application/x-ndjson"

log = logs.get(__name__)


@dataclass(frozen=True)
class Line:
    """One notice of a request; ``number`` counts the lines of the body from 1."""

    number: int
    notice: PushedNotice


class Desk:
    """Where clients hand notices in. Mounted at once, open when Kafka and PostgreSQL are there."""

    def __init__(self, sources: Sequence[Source], keys: Sequence[SecretStr], *, max_bytes: int) -> None:
        self.adopt(sources)
        self._check_key = require_key(keys)
        self._max_bytes = max_bytes
        self._teller: Teller | None = None
        self._in_hand = 0

    def adopt(self, sources: Sequence[Source]) -> None:
        """From now on clients may push to these."""
        self._sources = {source.id: source for source in sources if source.kind is Kind.PUSH}

    def open(self, teller: Teller) -> None:
        """From now on notices are taken."""
        self._teller = teller

    def complaint(self) -> str | None:
        """For ``/ready``: None when open."""
        return None if self._teller else "not open yet: waiting for Kafka and PostgreSQL"

    def mount(self, app: FastAPI) -> None:
        """Add the route."""
        app.add_api_route(
            "/v1/notices",
            self.take,
            methods=["POST"],
            status_code=HTTPStatus.ACCEPTED,
            summary="Push notices",
            response_class=JSONResponse,
            openapi_extra={"requestBody": _body_schema()},
        )

    async def take(self, request: Request) -> Response:
        """Publish the notices of the body; the same ones again are answered alike and told to nobody.

        202 means that Kafka has confirmed each accepted one. Lines that do not hold are named and cost only
        themselves; 422 when none holds.
        """
        try:
            response = await self._counted(request)
        except Problem as problem:
            metrics.PUSHES.labels(problem.status.value).inc()
            raise
        except Exception:
            metrics.PUSHES.labels(HTTPStatus.INTERNAL_SERVER_ERROR.value).inc()
            raise
        metrics.PUSHES.labels(HTTPStatus.ACCEPTED.value).inc()
        return response

    async def _counted(self, request: Request) -> Response:
        self._check_key(request.headers.get("authorization", ""))
        media_type = _media_type(request)
        if self._in_hand >= MAX_IN_HAND:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{MAX_IN_HAND} pushes are in hand: send this one again in a second, or many as NDJSON",
                headers={"Retry-After": "1"},
            )
        self._in_hand += 1
        try:
            body = await read_body(request, self._max_bytes, "send it in several requests")
            return await self._answer(media_type, body, request.headers.get("traceparent"))
        finally:
            self._in_hand -= 1

    async def _answer(self, media_type: str, body: bytes, traceparent: str | None) -> Response:
        lines, rejected = self._parse(media_type, body)
        if not lines:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                rejected[0]["error"] if rejected else "the body holds no notice",
                errors=rejected,
            )
        accepted = await self._tell(lines, body, traceparent)
        told = {"accepted": [_told(verdict) for verdict in accepted]}
        return JSONResponse(told | ({"rejected": rejected} if rejected else {}), HTTPStatus.ACCEPTED)

    def _parse(self, media_type: str, body: bytes) -> tuple[list[Line], list[dict[str, Any]]]:
        texts = body.splitlines() if media_type == NDJSON else [body]
        numbered = [(number, text) for number, text in enumerate(texts, start=1) if text.strip()]
        if len(numbered) > MAX_LINES:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"over {MAX_LINES} lines: send them in several requests"
            )
        lines: list[Line] = []
        rejected: list[dict[str, Any]] = []
        for number, text in numbered:
            try:
                lines.append(Line(number, self._notice(text)))
            except ValueError as error:
                words = describe(error) if isinstance(error, ValidationError) else str(error)
                rejected.append({"line": number, "error": words})
        return lines, rejected

    def _notice(self, text: bytes) -> PushedNotice:
        notice = PushedNotice.model_validate_json(text)
        if notice.source not in self._sources:
            known = ", ".join(sorted(self._sources)) or "none"
            raise ValueError(f"source: {notice.source!r} is not declared with kind push; declared: {known}")
        return notice

    async def _tell(self, lines: Sequence[Line], body: bytes, traceparent: str | None) -> list[Verdict]:
        if self._teller is None:
            raise _away()
        seen_at = datetime.now(UTC)
        by_source: dict[str, list[Line]] = {}
        for line in lines:
            by_source.setdefault(line.notice.source, []).append(line)
        told: dict[int, Verdict] = {}
        try:
            async with asyncio.timeout(TELL_SECONDS):
                for id_, some in by_source.items():
                    entries = [line.notice.entry() for line in some]
                    sighting = Sighting(self._sources[id_], entries, body, seen_at, traceparent)
                    numbers = [line.number for line in some]
                    told |= zip(numbers, await self._teller.tell(sighting), strict=True)
        except Exception as error:
            if fault_of(error) is not Fault.UNAVAILABLE:
                raise
            log.warning("push not taken", error=repr(error))
            raise _away() from error
        return [told[line.number] for line in lines]


def _away() -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Kafka or PostgreSQL does not answer: send the same again later, nothing is told twice",
        headers={"Retry-After": "5"},
    )


def _media_type(request: Request) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {JSON, NDJSON}:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {JSON} (one notice) or {NDJSON} (one notice a line)"
        )
    return media_type


def _told(verdict: Verdict) -> dict[str, str]:
    status = "published" if verdict.is_news else "unchanged"
    return {"id": verdict.notice_id, "document_id": verdict.document_id, "status": status}


def _body_schema() -> dict[str, Any]:
    schema = {"schema": PushedNotice.model_json_schema()}
    return {"required": True, "content": {JSON: schema, NDJSON: schema}}
