"""Pages by cursor: how they are asked for, and what they look like."""

import base64
import binascii
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel

from tocsin.chassis.problems import Problem
from tocsin.notify.store.reading import Page, Row

Thing = dict[str, Any]  # a JSON object

Limit = Annotated[int, Query(ge=1, le=500, description="Most items on a page.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]
Since = Annotated[AwareDatetime | None, Query(description="Nothing older than this.")]
WITHOUT_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
Named = Annotated[str | None, Query(max_length=200, pattern=WITHOUT_NUL)]
Id = Annotated[str, Path(max_length=200, pattern=WITHOUT_NUL)]


class Items(BaseModel):
    """A page; ask for the one after it with ``next``, which is null on the last."""

    items: list[dict[str, Any]]
    next: str | None


def ask(limit: int, cursor: str | None, since: AwareDatetime | None) -> Page:
    """A page as the store reads it; a ``Problem`` when the cursor is none of ours."""
    return Page(limit=limit, before=position(cursor) if cursor else None, since=since)


def page_of(rows: list[Row], limit: int) -> Items:
    """A page as callers see it."""
    return Items(items=shown(rows), next=following(rows, limit))


def following(rows: list[Row], limit: int) -> str | None:
    """The cursor of the page after these rows; None when there is none."""
    return cursor_at(rows[-1]["seq"]) if len(rows) == limit else None


def shown(rows: list[Row]) -> list[Row]:
    """Rows without what only cursors are made of."""
    return [{name: value for name, value in row.items() if name != "seq"} for row in rows]


def cursor_at(seq: int) -> str:
    """A position as callers see it."""
    return base64.urlsafe_b64encode(str(seq).encode()).decode()


def position(cursor: str) -> int:
    """The position that a cursor stands for; a ``Problem`` when it is none of ours."""
    try:
        return max(0, min(int(base64.urlsafe_b64decode(cursor)), 2**63 - 1))
    except (ValueError, binascii.Error) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "this cursor is none of ours: send `next` unchanged") from error
