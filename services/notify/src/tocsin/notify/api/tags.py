"""Entity tags (RFC 9110, 8.8.3): what has not changed is not sent again, nor overwritten unseen."""

import hashlib
import json
from http import HTTPStatus
from typing import Annotated

from fastapi import Header
from fastapi.encoders import jsonable_encoder
from starlette.responses import Response

from tocsin.chassis.problems import Problem

IfNoneMatch = Annotated[str | None, Header(max_length=1000, description="ETag of what the caller has.")]
IfMatch = Annotated[str | None, Header(max_length=1000, description="ETag of what is to be changed.")]


def tagged(content: object, if_none_match: str | None, tag: str | None = None) -> Response:
    """One thing as JSON under its tag, made of its content if none is given; 304 to who has it."""
    body = json.dumps(jsonable_encoder(content), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"ETag": quoted(tag or hashlib.sha256(body).hexdigest()[:32])}
    if if_none_match is not None and _names(if_none_match, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def quoted(tag: str) -> str:
    """A tag as headers have it."""
    return f'"{tag}"'


def require(stands: str | None, if_match: str | None, if_none_match: str | None) -> None:
    """Let a change pass that knows what it changes; a ``Problem`` else: 428 when it does not say, 412.

    ``stands`` is the tag of what is there; None: nothing is, and ``If-None-Match: *`` says that it is new.
    """
    if if_match is None and if_none_match is None:
        detail = "say what you change: If-Match with its ETag, or If-None-Match: * for what is not there yet"
        raise Problem(HTTPStatus.PRECONDITION_REQUIRED, detail)
    if stands is None:
        holds = if_match is None
    else:
        known = if_match is None or _names(if_match, quoted(stands))
        holds = known and (if_none_match is None or not _names(if_none_match, quoted(stands)))
    if not holds:
        there = {"ETag": quoted(stands)} if stands is not None else {}
        detail = "it is not what you saw any more: GET it, and change that; nothing was changed"
        raise Problem(HTTPStatus.PRECONDITION_FAILED, detail, headers=there)


def _names(header: str, tag: str) -> bool:
    """Whether a list of tags has this one, or is ``*``; a proxy may have made a tag of ours a weak one."""
    given = [one.strip().removeprefix("W/") for one in header.split(",")]
    return "*" in given or tag in given
