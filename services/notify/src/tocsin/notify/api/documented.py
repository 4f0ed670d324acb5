"""What the OpenAPI description says of every route: how it refuses."""

from typing import Any

from tocsin.chassis.problems import MEDIA_TYPE

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "errors": {"type": "array", "description": "Each mistake of a body: `at`, a path, and `detail`."},
    },
}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": PROBLEM}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": _problem("Refused (RFC 9457): the same call again is refused again, but after 409 and 429."),
    "5XX": _problem("Our fault, or something of ours is away: the same call again may do."),
}
