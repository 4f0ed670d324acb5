"""What pydantic found wrong in a file of teams, as what to do about it."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tocsin.contracts import inline
from tocsin.contracts.publishing import schema
from tocsin.contracts.teamsfile import TeamsFile

WRITTEN = {  # by what the pattern of a field begins with
    r"^[a-z0-9]": "use lower-case letters, digits and hyphens, at most 63, a letter or digit first",
    r"^[A-Z]": "name an environment variable of notify: capital letters, digits and underscores",
    r"^https?": "write an http:// or https:// address, without spaces",
    r"^[^@": "write one mail address, as duty@payments.example",
    r"^!": "write the id of the room, which begins with !, not its #alias",
    r"^[^\x00": "write one line of text, not empty and not too long",
}


def cures(errors: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Sequence[str | int], str]]:
    """What is wrong, where: but not that a list is too short when what is in it is wrong."""
    wrong = [tuple(error["loc"]) for error in errors]
    for error in errors:
        within = len(error["loc"])
        if error["type"] != "too_short" or not any(
            place[:within] == error["loc"] and len(place) > within for place in wrong
        ):
            yield error["loc"], cure(error)


def cure(error: Mapping[str, Any]) -> str:
    """One of pydantic's errors in words; what was written is repeated only where it is no secret."""
    name = next((f"{part}: " for part in reversed(error["loc"]) if isinstance(part, str)), "")
    return name + _says(error)


def _says(error: Mapping[str, Any]) -> str:  # noqa: PLR0911 # a table of answers
    about, said = error.get("ctx", {}), error["input"]
    match error["type"]:
        case "extra_forbidden":
            return f"there is no such field{_meant(error['loc'][-1], fields())}"
        case "missing":
            return "is missing: add it"
        case "string_pattern_mismatch":
            pattern = about["pattern"]
            return next(
                (says for start, says in WRITTEN.items() if pattern.startswith(start)),
                f"must match {pattern}",
            )
        case "union_tag_invalid":
            return f"there is no such kind{_meant(about['tag'], _listed(about['expected_tags']))}"
        case "union_tag_not_found":
            return "say what kind of channel it is: add `kind`"
        case "enum":
            return f"there is no such value{_meant(said, _listed(about['expected']))}"
        case "too_short":
            return f"needs at least {about['min_length']}: add one, or take the field out"
        case "tuple_type":
            return "must be a list: put it into [ ]"
        case "model_type" | "model_attributes_type":
            return "must have fields, as `name: value`"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")


def _listed(values: str) -> list[str]:
    """The values of a sentence of pydantic's: `'a', 'b' or 'c'`."""
    return re.findall(r"'([^']*)'", values)


def _meant(said: object, known: Sequence[str]) -> str:
    """The nearest that there is, or all of a few."""
    close = difflib.get_close_matches(str(said), known, n=1) if inline.secret_in(str(said)) is None else []
    if close:
        return f": did you mean {close[0]!r}?"
    return f": there are {', '.join(known)}" if len(known) <= 12 else ": take it out"  # noqa: PLR2004 # a line


def fields() -> list[str]:
    """The names of all fields that a file of teams may have."""
    document = schema(TeamsFile)
    models = [document, *document["$defs"].values()]
    return sorted({name for model in models for name in model.get("properties", ())})
