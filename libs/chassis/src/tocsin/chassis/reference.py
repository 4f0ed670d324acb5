"""What a service tells of itself: its routes, the topics, and the schemas of all messages."""

from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Path
from starlette.responses import JSONResponse

from tocsin.chassis.problems import Problem
from tocsin.contracts.publishing import asyncapi, schemas

SCHEMA_JSON = "application/schema+json"
ASYNCAPI_JSON = "application/vnd.aai.asyncapi+json"  # registered with IANA, as the one before is asked to be


def install(app: FastAPI) -> None:
    """Add ``/v1/asyncapi.json`` and ``/v1/schemas/NAME.json``; they hold no data and ask for no key."""
    topics, messages = asyncapi(), schemas()

    async def of_topics() -> JSONResponse:
        return JSONResponse(topics, media_type=ASYNCAPI_JSON)

    async def of_message(name: Annotated[str, Path(max_length=100)]) -> JSONResponse:
        if (schema := messages.get(name)) is None:
            raise Problem(
                HTTPStatus.NOT_FOUND, f"there is no schema {name!r}; there are {', '.join(messages)}"
            )
        return JSONResponse(schema, media_type=SCHEMA_JSON)

    app.add_api_route("/v1/asyncapi.json", of_topics, include_in_schema=False)
    app.add_api_route("/v1/schemas/{name}", of_message, include_in_schema=False)
