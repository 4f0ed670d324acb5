"""A watch as a form writes it, lists by comma: read, shown again, put into its team. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from tocsin.contracts.subscriptions import Exclusion, Team, Watch

NOT = "not."  # before the names of the fields of an exclusion
ASKED = tuple(Exclusion.model_fields)  # models, families, ...: a watch has the same, and excludes by the same
FIELDS = (*ASKED, *(f"{NOT}{name}" for name in ASKED))
OTHERS = ("name", "min_severity")


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a form: in which field, "" where it is none of them alone, and what to do."""

    field: str
    detail: str


def watch_of(fields: Mapping[str, str]) -> Watch:
    """The watch of a form. Raises ``ValidationError``."""
    lists = {name: _split(fields.get(name, "")) for name in FIELDS}
    excluded = {name: some for name in ASKED if (some := lists[f"{NOT}{name}"])}
    wanted = {name: some for name in ASKED if (some := lists[name])}
    least = {"min_severity": fields["min_severity"]} if fields.get("min_severity") else {}
    named = {"name": fields.get("name") or "a new watch"}
    return Watch.model_validate(named | wanted | least | ({"not": excluded} if excluded else {}))


def placed(team: Team, was: str, watch: Watch) -> tuple[Team, int]:
    """A team with a watch in the place of that which ``was``, or after all others; and its place.

    Raises ``ValidationError`` when another watch of the team has the name.
    """
    names = [one.name for one in team.watches]
    at = names.index(was) if was in names else len(names)
    watches = (*team.watches[:at], watch, *team.watches[at + 1 :])
    return Team.model_validate(dict(team) | {"watches": watches}), at


def complaint(at: Sequence[int | str], detail: str) -> Complaint:
    """What is wrong at a place in a watch: ("not", "models", 0), say."""
    names = [str(part) for part in at if not isinstance(part, int)]
    field = ".".join(names[: 2 if names[:1] == ["not"] else 1])
    what = detail.removeprefix("Value error, ")  # pydantic's own words before ours
    return Complaint(field if field in {*FIELDS, *OTHERS} else "", what)


def complaints(told: Iterable[tuple[Sequence[int | str], str]], place: int) -> list[Complaint]:
    """What is wrong in a declaration of one team, whose watch at this place the form has."""
    here = ("teams", 0, "watches", place)
    return [
        complaint(at[len(here) :], detail)
        if tuple(at[: len(here)]) == here
        else Complaint("", f"{'.'.join(map(str, at[2:]))}: {detail}")
        for at, detail in told
    ]


def address(team: str, watch: Watch) -> str:
    """Where a watch that is declared can be tried and changed."""
    fields = {"team": team, "was": watch.name, "name": watch.name, "min_severity": watch.min_severity.value}
    for prefix, holder in (("", watch), (NOT, watch.excluded)):
        if holder is not None:
            fields |= {
                f"{prefix}{name}": ", ".join(some) for name in ASKED if (some := getattr(holder, name))
            }
    return f"/watches/try?{urlencode(fields)}"


def as_yaml(watch: Watch) -> str:
    """The watch as teams.yaml has it: JSON's quotes and brackets are YAML's too."""
    said = watch.model_dump(mode="json", exclude_defaults=True)
    return "\n".join(
        f"{'- ' if at == 0 else '  '}{name}: {json.dumps(value, ensure_ascii=False)}"
        for at, (name, value) in enumerate(said.items())
    )


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
