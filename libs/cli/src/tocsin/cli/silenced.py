"""Silences on record at notify: which of a file's are there, were there, or are still to be made."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from tocsin.cli.client import Body, Refused, call
from tocsin.cli.place import setting
from tocsin.cli.silences import about, of_row
from tocsin.cli.teamsfile import TeamsFile
from tocsin.contracts import Entity
from tocsin.contracts.teamsfile import Silence
from tocsin.notify.routing.names import Names

Row = dict[str, Any]


def missing(file: TeamsFile, catalogue: Iterable[Entity]) -> list[Silence]:
    """The silences of a file that were never made, by ids; one that somebody ended by hand was.

    ``catalogue`` is that which is to be. Raises ``Mistaken`` with what is wrong with those not over.
    """
    now = datetime.now(UTC)
    wanted = file.silenced(Names(catalogue), references(file, now), now)
    there = {team: _on_record(team) for team in {one.team for one in wanted}}
    return [one for one in wanted if one not in there[one.team]]


def over(file: TeamsFile) -> list[dict[str, str]]:
    """Warnings of silences whose end has passed, in the form of notify's of watches."""
    now = datetime.now(UTC)
    return [
        {"team": one.team, "says": f"the silence of {about(one.model_dump())} is over: take it out"}
        for one in file.silences
        if one.until <= now
    ]


def references(file: TeamsFile, now: datetime) -> dict[str, str]:
    """The cases of silences that are not over, by what the file calls them, those that there are.

    Of one that was merged into another, the reference of that other.
    """
    names = {one.case for one in file.silences if one.case is not None and one.until > now}
    found = {name: _reference(name) for name in names}
    return {name: ref for name, ref in found.items() if ref is not None}


def standing(team: str) -> list[Silence]:
    """The silences of a team that stand, oldest first."""
    return [of_row(row) for row in ask("GET", team)["items"]]


def make(silence: Silence, author: str) -> Row:
    """Have notify make a silence. Two who apply the same at once make one: the call has a key made of it."""
    said = silence.model_dump(mode="json", exclude={"team"}, exclude_none=True) | {"author": author}
    key = hashlib.sha256(json.dumps([silence.team, said]).encode()).hexdigest()
    made: Row = ask("POST", silence.team, body=said, headers={"Idempotency-Key": key})
    return made


def ask(  # noqa: PLR0913 # each is a part of the request
    method: str,
    team: str,
    path: str = "",
    *,
    params: dict[str, str] | None = None,
    body: Row | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """A call about the silences of a team; gives the decoded JSON answer."""
    url = f"{setting('notify_url')}/v1/teams/{team}/silences{path}"
    sent = Body(json.dumps(body).encode()) if body is not None else None
    return call(method, url, setting("api_key"), params=params, body=sent, headers=headers)


def _on_record(team: str) -> set[Silence]:
    """Those that stand, and those that are over."""
    ended = ask("GET", team, params={"ended": "true"})["items"]
    return {*standing(team), *map(of_row, ended)}


def _reference(name: str) -> str | None:
    try:
        found = call("GET", f"{setting('notify_url')}/v1/cases/{quote(name, safe='')}", setting("api_key"))
    except Refused as refused:
        if refused.problem.get("status") == HTTPStatus.NOT_FOUND:
            return None
        raise
    reference: str = found["merged_into"] or found["ref"]
    return reference
