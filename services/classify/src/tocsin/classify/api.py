"""Classify over HTTP: `POST /v1/explain`, why a text says what it says to this very replica."""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Request
from pydantic import AwareDatetime, Field, SecretStr, ValidationError, model_validator

from tocsin.chassis.http import read_body, require_key
from tocsin.chassis.problems import Problem
from tocsin.classify.batch import read_item
from tocsin.classify.explain import Explanation, explain
from tocsin.classify.knowledge import Knowledge
from tocsin.contracts import NoticePublished, Tier
from tocsin.contracts.cloudevents import describe
from tocsin.contracts.declared import Declared
from tocsin.contracts.notice import MAX_TEXT, MAX_TITLE

MAX_IN_HAND = 4  # questions at a time; more are asked to wait, for notices come first


class Question(Declared):
    """A text to explain. It counts as seen five minutes after it was published."""

    title: Annotated[str, Field(max_length=MAX_TITLE, description="Plain text.")] = ""
    text: Annotated[str, Field(max_length=MAX_TEXT, description="Plain text.")] = ""
    tier: Annotated[Tier, Field(description="How close its source is to the act.")] = Tier.PRESS
    published_at: Annotated[AwareDatetime | None, Field(description="RFC 3339, with its zone.")] = None
    url: Annotated[str | None, Field(max_length=2_000, description="Where it can be read.")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.title.strip() or self.text.strip()):
            raise ValueError("a text to explain needs a title or a text")
        return self

    def notice(self) -> NoticePublished:
        """The notice that it would be."""
        published = self.published_at.isoformat() if self.published_at else None
        return read_item(
            {
                "title": self.title,
                "text": self.text,
                "source_type": self.tier.value,
                "published": published,
                "url": self.url,
            }
        )


class Explainer:
    """Answers questions one beside the other, off the loop that keeps Kafka's heart-beat."""

    def __init__(self, current: Callable[[], Knowledge], max_bytes: int) -> None:
        self._current = current
        self._max_bytes = max_bytes
        self._in_hand = 0

    async def answer(self, request: Request) -> Explanation:
        """Why the text is classified as it is: marks, names, acts, verdict, and what would change it."""
        if self._in_hand >= MAX_IN_HAND:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{MAX_IN_HAND} texts are in hand: ask again in a second",
                headers={"Retry-After": "1"},
            )
        self._in_hand += 1
        try:
            question = _parse(await read_body(request, self._max_bytes, "send less of the text"))
            return await asyncio.to_thread(explain, question.notice(), self._current())
        finally:
            self._in_hand -= 1


def router(current: Callable[[], Knowledge], keys: Sequence[SecretStr], *, max_bytes: int) -> APIRouter:
    """Everything under ``/v1``, for callers with a key. ``current`` gives what notices are read with now."""
    routes = APIRouter(prefix="/v1", dependencies=[Depends(require_key(keys))])
    routes.add_api_route(
        "/explain",
        Explainer(current, max_bytes).answer,
        methods=["POST"],
        summary="Explain a text",
        openapi_extra={"requestBody": _body_schema()},
    )
    return routes


def _parse(body: bytes) -> Question:
    try:
        return Question.model_validate_json(body)
    except ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, describe(error)) from error


def _body_schema() -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": Question.model_json_schema()}}}
