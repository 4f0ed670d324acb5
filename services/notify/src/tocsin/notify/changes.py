"""Changes: what makes one declaration of the teams another, by name, as it was and as it is to be."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from tocsin.contracts import fingerprint
from tocsin.contracts.channels import Channel
from tocsin.contracts.message import Part
from tocsin.contracts.subscriptions import Team, Watch

LISTS = ("watches", "channels")
Facts = dict[str, Any]  # a JSON object


class Change(Part):
    """One thing that differs. ``before`` and ``after`` hold what differs of it; null where there is nothing.

    ``name`` is the watch's or channel's; of a team itself, its id.
    """

    team: str
    sort: Literal["team", "watch", "channel"]
    name: str
    what: Literal["added", "changed", "removed"]
    before: Facts | None
    after: Facts | None


def version_of(teams: Iterable[Team]) -> str:
    """The version of a declaration: the same for the same content, in whatever order teams stand."""
    rows = {team.id: _facts(team) for team in teams}
    return fingerprint("v", json.dumps(rows, sort_keys=True))


def changes(before: Iterable[Team], after: Iterable[Team]) -> list[Change]:
    """What differs, by team; of a team that is added or removed, that alone."""
    old, new = {team.id: team for team in before}, {team.id: team for team in after}
    return [
        change
        for name in sorted(old.keys() | new.keys())
        for change in _of_team(old.get(name), new.get(name))
    ]


def _of_team(old: Team | None, new: Team | None) -> Iterator[Change]:
    team = new or old
    assert team is not None  # noqa: S101 # the id came from one of the two
    if old is None or new is None:
        yield _change(team.id, "team", team.id, _facts(old) if old else None, _facts(new) if new else None)
        return
    was, now = _facts(old), _facts(new)
    for field in LISTS:  # what is in them is told one by one; that only their order differs, here
        was[field], now[field] = ([one["name"] for one in facts.get(field, ())] for facts in (was, now))
        if sorted(was[field]) != sorted(now[field]):
            del was[field], now[field]
    yield from _differing(team.id, "team", team.id, was, now)
    yield from _of_list(team.id, "watch", _by_name(old.watches), _by_name(new.watches))
    yield from _of_list(team.id, "channel", _by_name(old.channels), _by_name(new.channels))


def _of_list(
    team: str, sort: Literal["watch", "channel"], old: Mapping[str, Facts], new: Mapping[str, Facts]
) -> Iterator[Change]:
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        if was is None or now is None:
            yield _change(team, sort, name, was, now)
        else:
            yield from _differing(team, sort, name, was, now)


def _differing(
    team: str, sort: Literal["team", "watch", "channel"], name: str, was: Facts, now: Facts
) -> Iterator[Change]:
    fields = [field for field in (was | now) if was.get(field) != now.get(field)]
    if fields:
        yield _change(
            team, sort, name, {one: was.get(one) for one in fields}, {one: now.get(one) for one in fields}
        )


def _change(
    team: str,
    sort: Literal["team", "watch", "channel"],
    name: str,
    before: Facts | None,
    after: Facts | None,
) -> Change:
    what: Literal["added", "changed", "removed"] = "changed"
    if before is None:
        what = "added"
    elif after is None:
        what = "removed"
    return Change(team=team, sort=sort, name=name, what=what, before=before, after=after)


def _by_name(some: Iterable[Watch | Channel]) -> dict[str, Facts]:
    return {one.name: _facts(one) for one in some}


def _facts(one: Team | Watch | Channel) -> Facts:
    return one.model_dump(mode="json", exclude_defaults=True)
