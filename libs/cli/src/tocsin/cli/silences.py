"""The silences of files: what is wrong with each, and what it is about by ids, as notify has it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.cli.additions import Flaw
from tocsin.cli.moments import shown
from tocsin.contracts.subscriptions import Team
from tocsin.contracts.teamsfile import Silence
from tocsin.notify.pacing.silence import refusal
from tocsin.notify.routing.names import Names

MATCHERS = ("case", "entity", "source", "category", "watch")


def misplaced(silences: Sequence[Silence], teams: Sequence[Team]) -> Iterator[Flaw]:
    """Those of a team that the files have not, or of a watch that the team has not."""
    watches = {team.id: [watch.name for watch in team.watches] for team in teams}
    for number, one in enumerate(silences):
        if one.team not in watches:
            there = ", ".join(watches) or "none"
            yield (number, "team"), f"there is no team {one.team!r}: the files have {there}"
        elif one.watch is not None and one.watch not in watches[one.team]:
            there = ", ".join(watches[one.team])
            yield (number, "watch"), f"{one.team} has no watch {one.watch!r}: it has {there}"


def flaws(
    silences: Sequence[Silence], names: Names, cases: Mapping[str, str], now: datetime
) -> Iterator[Flaw]:
    """Why those that are not over cannot be made; ``cases`` has references by what the files call them."""
    for number, one in enumerate(silences):
        if one.until <= now:
            continue
        if (why := refusal(one.until, now)) is not None:
            yield (number, "until"), why
        if one.entity is not None and names.called(one.entity) is None:
            says = f"the catalogue knows no {one.entity!r}, or several: give the id that the alert has"
            yield (number, "entity"), says
        if one.case is not None and one.case not in cases:
            yield (number, "case"), f"there is no case {one.case!r}: tocsin cases lists them"


def over(silences: Sequence[Silence], now: datetime) -> Iterator[Flaw]:
    """Those whose end has passed: none can be made of them, and those that were made have done their work."""
    for number, one in enumerate(silences):
        if one.until <= now:
            yield (number, "until"), "it is over: take the silence out, or give a time that is still to come"


def by_ids(
    silences: Sequence[Silence], names: Names, cases: Mapping[str, str], now: datetime
) -> list[Silence]:
    """Those that are not over, each once, with the id of their entity and the reference of their case."""
    found = (
        one.model_copy(
            update={
                "entity": names.called(one.entity) if one.entity is not None else None,
                "case": cases[one.case] if one.case is not None else None,
            }
        )
        for one in silences
        if one.until > now
    )
    return list(dict.fromkeys(found))


def of_row(row: Mapping[str, Any]) -> Silence:
    """A silence of notify's, as a file would have it; raises ``ValidationError`` when none could."""
    told = {field: row[field] for field in Silence.model_fields}
    return Silence.model_validate(told | {"case": row["case_ref"]})


def about(row: Mapping[str, Any]) -> str:
    """What a silence hides, in a line."""
    named = {**row, "case": row.get("case_ref") or row.get("case")}
    return ", ".join(f"{name} {named[name]}" for name in MATCHERS if named.get(name))


def announced(row: Mapping[str, Any]) -> str:
    """That notify has made a silence."""
    return f"{row['number']}: {row['team']} is not interrupted for {about(row)} until {shown(row['until'])}"
