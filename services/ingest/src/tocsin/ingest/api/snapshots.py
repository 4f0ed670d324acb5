"""The evidence over HTTP: the very bytes that a notice was read from."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from tocsin.chassis.problems import Problem
from tocsin.ingest.snapshots import Snapshots

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="`content_sha256` of a notice.")]

# They are somebody else's: no browser may take them for a page of ours.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",
    "Cache-Control": "private, immutable, max-age=86400",
}


def router(snapshots: Snapshots) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["evidence"])

    @routes.get("/snapshots/{sha256}", summary="The bytes of this hash", response_class=Response)
    async def snapshot(sha256: Sha256) -> Response:
        body = await snapshots.read(sha256)
        if body is None:
            raise Problem(
                HTTPStatus.NOT_FOUND, "no bytes of this hash are kept: they are too old, or never were"
            )
        named = {"Content-Disposition": f'attachment; filename="{sha256}"'}
        return Response(body, media_type="application/octet-stream", headers=HARMLESS | named)

    return routes
